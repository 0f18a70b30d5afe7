"""A progress bar on a terminal, and nothing in a pipe."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tqdm import tqdm

from lab import clock
from lab.context import Progress


@contextmanager
def progress_bar() -> Iterator[Callable[[Progress], None]]:
    """Show a context's progress: one line on stderr, wiped at the end; silent when stderr is no terminal."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    with Bar() as bar:
        yield bar.show


def say(sentence: str) -> None:
    """Print a sentence on stderr; a progress bar that stands there is drawn again below it."""
    Bar.write(sentence, file=sys.stderr)
    sys.stderr.flush()


class Bar(tqdm):
    """Completed fraction. What was done before this run, where one is resumed, took it no time."""

    monitor_interval = 0  # no thread that watches it: progress comes often enough

    def __init__(self) -> None:
        shape = "{percentage:3.0f}% |{bar:24}| {remaining} left  {desc}"
        self.first: float | None = None
        super().__init__(
            total=1.0,
            file=sys.stderr,
            leave=False,
            ncols=_width(),
            nrows=2,  # a terminal that does not know its size would draw nothing
            mininterval=0.1,
            miniters=0,
            smoothing=0,
            bar_format=shape,
        )
        self._time = clock.seconds  # a pause with Ctrl-Z does not count
        self.start_t = self.last_print_t = clock.seconds()

    def show(self, progress: Progress) -> None:
        """Draw this progress, at most ten times a second."""
        if self.first is None or progress.fraction < self.first:
            self.first = self.initial = progress.fraction
        figures = ", ".join(f"{name} {value:.3g}" for name, value in progress.metrics.items())
        self.ncols = _width()
        self.set_description_str("  ".join(filter(None, (progress.doing, figures))), refresh=False)
        self.update(min(1.0, max(0.0, progress.fraction)) - self.n)


def _width() -> int:
    """Characters of the terminal's line but the last, at which some consoles begin a new one."""
    return max(1, shutil.get_terminal_size().columns - 1)
