"""The client's side of the engine: specs go in, jobs come out."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Self, cast

from distributed import CancelledError, Client, KilledWorker
from distributed.client import ClosedClientError, FutureCancelledError
from distributed.scheduler import NoValidWorkerError
from tornado.ioloop import IOLoop

from lab import catalogue, runs, specs
from lab.engine.channel import Channel
from lab.engine.cluster import SLOTS, launch
from lab.engine.computation import Computation
from lab.engine.connection import Connection
from lab.engine.job import Job
from lab.engine.keeper import Keeper
from lab.engine.work import Outcome
from lab.errors import EngineError, LabError
from lab.home import results_folder
from lab.limits import limit
from lab.results.result import unpack
from lab.specs import Spec, TrainingRun
from lab.store import Damaged, Store

logger = logging.getLogger("lab.engine")

MOST_COMPUTATIONS = 8
MOST_GRADIENT_STEPS = 20_000_000
_RUN = f"{TrainingRun.__name__}-"
_PATIENCE = 2.0  # seconds in which the scheduler should answer a question
_MOMENT = 0.2  # seconds in which the other pages let go of a result


class Engine:
    """A connection to the engine, one per page or program. All methods may be called from any thread.

    Everything that concerns Dask happens on the client's own loop, in the order in which it was asked for.
    """

    def __init__(self, client: Client, deliver: Callable[[Callable[[], None]], object] | None, stack: ExitStack):
        self.loop: IOLoop = cast(IOLoop, client.loop)
        self._client = client
        self._address = client.scheduler_info(n_workers=0)["address"]
        self._deliver = deliver or self.loop.add_callback
        self._stack = stack
        self._store = Store(results_folder())
        self._lock = threading.RLock()
        self._computations: dict[str, Computation] = {}

    @classmethod
    def connect(
        cls,
        connection: Connection | Path | str | None = None,
        deliver: Callable[[Callable[[], None]], object] | None = None,
    ) -> Self:
        """An engine at a connection, a connection file or a scheduler's address.

        Without one, the connection file that ``LAB_ENGINE`` names; without that too, an embedded engine that ends
        with this one. ``deliver(call)`` takes the calls of ``on_change`` to the caller's own thread, as
        ``loop.call_soon_threadsafe`` does; without it they come on the engine's thread, which they must not block.
        Raises :class:`EngineError` when nothing answers there.
        """
        with ExitStack() as stack:
            place = connection or os.environ.get("LAB_ENGINE") or stack.enter_context(launch())
            client = Connection.of(place).client()
            stack.callback(client.close)
            _require_slots(client)
            return cls(client, deliver, stack.pop_all())

    def submit(self, spec: Spec, on_change: Callable[[Job], object] | None = None) -> Job:
        """A job for the spec's result: stored, already being computed for somebody, or computed now.

        A training run that was paused is carried on. Raises :class:`LabError` when the spec names what does not
        exist, costs too much, when too many computations are waiting, or when the engine is gone.
        """
        _require_modest(spec)
        job = Job(spec, self.key(spec), self, on_change)
        with self._lock:
            computation = self._computations.get(job.key)
            if computation is None:
                if self._answered(job):
                    return job
                self._require_place()
            if isinstance(spec, TrainingRun):
                runs.begin(spec)
            if computation is None:
                computation = self._begun(spec, job.key)
            computation.join(job)
        return job

    def channel(self) -> Channel:
        """A place where the latest submission wins."""
        return Channel(self)

    def workers(self) -> int:
        """How many workers there are now; 0 when the engine cannot be reached."""
        try:
            return len(self._client.scheduler_info(n_workers=-1)["workers"])
        except (OSError, ClosedClientError, RuntimeError):
            return 0

    def training(self) -> dict[str, bool]:
        """The runs that are with the engine, for whomever, by name, and whether it has begun with them.

        Empty when the engine cannot be reached.
        """
        return {name.removeprefix(_RUN): begun for name, begun in self._underway().items() if name.startswith(_RUN)}

    def serves_others(self) -> bool:
        """Whether there are unfinished jobs that nobody at this engine asked for, training runs not counted."""
        with self._lock:
            mine = {computation.name for computation in self._computations.values()}
        return any(not name.startswith(_RUN) for name in self._underway().keys() - mine)

    def key(self, spec: Spec) -> str:
        """The name of the spec's result: equal for everything that must give an equal result.

        A training run's is its own, because it has one folder, whatever recipe is asked for under that name.
        """
        if isinstance(spec, TrainingRun):
            return runs.folder(spec.name).name
        return specs.key(spec, *catalogue.fingerprints(spec))

    def withdraw(self, job: Job) -> None:
        """Give a job up; its computation stops when no job of this engine and no other page waits for it."""
        with self._lock:
            computation = self._computations.get(job.key)
            if computation is None or job not in computation.jobs:
                return
            computation.jobs.remove(job)
            if not computation.jobs:
                del self._computations[job.key]
                self.loop.add_callback(self._release, computation)
        job.ended("cancelled")

    def close(self) -> None:
        """Close the connection. What is being computed goes on, and its result will be in the store."""
        with self._lock:
            computations, self._computations = list(self._computations.values()), {}
        for computation in computations:
            computation.end("failed", None, "The connection to the engine was closed; the computation goes on there.")
        sent = threading.Event()
        self.loop.add_callback(sent.set)
        sent.wait(1.0)  # until then the loop may still have to send what was given up
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def deliver(self, call: Callable[[], None]) -> None:
        """Have a call made on the thread of whoever uses this engine."""
        try:
            self._deliver(call)
        except RuntimeError:  # that thread's loop is closed: its page is gone
            logger.debug("A change could not be delivered.", exc_info=True)

    def _answered(self, job: Job) -> bool:
        """Whether the store, or the run's folder, has the job's result, which ends it."""
        try:
            result = runs.finished(job.spec) if isinstance(job.spec, TrainingRun) else self._store.read(job.key)
        except Damaged as error:
            job.note = f"{error} It is computed again."
            return False
        if result is not None:
            job.ended("done", result)
        return result is not None

    def _require_place(self) -> None:
        if self._client.status != "running":
            raise EngineError(self._gone())
        if len(self._computations) >= MOST_COMPUTATIONS:
            raise EngineError(
                f"{MOST_COMPUTATIONS} computations of this page are already waiting or running: "
                "stop one of them, or wait until one is done."
            )

    def _begun(self, spec: Spec, key: str) -> Computation:
        slot = "long" if getattr(spec, "long", False) else "short"
        computation = Computation(key, f"{type(spec).__name__}-{key}", specs.to_json(spec), slot)
        self._computations[key] = computation
        self.loop.add_callback(self._follow, computation)
        return computation

    async def _follow(self, computation: Computation) -> None:
        """See a computation through to its end, or until it is withdrawn."""
        how: tuple[object, ...]
        try:
            how = _how(await self._outcome(computation))
        except LabError as error:
            how = ("failed", None, str(error))
        except Exception as error:
            how = ("failed", None, self._in_words(error))
        with self._lock:
            if self._computations.get(computation.key) is not computation:
                return
            del self._computations[computation.key]
        computation.end(*how)
        self._release(computation)

    async def _outcome(self, computation: Computation) -> Outcome:
        for last in (False, False, True):
            try:
                outcome = await self._asked(computation)
                if last or not (outcome.paused and runs.wanted(computation.key)):
                    return outcome
                computation.forget()  # somebody carried the run on at the moment at which it paused
                await asyncio.sleep(_MOMENT)
            except CancelledError as error:
                lost = isinstance(error, FutureCancelledError) and error.reason == "scheduler-connection-lost"
                if last or lost or not self._wanted(computation):
                    raise
                computation.forget()
        raise EngineError("The engine lost this computation several times: start it again.")

    def _underway(self) -> dict[str, bool]:
        """The unfinished tasks by name, and whether a worker has begun with them."""
        try:
            known: dict[str, bool] = self._client.sync(self._asked_underway, callback_timeout=_PATIENCE)
        except (OSError, ClosedClientError, RuntimeError, TimeoutError):
            return {}
        return known

    async def _asked_underway(self) -> dict[str, bool]:
        await self._client.register_plugin(Keeper())
        scheduler = self._client.scheduler
        known: dict[str, bool] = await scheduler.lab_underway() if scheduler else {}
        return known

    async def _asked(self, computation: Computation) -> Outcome:
        client = self._client
        await client.register_plugin(Keeper())  # every time, because the scheduler may have been started anew
        while computation.name in client.futures:  # given up a moment ago: asked for now, Dask would not ask again
            await asyncio.sleep(0.001)
        if not self._wanted(computation):
            raise EngineError("The computation was given up before it began.")
        future = computation.submit(client)
        for topic in computation.topics:
            for event in await client.get_events(topic):
                computation.hear(topic, event)
        [outcome] = await client.gather([future])
        return outcome

    def _wanted(self, computation: Computation) -> bool:
        with self._lock:
            return self._computations.get(computation.key) is computation

    def _release(self, computation: Computation) -> None:
        """Take this engine's interest in the task back."""
        if self._client.status == "running":
            computation.withdraw(self._client)

    def _in_words(self, error: Exception) -> str:
        if isinstance(error, KilledWorker):
            return (
                f"The worker process died {error.allowed_failures + 1} times while computing this, perhaps for want "
                "of memory: ask for less at once, and see what the server printed."
            )
        if isinstance(error, NoValidWorkerError):
            return "No worker could take this computation: see what the server printed, and start the lab again."
        if isinstance(error, CancelledError | ClosedClientError | OSError):
            return self._gone()
        logger.error("A job could not be followed.", exc_info=error)
        return f"The computation failed: {type(error).__name__}: {error}"

    def _gone(self) -> str:
        return f"The engine at {self._address} cannot be reached any more: start the lab again."


