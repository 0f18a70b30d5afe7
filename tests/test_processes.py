"""Ctrl-C while processes start: a terminal tells all of them at once."""

import signal
import subprocess
import sys
import threading

import pytest

from lab.processes import deaf_children, interrupted_afterwards

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
