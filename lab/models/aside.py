"""Redirection of what a user's code prints to the error stream, so that a command's output stays clean."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import TextIO

_lock = Lock()
_inside = 0  # threads that run a user's code at present
_kept: TextIO | None = None


@contextmanager
def printing_aside() -> Iterator[None]:
    """Let ``print`` write to standard error meanwhile; several threads may be inside at the same time."""
    global _inside, _kept
    with _lock:
        if _inside == 0:
            _kept, sys.stdout = sys.stdout, sys.stderr
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0 and _kept is not None:
                sys.stdout, _kept = _kept, None
