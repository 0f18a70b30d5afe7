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


def say(sentence: str) -> None:
    """Print a sentence on stderr; a progress bar that stands there is drawn again below it."""
    wipe = "\r\x1b[K" if sys.stderr.isatty() else ""
    print(f"{wipe}{sentence}", file=sys.stderr, flush=True)


class _Bar:
    """Draws itself again at most ten times a second. What was done before it (a run carried on) took it no time."""

    def __init__(self) -> None:
        self.start = time.monotonic()
        self.drawn = 0.0
        self.first: float | None = None

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        if self.first is None or progress.fraction < self.first:
            self.first = progress.fraction
        if now - self.drawn < _PAUSE:
            return
        self.drawn = now
        line = _line(progress, now - self.start, self.first)
        sys.stderr.write(f"\r{line[: shutil.get_terminal_size().columns - 1]}\x1b[K")
        sys.stderr.flush()


def _line(progress: Progress, seconds: float, first: float) -> str:
    share = min(1.0, max(0.0, progress.fraction))
    done = round(share * _WIDTH)
    left = f"{_duration(seconds * (1 - share) / (share - first))} left" if share > first + 0.02 else ""
    figures = ", ".join(f"{name} {value:.3g}" for name, value in progress.metrics.items())
    parts = [f"[{'#' * done}{'.' * (_WIDTH - done)}] {share:4.0%}", left, progress.doing, figures]
    return "  ".join(filter(None, parts))


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
