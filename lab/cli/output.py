"""Output of commands: text for any console, one JSON value for programs."""

from __future__ import annotations

import io
import json
import math
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress


def settle_streams() -> None:
    """Make stdout and stderr take every character, whatever the console; a closed one swallows all."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, io.StringIO())
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


@contextmanager
def stdout_of_its_own() -> Iterator[None]:
    """Meanwhile only ``sys.stdout`` reaches standard output, which else a user's model may write to as well.

    What goes to the file descriptor itself, as from a subprocess or from a library in C, goes to standard error.
    """
    before = sys.stdout
    if not isinstance(before, io.TextIOWrapper) or not _writes_to(before, 1):
        yield  # it has been led elsewhere, as by a test
        return
    before.flush()
    buffering = 1 if before.line_buffering else -1
    own = os.fdopen(os.dup(1), "w", buffering, encoding=before.encoding, errors=before.errors)
    _lead(1, to=2)
    sys.stdout = own
    try:
        yield
    finally:
        sys.stdout = before
        os.dup2(own.fileno(), 1)
        with suppress(OSError):
            own.close()


def leave_stdout() -> None:
    """Let nothing more reach standard output: the answer is complete without what a user's model prints at the exit."""
    with suppress(OSError, ValueError):  # nobody reads it
        sys.stdout.flush()
    sys.stdout = sys.stderr
    _lead(1, to=2)


def _writes_to(stream: io.TextIOWrapper, descriptor: int) -> bool:
    try:
        return stream.fileno() == descriptor
    except (OSError, ValueError):  # it has none, or is closed
        return False


def _lead(descriptor: int, to: int) -> None:
    """Let a descriptor write where another does, or nowhere where that is closed."""
    try:
        os.dup2(to, descriptor)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), descriptor)


def abandon_stdout() -> None:
    """Let what is still buffered go nowhere: nobody reads it, or its disk is full."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def print_json(value: object) -> None:
    """Print one JSON value in ASCII; what is no number is null, for which JSON has no other word."""
    print(json.dumps(_finite(value), allow_nan=False))


def _finite(value: object) -> object:
    if isinstance(value, dict):
        return {name: _finite(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
