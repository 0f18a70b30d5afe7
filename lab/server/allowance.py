"""Rate limits: so much a second, and more for a moment; of a visitor's messages, and of what network addresses do."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from functools import partial

_MOST_ADDRESSES = 10_000
"""Network addresses whose allowance is remembered."""


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


class Allowances:
    """One allowance for each network address; of too many, who did nothing for the longest has all of it again."""

    def __init__(self, rate: float, burst: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._new = partial(Allowance, rate, burst, clock)
        self._of: OrderedDict[str, Allowance] = OrderedDict()

    def __len__(self) -> int:
        return len(self._of)

    def of(self, address: str) -> Allowance:
        """Return what that address has left."""
        found = self._of.pop(address, None) or self._new()
        self._of[address] = found
        if len(self._of) > _MOST_ADDRESSES:
            self._of.popitem(last=False)
        return found
