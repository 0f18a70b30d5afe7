"""A clock that stands still while this process is held: by SIGSTOP, Ctrl-Z, a frozen container or a paused machine.

What is left of a computation is told from the time it took so far, in which a pause does not count.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import cache

TICK = 0.5  # seconds between two looks at the time
_HELD = 3 * TICK  # without a look for so long, the process was held …
_BUSY = 0.1  # … unless it used this share of a processor meanwhile: compiled code may let no other thread run


class Clock:
    """Seconds for which this process was not held, from any instant on.

    ``wall`` and ``work`` are the seconds of a clock that never stands still and of a processor's time. It is exact to
    half a second a pause.
    """

    def __init__(
        self, wall: Callable[[], float] = time.monotonic, work: Callable[[], float] = time.process_time
    ) -> None:
        self._wall, self._work = wall, work
        self._looked = wall(), work()
        self._held = 0.0
        self._lock = threading.Lock()

    def seconds(self) -> float:
        """Look at the time."""
        with self._lock:
            before, self._looked = self._looked, (self._wall(), self._work())
            passed, worked = (now - then for now, then in zip(self._looked, before, strict=True))
            if passed > _HELD and worked < _BUSY * passed:
                self._held += passed - TICK
            return self._looked[0] - self._held


def seconds() -> float:
    """Seconds for which this process was not held, from any instant on: only differences mean something."""
    return _running().seconds()


@cache
def _running() -> Clock:
    clock = Clock()
    threading.Thread(target=_look_again_and_again, args=(clock,), name="lab-clock", daemon=True).start()
    return clock


def _look_again_and_again(clock: Clock) -> None:
    while True:
        time.sleep(TICK)
        clock.seconds()