def _how(outcome: Outcome) -> tuple[object, ...]:
    """The end of a job, as :meth:`Job.ended` takes it."""
    if outcome.paused:
        return "cancelled", None, None
    return ("failed", None, outcome.error) if outcome.data is None else ("done", unpack(outcome.data))


def _require_modest(spec: Spec) -> None:
    """Refuse a spec that costs more gradient steps than this place allows."""
    cost = getattr(spec, "gradient_steps", 0)
    most = limit("LAB_MAX_GRADIENT_STEPS", MOST_GRADIENT_STEPS)
    if cost > most:
        raise EngineError(
            f"{type(spec).__name__} would take {cost:,} gradient steps of single images, but this lab allows {most:,}: "
            "take fewer images, restarts or steps, or raise LAB_MAX_GRADIENT_STEPS."
        )


def _require_slots(client: Client) -> None:
    """Refuse a scheduler whose workers could never take a job."""
    info = client.scheduler_info()
    workers = info["workers"].values()
    if workers and not any(set(SLOTS) <= set(each["resources"]) for each in workers):
        slots = ",".join(f"{name}={count}" for name, count in SLOTS.items())
        raise EngineError(
            f"The workers of {info['address']} have no slots for jobs: start them with "
            f"'dask worker --nthreads {sum(SLOTS.values())} --resources {slots}'."
        )
