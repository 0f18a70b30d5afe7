"""The command line as a process: what it imports, its streams, its terminal, and a reader that leaves."""

import contextlib
import json
import os
import pty
import signal
import subprocess
import sys
import time

import psutil
import pytest

from tests.families import family
from tests.served import ROOT
from tests.waiting import until


def fresh(*arguments: str, **options) -> subprocess.CompletedProcess:
    """The command in a process of its own."""
    command = [sys.executable, "-m", "lab", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, **options)


def test_lists_start_no_pytorch():
    code = "import sys; from lab.cli import main; main(['list', 'models']); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0


LOUD = """
import ctypes, os, sys, torch
from torch import nn
class Loud(nn.Linear):
    def forward(self, x):
        os.write(1, b"NOISE")
        return super().forward(x.flatten(1))
def build():
    ctypes.CDLL(None).puts(b"NOISE")
    os.system("echo NOISE")
    print("NOISE", file=sys.__stdout__)
    torch.manual_seed(0)
    return Loud(784, 10)
"""


@pytest.fixture(scope="module")
def loud(tmp_path_factory) -> subprocess.CompletedProcess:
    """What an attack on a loud model prints, started where modules are called as others that the lab needs."""
    here = tmp_path_factory.mktemp("here")
    for name in ("torch", "numpy", "random", "json", "string", "logging", "signal", "dask"):
        (here / f"{name}.py").write_text("raise SystemExit('not this one')")
    (here / "loud.py").write_text(LOUD)
    command = [sys.executable, "-m", "lab", "attack", "--model", "loud:build", "--attack", "FGSM", "--images", "5"]
    environment = os.environ | {"LAB_HOME": str(here / "home"), "PYTHONPATH": str(ROOT)}
    return subprocess.run([*command, "--json"], cwd=here, env=environment, capture_output=True, text=True, check=False)


def test_a_model_cannot_write_to_standard_output(loud):
    assert json.loads(loud.stdout)["n"] == 5
    assert loud.stderr.count("NOISE") >= 4


def test_modules_where_one_stands_are_not_taken_for_others(loud):
    assert loud.returncode == 0, loud.stderr


CONSOLE_SCRIPT = """
import sys
from lab.__main__ import main
if __name__ == "__main__":
    sys.exit(main())
"""


@pytest.mark.parametrize("name", family(["types", "enum", "typing"], lambda name: name == "types"))
def test_helpers_start_where_a_module_is_called_as_one_that_python_starts_with(tmp_path, name):
    """``python -m`` itself fails there before the lab is asked; the console script and its helpers do not."""
    here, script = tmp_path / "here", tmp_path / "adversarial-lab.py"
    here.mkdir()
    (here / f"{name}.py").write_text("raise SystemExit('not this one')")
    script.write_text(CONSOLE_SCRIPT)
    environment = os.environ | {"LAB_HOME": str(tmp_path / "home"), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(script), "doctor"]
    done = subprocess.run(command, cwd=here, env=environment, capture_output=True, text=True, check=False)
    assert "an engine of its own responds" in done.stdout, done.stdout
    assert "not this one" not in done.stdout + done.stderr


def test_help_and_version_print_and_succeed():
    assert fresh("--version").returncode == 0
    shown = fresh("--help").stdout
    commands = ("serve", "doctor", "list", "attack", "train", "analyse", "pretrained", "zoo", "browser")
    assert all(each in shown for each in commands)


def test_a_reader_that_leaves_is_no_error():
    reading, writing = os.pipe()
    os.close(reading)
    process = subprocess.Popen(
        [sys.executable, "-m", "lab", "list", "attacks"], cwd=ROOT, stdout=writing, stderr=subprocess.PIPE
    )
    os.close(writing)
    _, complaint = process.communicate()
    assert (process.returncode, complaint) == (141, b"")


@pytest.mark.slow
def test_progress_is_drawn_on_a_terminal_and_wiped(tmp_path):
    command = [sys.executable, "-m", "lab", "train", "Standard", "--name", "shown", "--json"]
    command += ["--set", "epochs=1", "--set", "architecture.width=1"]
    environment = os.environ | {"LAB_HOME": str(tmp_path)}
    ours, theirs = pty.openpty()
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=theirs)
    os.close(theirs)
    drawn = b""
    with contextlib.suppress(OSError):  # how Linux says that nobody holds the terminal any more
        while chunk := os.read(ours, 4096):
            drawn += chunk
    os.close(ours)
    said, _ = process.communicate()
    assert b"epoch 1 of 1" in drawn
    assert drawn.rpartition(b" left")[2].endswith(b" \r")  # spaces over it
    assert b"\x1b" not in drawn
    assert json.loads(said)["name"] == "shown"


LEAVING = """
import multiprocessing, threading, time, torch
def build():
    {start}
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(784, 10))
"""


@pytest.mark.parametrize(
    "start",
    [
        "threading.Thread(target=time.sleep, args=(10_000,)).start()",
        "multiprocessing.get_context('fork').Process(target=time.sleep, args=(10_000,)).start()",
    ],
    ids=["thread", "process"],
)
def test_what_a_models_code_leaves_running_does_not_keep_the_command(tmp_path, start):
    (tmp_path / "leaving.py").write_text(LEAVING.format(start=start))
    command = [sys.executable, "-m", "lab", "attack", "--model", "leaving:build", "--attack", "FGSM", "--images", "5"]
    environment = os.environ | {"LAB_HOME": str(tmp_path / "home"), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [*command, "--json"], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["n"] == 5
    assert "did not end: it was left" in done.stderr


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="needs groups of processes")
@pytest.mark.parametrize("pause", [0.05, 0.4])
@pytest.mark.parametrize("after", [1.2, 1.5, 1.8, 2.2, 2.8, 3.4])
def test_who_presses_ctrl_c_twice_while_a_lab_starts_is_told_nothing_and_leaves_nothing(tmp_path, after, pause):
    """As a terminal does it: all processes hear both."""
    command = [sys.executable, "-m", "lab", "serve", "--no-browser"]
    environment = os.environ | {"LAB_HOME": str(tmp_path / "home")}
    lab = subprocess.Popen(
        command, cwd=ROOT, env=environment, start_new_session=True, text=True, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )  # fmt: skip
    for seconds in (after, pause):
        time.sleep(seconds)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(lab.pid, signal.SIGINT)
    began = time.monotonic()
    assert lab.communicate(timeout=60)[1] == ""
    assert time.monotonic() - began < 8
    until(lambda: not [each for each in psutil.process_iter() if _session(each.pid) == lab.pid])


def _session(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except OSError:  # ended meanwhile
        return None
