"""Processes that carry a mark in their environment, so that all of them can be found and ended."""

from __future__ import annotations

import logging
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

MARK = "LAB_SERVER_MARK"

STRAY = tuple(
    getattr(signal, name)
    for name in ("SIGALRM", "SIGVTALRM", "SIGPROF", "SIGUSR1", "SIGUSR2", "SIGXCPU")
    if hasattr(signal, name)
)
"""Signals that end a program which does not expect them; only a user's own code, or a batch system, asks for them."""


@contextmanager
def stopping_on_signals() -> Iterator[None]:
    """Have SIGTERM and a closed terminal end what runs in the context as Ctrl-C does: by the way it came."""
    names = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
    before = {each: signal.getsignal(each) for name in names if (each := getattr(signal, name, None)) is not None}
    for each in before:
        signal.signal(each, _interrupt)
    try:
        yield
    finally:  # a program that runs more commands than this one is interrupted as it was
        for each, handler in before.items():
            signal.signal(each, handler)


def _interrupt(_signal: int, _frame: object) -> None:
    logging.disable()  # what is interrupted while it starts complains at length, and it helps nobody
    raise KeyboardInterrupt


def marked(mark: str) -> list[psutil.Process]:
    """Every living process that was started with ``LAB_SERVER_MARK=mark`` in its environment, or by one that was.

    Children inherit it, also those whose parent is gone: a killed Voilà leaves its kernels running, and nothing
    else still says whose they were.
    """
    return [each for each in psutil.process_iter() if _mark_of(each) == mark]


def end(mark: str, patience: float = 1.0) -> None:
    """End every marked process: asked first, forced after ``patience`` seconds, until none is left.

    Short patience by default: Voilà waits for kernels that are just starting, and neither has anything to save.
    """
    deadline = time.monotonic() + patience
    for found in _generations(mark):
        for each in found:
            _signal(each, force=time.monotonic() > deadline)
        psutil.wait_procs(found, timeout=max(0.2, deadline - time.monotonic()))


def _generations(mark: str) -> Iterator[list[psutil.Process]]:
    """The marked processes, again and again: one that is ended may just have started another."""
    while found := marked(mark):
        yield found


def _mark_of(process: psutil.Process) -> str | None:
    try:
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        return process.environ().get(MARK)
    except (psutil.Error, OSError):  # ended meanwhile, or another person's
        return None


def _signal(process: psutil.Process, force: bool) -> None:
    try:
        process.kill() if force else process.terminate()
    except psutil.NoSuchProcess:
        return
