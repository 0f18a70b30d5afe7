"""The queue before a full lab: first come, first served, and who goes away loses the place."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

MOST_WAITING = 1000
GRACE = 5.0
"""Seconds that a place is kept for a visitor whom nobody hears, and for one who could enter and does not."""


@dataclass
class _Waiting:
    """One who waits: the address he comes from, when he was last heard, and since when he could enter."""

    address: str
    heard: float
    called: float | None = None


class Waitlist:
    """Visitors who wait for a page, each with one place however many windows wait."""

    def __init__(self) -> None:
        self._waiting: dict[str, _Waiting] = {}
        self._changed = asyncio.Event()

    def __len__(self) -> int:
        return len(self._waiting)

    def join(self, visitor: str, address: str = "") -> None:
        """Take a place at the end, or keep the one there is."""
        self._waiting.setdefault(visitor, _Waiting(address, time.monotonic())).heard = time.monotonic()

    def leave(self, visitor: str) -> None:
        """Give up the place."""
        if self._waiting.pop(visitor, None):
            self.tell()

    def put_first(self, visitor: str) -> None:
        """Let a visitor be the next: who has given up a page and waits for another, such as one who reloads it."""
        if visitor in self._waiting:
            self._waiting = {visitor: self._waiting.pop(visitor), **self._waiting}

    def drop_the_lost(self, free: int) -> None:
        """Drop those who were not heard, and those among the first ``free`` who could enter and did not."""
        now = time.monotonic()
        for position, (each, waiting) in enumerate([*self._waiting.items()]):
            if position >= free:
                waiting.called = None
            elif waiting.called is None:
                waiting.called = now
            last = waiting.heard if waiting.called is None else min(waiting.heard, waiting.called)
            if last < now - GRACE:
                self.leave(each)

    def place(self, visitor: str) -> int | None:
        """Return how many are before a visitor; None without a place."""
        return next((position for position, each in enumerate(self._waiting) if each == visitor), None)

    def hear(self, visitor: str) -> bool:
        """Note that a visitor is still there; return whether he has a place."""
        if visitor in self._waiting:
            self._waiting[visitor].heard = time.monotonic()
        return visitor in self._waiting

    def of(self, address: str) -> int:
        """Return how many of an address wait."""
        return sum(each.address == address for each in self._waiting.values())

    def tell(self) -> None:
        """Wake those who wait for their turn."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def change(self, patience: float) -> None:
        """Wait until somebody may have moved up, but no longer than that."""
        try:
            await asyncio.wait_for(self._changed.wait(), patience)
        except TimeoutError:
            return
