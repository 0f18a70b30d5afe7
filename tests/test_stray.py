"""Signals that end a program: what a custom model's code asks for ends a command in a sentence."""

import os
import signal

import pytest

from lab.cli.main import main
from lab.processes import STRAY
from tests.test_cli import refused

BUILDER = """
import os, signal, time
def alarm():
    signal.alarm(1)
    time.sleep(60)
def timer():
    signal.setitimer(signal.ITIMER_VIRTUAL, 0.001)
    while True: pass
def raised(): os.kill(os.getpid(), signal.SIGUSR1)
"""


@pytest.mark.skipif(os.name != "posix", reason="needs signals")
@pytest.mark.parametrize(
    ("builder", "name"),
    [pytest.param("alarm", "SIGALRM", marks=pytest.mark.slow), ("timer", "SIGVTALRM"), ("raised", "SIGUSR1")],
)
def test_a_signal_that_a_builder_asks_for_is_said(builder, name, tmp_path, monkeypatch, capsys):
    (tmp_path / "alarming.py").write_text(BUILDER)
    monkeypatch.syspath_prepend(tmp_path)
    code = main(["attack", "--model", f"alarming:{builder}", "--attack", "FGSM", "--images", "2"])
    complaint = refused((code, *capsys.readouterr()))
    assert complaint.startswith(f"The command was ended by the signal {name}: ")
    assert all(signal.getsignal(each) is signal.SIG_DFL for each in STRAY)
