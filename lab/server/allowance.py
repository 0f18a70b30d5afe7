"""Rate limit of a visitor's messages: so much a second, and more for a moment."""

from __future__ import annotations

import time
from collections.abc import Callable


class Allowance:
    """A token bucket: ``burst`` at once, then ``rate`` a second."""

    def __init__(self, rate: float, burst: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._left = burst
        self._then = clock()

    def take(self, amount: float) -> bool:
        """Take that much, if it is there; what is refused costs nothing."""
        if self.wait(amount):
            return False
        self._left -= amount
        return True

    def wait(self, amount: float) -> float:
        """Return after how many seconds that much can be taken; 0 when it is there."""
        now = self._clock()
        self._left = min(self._burst, self._left + self._rate * (now - self._then))
        self._then = now
        return max(0.0, amount - self._left) / self._rate
