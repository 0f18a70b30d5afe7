"""The numbers of an engine's jobs, kept by its scheduler for those who watch a server."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TypedDict, cast

from dask.typing import Key
from distributed import rpc
from distributed.scheduler import TaskState

from lab.engine import inside
from lab.engine.connection import Connection
from lab.engine.slots import SLOTS

WORK = "lab_work"
OUTCOMES = {"memory": "done", "erred": "failed", "forgotten": "cancelled"}
"""How a job ends, by the state of its task: one that is forgotten before it had a result was cancelled."""


class Work(TypedDict):
    """Jobs by slot: how many wait and are computed now, and since the scheduler's start how they ended, in seconds."""

    waiting: dict[str, int]
    computing: dict[str, int]
    ended: dict[str, dict[str, int]]
    seconds: dict[str, float]


class Ledger:
    """Counts how jobs end and for how long they were computed."""

    def __init__(self) -> None:
        self._open: dict[Key, str] = {}
        self._ended: dict[str, Counter[str]] = {slot: Counter() for slot in SLOTS}
        self._seconds = dict.fromkeys(SLOTS, 0.0)

    def note(self, task: TaskState, state: str, startstops: Iterable[Mapping[str, object]]) -> None:
        """Note the new state of a task; ``startstops`` say when a worker did what for it."""
        slot = inside.slot_of(task)
        if slot not in SLOTS:
            return
        if inside.is_unfinished(state):
            self._open[task.key] = slot
        elif state in OUTCOMES and task.key in self._open:
            del self._open[task.key]
            self._ended[slot][OUTCOMES[state]] += 1
        for each in startstops:
            if each["action"] == "compute":
                self._seconds[slot] += cast(float, each["stop"]) - cast(float, each["start"])

    def work(self, waiting: Counter[str], computing: Counter[str]) -> Work:
        """Return all numbers, with those of the jobs that wait and that are computed now."""
        return Work(
            waiting={slot: waiting[slot] for slot in SLOTS},
            computing={slot: computing[slot] for slot in SLOTS},
            ended={slot: {each: ended[each] for each in OUTCOMES.values()} for slot, ended in self._ended.items()},
            seconds=self._seconds,
        )


async def work_of(engine: str, patience: float) -> Work | None:
    """Return the numbers of the engine with that connection file; None if it does not respond or was never used."""
    connection = Connection.of(engine)
    try:
        async with rpc(connection.address, connection_args=connection.arguments(), timeout=patience) as scheduler:
            return cast(Work, await asyncio.wait_for(getattr(scheduler, WORK)(), patience))
    except (OSError, TimeoutError):
        return None
