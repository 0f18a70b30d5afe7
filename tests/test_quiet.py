"""Loggers are silent only as long as somebody needs it."""

import logging
import signal
import threading

import pytest

from lab.processes import stopping_on_signals
from lab.quiet import logged_as_before, unlogged, unlogged_from_here


def silent() -> bool:
    return not logging.getLogger("lab.page").isEnabledFor(logging.CRITICAL)


def test_nothing_is_logged_meanwhile():
    with unlogged():
        assert silent()
        with unlogged():
            assert silent()
        assert silent()
    assert not silent()


def test_threads_that_overlap_leave_no_silence_and_do_not_end_each_others():
    inside, leave = threading.Event(), threading.Event()

    def other():
        with unlogged():
            inside.set()
            leave.wait(20)

    thread = threading.Thread(target=other)
    with unlogged():
        thread.start()
        assert inside.wait(20)
    assert silent()
    leave.set()
    thread.join()
    assert not silent()


def test_a_level_that_was_disabled_before_is_so_afterwards():
    with logged_as_before():
        logging.disable(logging.INFO)
        with unlogged():
            assert silent()
        assert logging.root.manager.disable == logging.INFO
    assert not silent()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_is_interrupted_is_silent_until_it_has_ended(number):
    seen = []

    def interrupted():
        with stopping_on_signals():
            try:
                signal.raise_signal(number)
            finally:
                seen.append(silent())

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert seen == [True]
    assert not silent()


def test_a_program_that_ends_says_nothing_more():
    with logged_as_before():
        unlogged_from_here()
        assert silent()
