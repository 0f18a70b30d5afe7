"""Ctrl-C while processes start: a terminal tells all of them at once."""

import math
import signal
import subprocess
import sys
import threading

import pytest

from lab import processes
from lab.cli import serve
from lab.processes import ENOUGH, deaf_children, interrupted_afterwards, room

MASK = "import signal; print(signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, []))"


def test_what_is_half_done_is_finished_before_an_interruption_goes_on():
    done = []

    def start():
        with interrupted_afterwards():
            signal.raise_signal(signal.SIGINT)
            done.append("started")
        done.append("went on")

    with pytest.raises(KeyboardInterrupt):
        start()
    assert done == ["started"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_who_insists_does_not_wait():
    done = []

    def start():
        with interrupted_afterwards():
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)
            done.append("started")

    with pytest.raises(KeyboardInterrupt):
        start()
    assert not done


def test_a_fault_meanwhile_is_said_and_not_the_interruption():
    def start():
        with interrupted_afterwards():
            signal.raise_signal(signal.SIGINT)
            raise ValueError("a fault")

    with pytest.raises(ValueError, match="a fault"):
        start()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_another_thread_has_nothing_to_do_with_it():
    done = []

    def start():
        with interrupted_afterwards():
            done.append("started")

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    assert done == ["started"]


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="Windows has no such masks")
@pytest.mark.parametrize("in_thread", [False, True])
def test_processes_that_only_start_do_not_hear_ctrl_c(in_thread):
    said = []

    def child():
        said.append(subprocess.run([sys.executable, "-c", MASK], capture_output=True, text=True, check=True).stdout)

    with deaf_children():
        if in_thread:
            thread = threading.Thread(target=child)
            thread.start()
            thread.join()
        else:
            child()
    child()
    assert said == ["True\n", "False\n"]


@pytest.mark.parametrize(("most", "left"), [("40", 33), ("5", 0), ("max", math.inf), ("nonsense", math.inf)])
def test_a_containers_limit_of_processes_is_heeded(tmp_path, monkeypatch, most, left):
    monkeypatch.setattr(processes, "_IN_CONTAINER", (str(tmp_path / "pids"), str(tmp_path / "none")))
    (tmp_path / "pids.max").write_text(most)
    (tmp_path / "pids.current").write_text("7\n")
    assert min(room(), 10**6) == min(left, 10**6)


def test_a_users_limit_of_processes_is_heeded_but_for_root(tmp_path, monkeypatch):
    resource = pytest.importorskip("resource", reason="Windows has no such limits")
    monkeypatch.setattr(processes, "_IN_CONTAINER", ())
    monkeypatch.setattr(resource, "getrlimit", lambda _: (100, 100))
    monkeypatch.setattr("os.getuid", lambda: 0)
    assert room() == math.inf
    monkeypatch.setattr("os.getuid", lambda: 98765)  # who has no process here
    assert room() == 100
    monkeypatch.setattr(resource, "getrlimit", lambda _: (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert room() == math.inf


@pytest.mark.parametrize("left", [0, 14, ENOUGH - 1])
def test_a_lab_that_could_not_start_its_processes_does_not_begin(say, monkeypatch, left):
    monkeypatch.setattr(serve, "room", lambda: left)
    code, out, err = say("serve --no-browser")
    assert (code, out) == (2, "")
    assert err.startswith(f"The system allows {left} more processes and threads, and the lab needs at least {ENOUGH}: ")
