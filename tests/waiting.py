"""Waiting in tests: for what should come about, however busy the machine is, and never for time to pass."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

PATIENCE = 120.0
"""Seconds after which what has not come about is missing. Nothing that works takes so long."""


def until(condition: Callable[[], object], patience: float = PATIENCE) -> None:
    """Return as soon as the condition holds."""
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, "this never came about"
        time.sleep(0.01)


@contextmanager
def as_soon_as(
    condition: Callable[[], object], act: Callable[[], object], patience: float = PATIENCE
) -> Iterator[None]:
    """Act in a thread when the condition comes to hold during the context.

    Where it does not for so long that something is missing, it acts all the same, and the test fails: what the context
    does might wait for it for ever.
    """
    left = threading.Event()

    def wait() -> None:
        try:
            until(lambda: left.is_set() or condition(), patience)
        finally:
            if not left.is_set():
                act()

    thread = threading.Thread(target=wait)
    thread.start()
    try:
        yield
    finally:
        left.set()
        thread.join(patience)
