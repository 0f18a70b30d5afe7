"""The engine on Dask, seen from a page or program: specs go in, jobs come out."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Self, cast

from distributed import CancelledError, Client, KilledWorker
from distributed.client import ClosedClientError, FutureCancelledError
from distributed.scheduler import NoValidWorkerError
from tornado.ioloop import IOLoop

from lab import runs
from lab.engine.cluster import launch
from lab.engine.computation import Computation
from lab.engine.connection import Connection, is_address
from lab.engine.inside import abandon
from lab.engine.job import Ending
from lab.engine.joining import meet
from lab.engine.keeper import Keeper, Waiting
from lab.engine.origin import Origin, request_origin
from lab.engine.requests import RUN, Requests, how_ended
from lab.engine.slots import SLOTS
from lab.engine.work import Outcome
from lab.errors import LONGEST, EngineError, LabError, one_line
from lab.specs import Spec
from lab.specs.sentences import labelled

logger = logging.getLogger("lab.engine")

_PATIENCE = 2.0  # seconds in which the scheduler should answer a question
_MOMENT = 0.2  # seconds in which the other pages let go of a result
_GLANCE = 1.0  # seconds between two looks at what a computation waits for
_SILENCE = 3.0  # seconds without an answer of the scheduler after which it is said
_AWAY = 60.0  # seconds for which the scheduler of a cluster may be away


class Engine(Requests):
    """A connection to the engine, one per page or program. All methods may be called from any thread.

    Everything that concerns Dask happens on the client's own loop, in the order in which it was asked for.
    """

    def __init__(
        self,
        connection: Connection,
        client: Client,
        deliver: Callable[[Callable[[], None]], object] | None,
        stack: ExitStack,
        limited: bool = True,
        patience: float = _AWAY,
    ) -> None:
        super().__init__(cast(IOLoop, client.loop), deliver, limited)
        self._connection = connection
        self._client = client
        self._joining = asyncio.Lock()
        self.address = client.scheduler_info(n_workers=0)["address"]
        self._stack = stack
        self._patience = patience

    @classmethod
    def connect(
        cls,
        connection: Connection | Path | str | None = None,
        deliver: Callable[[Callable[[], None]], object] | None = None,
        *,
        limited: bool = True,
        patience: float = _AWAY,
    ) -> Self:
        """An engine at a connection, a connection file or a scheduler's address.

        Without one, the connection file that ``LAB_ENGINE`` names; without that too, an embedded engine that ends
        with this one. ``deliver(call)`` takes the calls of ``on_change`` to the caller's own thread, as
        ``loop.call_soon_threadsafe`` does; without it they come on the engine's thread, which they must not block.
        ``limited`` requests may cost as much as a visitor's. The scheduler of a cluster may be away for ``patience``
        seconds: what was not finished is then computed again. Raises :class:`EngineError` when nothing answers there,
        or when a cluster there runs another version of the lab or has another LAB_HOME or LAB_DATA.
        """
        with ExitStack() as stack:
            place = connection or os.environ.get("LAB_ENGINE") or stack.enter_context(launch())
            found = Connection.of(place)
            client = found.client()
            stack.callback(client.close)
            if is_address(place):
                meet(client)
                _require_slots(client)
            return cls(found, client, deliver, stack.pop_all(), limited, patience)

    @property
    def reachable(self) -> bool:
        """True while there is a connection to the scheduler."""
        return self._client.status == "running"

    def workers(self) -> int:
        """Return the present number of workers; 0 when the engine cannot be reached."""
        if not self.reachable:
            return 0
        try:
            return int(self._client.sync(self._counted_workers, callback_timeout=_PATIENCE))
        except (OSError, ClosedClientError, RuntimeError):
            return 0

    def training(self) -> dict[str, bool]:
        """The runs that are with the engine, for whomever, by name, and whether it has begun with them.

        Empty when the engine cannot be reached.
        """
        return {name.removeprefix(RUN): begun for name, begun in self._underway().items() if name.startswith(RUN)}

    def serves_others(self) -> bool:
        """Return whether there are unfinished jobs that nobody at this engine asked for, training runs not counted."""
        with self._lock:
            mine = {computation.name for computation in self._computations.values()}
        return any(not name.startswith(RUN) for name in self._underway().keys() - mine)

    def close(self) -> None:
        """Close the connection. Trainings go on; other jobs end soon unless another page wants them, too."""
        self._end_all("The connection to the engine was closed.")
        sent = threading.Event()
        self.loop.add_callback(sent.set)
        sent.wait(1.0)  # until then the loop may still have to send what was given up
        self._client.close()
        self._stack.close()

    async def _follow(self, computation: Computation) -> None:
        """See a computation through to its end, or until it is withdrawn."""
        try:
            how = how_ended(await self._outcome(computation))
        except LabError as error:
            how = Ending("failed", error=labelled(error))
        except Exception as error:
            how = Ending("failed", error=self._in_words(error))
        if self._end(computation, how):
            self._release(computation)

    async def _outcome(self, computation: Computation) -> Outcome:
        attempts = 3
        while attempts:
            attempts -= 1
            try:
                outcome = await self._asked(computation)
                if not (attempts and outcome.paused and runs.wanted(computation.key)):
                    return outcome
                computation.forget()  # somebody carried the run on at the moment at which it paused
                await asyncio.sleep(_MOMENT)
            except (CancelledError, ClosedClientError, OSError) as error:
                lost = _is_lost(error)
                if not (attempts and self._wanted(computation)) or (lost and not self._connection.returns):
                    raise
                computation.forget()
                await asyncio.sleep(_MOMENT if lost else 0)  # in which Dask notices it, too
                if not self.reachable:
                    await self._found_again(computation)
                    attempts = 3
        raise EngineError("The engine lost this computation several times: start it again.")

    async def _found_again(self, computation: Computation) -> None:
        """Wait for the scheduler, saying so. Raises :class:`EngineError` when it stays away."""
        deadline = monotonic() + self._patience
        while not self.reachable:
            computation.wait(None, f"the connection to {self.address} was lost and is being tried again")
            if monotonic() > deadline or not self._wanted(computation):
                raise EngineError(self._gone())
            await asyncio.sleep(_MOMENT)
            await self._reconnect()

    async def _reconnect(self) -> None:
        """Try once to take up a connection in place of the one that was lost, on the same loop."""
        async with self._joining:
            if self.reachable:
                return
            loop, lost = asyncio.get_running_loop(), self._client
            connect = partial(self._connection.client, _PATIENCE, loop=self.loop)
            with suppress(EngineError):
                self._client = await loop.run_in_executor(None, connect)
                await loop.run_in_executor(None, abandon, lost)

    def _underway(self) -> dict[str, bool]:
        """The unfinished tasks by name, and whether a worker has begun with them."""
        try:
            known: dict[str, bool] = self._client.sync(self._asked_underway, callback_timeout=_PATIENCE)
        except (OSError, ClosedClientError, RuntimeError, TimeoutError):
            return {}
        return known

    async def _counted_workers(self) -> int:
        scheduler = self._client.scheduler
        return len((await scheduler.identity(n_workers=-1))["workers"]) if scheduler else 0

    async def _asked_underway(self) -> dict[str, bool]:
        await self._client.register_plugin(Keeper())
        scheduler = self._client.scheduler
        known: dict[str, bool] = await scheduler.lab_underway() if scheduler else {}
        return known

    async def _asked(self, computation: Computation) -> Outcome:
        client = self._client
        if client.status != "running":
            raise ConnectionError
        await client.register_plugin(Keeper())  # every time, because the scheduler may have been started anew
        while computation.name in client.futures:  # given up a moment ago: asked for now, Dask would not ask again
            await asyncio.sleep(0.001)
        if not self._wanted(computation):
            raise EngineError("The computation was given up before it began.")
        future = computation.submit(client)
        for topic in computation.topics:
            for event in await client.get_events(topic):
                computation.hear(topic, event, fetched=True)
        watched = asyncio.ensure_future(self._watch(computation))
        try:
            [outcome] = await client.gather([future])
        finally:
            watched.cancel()
        return outcome

    async def _watch(self, computation: Computation) -> None:
        """Say what a computation waits for, as long as it is not finished."""
        answered = monotonic()
        while scheduler := self._client.scheduler:
            await asyncio.sleep(_GLANCE)
            try:
                waiting = await asyncio.wait_for(scheduler.lab_waiting(key=computation.name), _PATIENCE)
            except OSError:
                if monotonic() - answered > _SILENCE:
                    computation.wait(None, f"the engine at {self.address} does not respond")
            else:
                answered = monotonic()
                computation.wait(waiting["queue"], _trouble(waiting))

    def _require_reachable(self) -> None:
        if not (self.reachable or self._connection.returns):
            raise EngineError(self._gone())

    def _asking(self, spec: Spec) -> Origin:
        return request_origin(spec)

    def _begin(self, computation: Computation, _: Spec) -> None:
        self.loop.add_callback(self._follow, computation)

    def _release(self, computation: Computation) -> None:
        """Take this engine's interest in the task back."""
        if self.reachable:
            computation.withdraw(self._client)

    def _in_words(self, error: Exception) -> str:
        if isinstance(error, KilledWorker):
            return (
                f"The worker process died {error.allowed_failures + 1} times while computing this, perhaps because it "
                "ran out of memory: reduce the size of the computation, and see what the server printed."
            )
        if isinstance(error, NoValidWorkerError):
            return "No worker could take this computation: see what the server printed, and start the lab again."
        if isinstance(error, CancelledError | ClosedClientError | OSError):
            return self._gone()
        logger.error("A job could not be followed.", exc_info=error)
        return one_line(f"The computation failed: {type(error).__name__}: {error}", LONGEST)

    def _gone(self) -> str:
        remedy = "start its scheduler again" if self._connection.returns else "start the lab again"
        return f"The engine at {self.address} cannot be reached any more: {remedy}."


def _is_lost(error: BaseException) -> bool:
    """Return whether a computation ended because the connection did."""
    lost = isinstance(error, FutureCancelledError) and error.reason == "scheduler-connection-lost"
    return lost or isinstance(error, ClosedClientError | OSError)


def _trouble(waiting: Waiting) -> str:
    if waiting["interrupted"]:
        return "the worker that computed this has ended, and another one is not there yet"
    return "the worker that computes this does not respond" if waiting["silent"] else ""


def _require_slots(client: Client) -> None:
    """Refuse a scheduler whose workers could never take a job."""
    info = client.scheduler_info()
    workers = info["workers"].values()
    if workers and not any(set(SLOTS) <= set(each["resources"]) for each in workers):
        slots = ",".join(f"{name}={count}" for name, count in SLOTS.items())
        raise EngineError(
            f"The workers of {info['address']} have no slots for jobs ({slots}): start them with 'python -m lab worker "
            f"{info['address']}'."
        )
