"""The end of the program: what has been started and does not end, for which Python would wait, and Ctrl-C meanwhile."""

import multiprocessing
import os
import signal
import sys
import threading
from contextlib import suppress
from functools import partial

from lab.quiet import unlogged_from_here

PATIENCE = 5.0
"""Seconds that they may take to end after the command has."""


def expect_end(code: int, before: list[threading.Thread]) -> None:
    """Let the program end with this code soon after the command, where something other than ``before`` goes on.

    The command has said all: what ends now says nothing more.
    """
    unlogged_from_here()
    signal.signal(signal.SIGINT, _let_end_once)
    if _going_on(before):
        # Private, as nothing else is called before Python waits for threads.
        threading._register_atexit(partial(_end_soon, code, before))  # type: ignore[attr-defined]


def _let_end_once(_signal: int, _frame: object) -> None:
    """Let Python finish what it still does when it is told to end, but not when it is told once more."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _going_on(before: list[threading.Thread]) -> bool:
    """Return whether there is anything that Python waits for at its end, which are no daemons."""
    threads = [each for each in threading.enumerate() if not each.daemon and each not in before]
    return bool(threads or [each for each in multiprocessing.active_children() if not each.daemon])


def _end_soon(code: int, before: list[threading.Thread]) -> None:
    timer = threading.Timer(PATIENCE, partial(_end, code, before))
    timer.daemon = True
    timer.start()


def _end(code: int, before: list[threading.Thread]) -> None:
    if _going_on(before):
        with suppress(OSError, ValueError):  # nobody reads it
            print("A thread or process of the model's code did not end: it was left.", file=sys.stderr, flush=True)
    for each in multiprocessing.active_children():
        each.kill()
    os._exit(code)
