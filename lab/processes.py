"""Processes that carry a mark in their environment, so that all of them can be found and ended."""

from __future__ import annotations

import math
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

import psutil

from lab.quiet import logged_as_before, unlogged_from_here

MARK = "LAB_SERVER_MARK"

STRAY = tuple(
    getattr(signal, name)
    for name in ("SIGALRM", "SIGVTALRM", "SIGPROF", "SIGUSR1", "SIGUSR2", "SIGXCPU")
    if hasattr(signal, name)
)
"""Signals that end a program which does not expect them; only a user's own code, or a batch system, asks for them."""


NO_MORE = "allow more processes and threads (ulimit -u, or the limit of the container), or end some"
"""What to do where the system allows no more of them."""


def ran_out(error: BaseException) -> bool:
    """Return whether the error says that the system allows no more processes or threads."""
    return isinstance(error, BlockingIOError) or (
        isinstance(error, RuntimeError) and "can't start new thread" in str(error)
    )


ENOUGH = 64
"""Processes and threads that a lab has on two cores when it begins, with the pages that are kept ready."""

_IN_CONTAINER = ("/sys/fs/cgroup/pids", "/sys/fs/cgroup/pids/pids")  # control groups of version 2, then of version 1


def room() -> float:
    """Return how many more processes and threads the system allows this user, and this container."""
    found = [math.inf]
    for group in _IN_CONTAINER:
        with suppress(OSError, ValueError):  # there is no such group, or no limit: "max"
            found.append(int(Path(f"{group}.max").read_text()) - int(Path(f"{group}.current").read_text()))
    with suppress(ImportError, AttributeError):  # Windows has no such limits
        import resource

        most = resource.getrlimit(resource.RLIMIT_NPROC)[0]
        if most != resource.RLIM_INFINITY and os.getuid():  # root is let have more
            found.append(most - _of_user(os.getuid()))
    return max(0, min(found))


def _of_user(uid: int) -> int:
    found = [each.info for each in psutil.process_iter(["uids", "num_threads"])]
    return sum(each["num_threads"] or 1 for each in found if each["uids"] and each["uids"].real == uid)


_ENDING = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")


@contextmanager
def stopping_on_signals() -> Iterator[None]:
    """Have SIGTERM and a closed terminal end what runs in the context as Ctrl-C does: by the way it came."""
    before = {each: signal.getsignal(each) for name in _ENDING if (each := getattr(signal, name, None)) is not None}
    for each in before:
        signal.signal(each, _interrupt)
    try:
        with logged_as_before():
            yield
    finally:  # a program that runs more commands than this one is interrupted as it was
        for each, handler in before.items():
            signal.signal(each, handler)


@contextmanager
def interrupted_afterwards() -> Iterator[None]:
    """Have Ctrl-C, and what ends as it does, wait for what is half done in the context; pressed again, it does not."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heard: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        if heard:
            _interrupt(number, frame)
        heard.append(number)

    numbers = [getattr(signal, name) for name in _ENDING if hasattr(signal, name)]
    before = {each: handler for each in numbers if callable(handler := signal.getsignal(each))}
    for each in before:
        signal.signal(each, note)
    try:
        with logged_as_before():
            yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
    for each in heard:
        signal.raise_signal(each)


@contextmanager
def deaf_children() -> Iterator[None]:
    """Have the processes that this thread starts, also by threads that begin here, not hear Ctrl-C.

    A terminal tells all its processes, and one that is only just starting would print a traceback.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows, where processes are in groups of their own
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _interrupt(_signal: int, _frame: object) -> None:
    unlogged_from_here()  # what is interrupted while it starts complains at length, and it helps nobody
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
