"""Workers that do not respond, told apart from those that only compute hard."""

from __future__ import annotations

import asyncio

from distributed import Scheduler
from distributed.scheduler import WorkerState

from lab.engine.inside import ask_nanny, heartbeat
from lab.engine.nanny import PULSE

GLANCE = 1.0
"""Seconds between two looks at the workers."""

MISSED, UNCONFIRMED = 2, 5
"""Looks without a sign of a worker after which it is silent: when its nanny finds it standing, or says nothing."""

_PATIENCE = 1.0  # seconds in which a nanny should answer


class Pulses:
    """Counts the looks since each worker of a scheduler was last heard of.

    Looks, and not seconds: while the whole machine sleeps nobody looks. A worker that is not heard of because it
    computes, in one long step or on a busy machine, uses processor time, which its nanny sees.
    """

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._heard: dict[str, tuple[float, int]] = {}
        self._silent: set[str] = set()

    def is_silent(self, address: str) -> bool:
        """Return whether that worker does not respond, and does not compute either."""
        return address in self._silent

    async def look(self) -> None:
        """Look at every worker once."""
        workers = tuple(self._scheduler.workers.values())
        missed = {each.address: self._missed(each) for each in workers}
        self._heard = {each.address: (each.last_seen, missed[each.address]) for each in workers}
        silent = await asyncio.gather(*(self._stands(each, missed[each.address]) for each in workers))
        self._silent = {each.address for each, stands in zip(workers, silent, strict=True) if stands}

    def _missed(self, worker: WorkerState) -> int:
        seen, missed = self._heard.get(worker.address, (0.0, 0))
        return missed + 1 if worker.last_seen == seen else 0

    async def _stands(self, worker: WorkerState, missed: int) -> bool:
        beat = max(1.0, heartbeat(self._scheduler) / GLANCE)
        if missed < MISSED * beat:
            return False
        standing = await ask_nanny(self._scheduler, worker, PULSE, _PATIENCE)
        return missed >= UNCONFIRMED * beat if standing is None else standing >= MISSED
