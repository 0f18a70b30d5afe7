"""The engine inside this process: threads instead of workers, so that it can compute with a notebook's live models."""

from __future__ import annotations

import asyncio
import threading
import weakref
from collections.abc import Callable
from functools import partial
from queue import SimpleQueue as Queue

from tornado.ioloop import IOLoop

from lab.context import Cancelled
from lab.engine.computation import Computation
from lab.engine.keeper import PartialNews, ProgressNews
from lab.engine.requests import RUN, Requests, how_ended
from lab.engine.slots import SLOTS
from lab.engine.work import Publisher, outcome
from lab.errors import EngineError
from lab.specs import Spec

_GLANCE = 0.1  # seconds between two looks whether a waiting computation is still wanted


class LocalEngine(Requests):
    """An engine for one program or notebook: jobs, progress, partial results and cancellation as :class:`Engine` has.

    It computes on the default device, as many computations of a kind at once as a worker does. It sees the live models
    and data of this process and shares its store, but not its computations, with other engines. What is computed ends
    with the program; a training can be resumed.
    """

    def __init__(self, deliver: Callable[[Callable[[], None]], object] | None = None) -> None:
        loops: Queue[tuple[IOLoop, asyncio.Event]] = Queue()
        threading.Thread(target=asyncio.run, args=(_loop(loops),), name="lab-engine", daemon=True).start()
        loop, self._stop = loops.get()
        super().__init__(loop, deliver)
        self._slots = {name: threading.Semaphore(count) for name, count in SLOTS.items()}
        self._started: set[str] = set()
        self._closed = False
        # Private, as nothing else is called before Python waits for threads that compute.
        threading._register_atexit(partial(_close, weakref.ref(self)))  # type: ignore[attr-defined]

    @property
    def reachable(self) -> bool:
        """True until the engine is closed."""
        return not self._closed

    def workers(self) -> int:
        """This process, until the engine is closed."""
        return int(self.reachable)

    def training(self) -> dict[str, bool]:
        """The runs that are trained here by name, and whether they have begun."""
        with self._lock:
            names = [computation.name for computation in self._computations.values()]
        return {name.removeprefix(RUN): name in self._started for name in names if name.startswith(RUN)}

    def serves_others(self) -> bool:
        """Nobody else asks this engine."""
        return False

    def close(self) -> None:
        """Give up all that is computed. A training stays as it is and can be resumed."""
        self._closed = True
        self._end_all("The engine was closed.")
        self.loop.add_callback(self._stop.set)

    def _require_reachable(self) -> None:
        if self._closed:
            raise EngineError("This engine was closed: make another LocalEngine.")

    def _begin(self, computation: Computation, spec: Spec) -> None:
        # No daemon: PyTorch must not compute while Python ends.
        threading.Thread(target=self._compute, args=(computation, spec), name=computation.name).start()

    def _release(self, computation: Computation) -> None:
        """Nothing to do: what computes looks whether it is still wanted."""

    def _compute(self, computation: Computation, spec: Spec) -> None:
        """Wait for a slot, compute, and tell the jobs; nothing is told when nobody waits any more."""
        wanted, slot = partial(self._wanted, computation), self._slots[computation.slot]
        while not slot.acquire(timeout=_GLANCE):
            if not wanted():
                return
        self._started.add(computation.name)
        try:
            tell = partial(self._tell, computation)
            how = how_ended(
                outcome(lambda: spec, computation.key, Publisher(self.loop, tell, wanted), computation.rank)
            )
        except Cancelled:
            return
        finally:
            self._started.discard(computation.name)
            slot.release()
        self.loop.add_callback(self._end, computation, how)

    def _tell(self, computation: Computation, topic: str, news: ProgressNews | PartialNews) -> None:
        self.loop.add_callback(computation.hear, topic + computation.name, (0.0, news))


def _close(engine: weakref.ref[LocalEngine]) -> None:
    """Close an engine that is still there when Python ends, so that what it computes stops."""
    if (found := engine()) is not None:
        found.close()


async def _loop(loops: Queue[tuple[IOLoop, asyncio.Event]]) -> None:
    """A loop of the engine's own, until it is stopped: a notebook's is busy while a cell runs."""
    stop = asyncio.Event()
    loops.put((IOLoop.current(), stop))
    await stop.wait()
