"""A progress bar on a terminal, and nothing in a pipe."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from lab.context import Progress

_WIDTH = 24
_PAUSE = 0.1  # seconds between two drawings


@contextmanager
def progress_bar() -> Iterator[Callable[[Progress], None]]:
    """Where a context's progress goes: one line on stderr, wiped at the end; silent when stderr is no terminal."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    try:
        yield _Bar()
    finally:
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()


class _Bar:
    """Draws itself again at most ten times a second."""

    def __init__(self) -> None:
        self.start = time.monotonic()
        self.drawn = 0.0

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        if now - self.drawn < _PAUSE:
            return
        self.drawn = now
        line = _line(progress, now - self.start)
        sys.stderr.write(f"\r{line[: shutil.get_terminal_size().columns - 1]}\x1b[K")
        sys.stderr.flush()


def _line(progress: Progress, seconds: float) -> str:
    share = min(1.0, max(0.0, progress.fraction))
    done = round(share * _WIDTH)
    left = f"{seconds * (1 - share) / share:.0f} s left" if share > 0.02 else ""
    figures = ", ".join(f"{name} {value:.3g}" for name, value in progress.metrics.items())
    parts = [f"[{'#' * done}{'.' * (_WIDTH - done)}] {share:4.0%}", left, progress.doing, figures]
    return "  ".join(filter(None, parts))
