"""Requests to any engine: results from the store, equal requests joined, and news for their jobs."""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Self

from tornado.ioloop import IOLoop

from lab import runs, specs
from lab.engine.computation import Computation
from lab.engine.job import Ending, Job
from lab.engine.origin import Origin
from lab.engine.slots import slot_for
from lab.engine.work import Outcome
from lab.errors import EngineError, Unknown
from lab.home import results_folder
from lab.keys import asked_key
from lab.limits import require_modest
from lab.results.result import unpack
from lab.specs import Spec, TrainingRun
from lab.store import DamagedResult, Store

logger = logging.getLogger("lab.engine")

MOST_COMPUTATIONS = 8
RUN = f"{TrainingRun.__name__}-"


class Requests(ABC):
    """The requests of one page or program. All methods may be called from any thread.

    What concerns a computation happens on ``loop``, in the order in which it was asked for. ``deliver(call)`` takes the
    calls of ``on_change`` to the caller's own thread; without it they come on the loop's. Requests are ``limited`` in
    cost and number unless they are those of who owns the machine.
    """

    def __init__(
        self, loop: IOLoop, deliver: Callable[[Callable[[], None]], object] | None, limited: bool = True
    ) -> None:
        self.loop = loop
        self._limited = limited
        self._deliver = deliver or loop.add_callback
        self._store = Store(results_folder())
        self._lock = threading.RLock()
        self._computations: dict[str, Computation] = {}

    def submit(self, spec: Spec, on_change: Callable[[Job], object] | None = None) -> Job:
        """A job for the spec's result: stored, already being computed for somebody, or computed now.

        A training run that was paused is carried on. Raises :class:`LabError` when the spec names what does not
        exist, costs too much, when too many computations are waiting, or when the engine is gone.
        """
        if self._limited:
            require_modest(spec)
        job = Job(spec, self.key(spec), on_change, loop=self.loop, deliver=self.deliver, withdraw=self.withdraw)
        with self._lock:
            computation = self._computations.get(job.key)
            if computation is None:
                if self._answered(job):
                    return job
                self._require_place()
            if isinstance(spec, TrainingRun):
                runs.begin(spec, self._limited)
            if computation is None:
                computation = self._begun(spec, job.key)
            computation.join(job)
        return job

    def key(self, spec: Spec) -> str:
        """The name of the spec's result: equal for everything that must give an equal result.

        A training run's is its own, because it has one folder, whatever recipe is asked for under that name.
        """
        if isinstance(spec, TrainingRun):
            return runs.folder(spec.name).name
        return asked_key(spec)

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

    @abstractmethod
    def close(self) -> None:
        """Give up what is being computed for this engine's jobs, and end."""

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
        """Return whether the store, or the run's folder, has the job's result, which ends it."""
        try:
            result = runs.finished(job.spec) if isinstance(job.spec, TrainingRun) else self._store.read(job.key)
        except (DamagedResult, Unknown) as error:
            job.note = str(error)
            return False
        if result is not None:
            job.ended("done", result)
        return result is not None

    def _asking(self, _: Spec) -> Origin:
        """Describe this process to whoever computes its request."""
        return {}

    @abstractmethod
    def _require_reachable(self) -> None:
        """Refuse a request when nothing could compute it. Raises :class:`EngineError`."""

    @abstractmethod
    def _begin(self, computation: Computation, spec: Spec) -> None:
        """Have a computation computed."""

    @abstractmethod
    def _release(self, computation: Computation) -> None:
        """Take this engine's interest in a computation back."""

    def _require_place(self) -> None:
        self._require_reachable()
        if self._limited and len(self._computations) >= MOST_COMPUTATIONS:
            raise EngineError(
                f"{MOST_COMPUTATIONS} computations of this page are already waiting or running: "
                "stop one of them, or wait until one is done."
            )

    def _begun(self, spec: Spec, key: str) -> Computation:
        slot = slot_for(spec)
        rank = sum(each.slot == slot for each in self._computations.values())
        name, text = f"{type(spec).__name__}-{key}", specs.to_json(spec)
        computation = Computation(key, name, text, slot, rank, self._asking(spec))
        self._computations[key] = computation
        self._begin(computation, spec)
        return computation

    def _wanted(self, computation: Computation) -> bool:
        with self._lock:
            return self._computations.get(computation.key) is computation

    def _end(self, computation: Computation, how: Ending) -> bool:
        """Tell a computation's jobs how it ended; False when it had been withdrawn."""
        with self._lock:
            if self._computations.get(computation.key) is not computation:
                return False
            del self._computations[computation.key]
        computation.end(how)
        return True

    def _end_all(self, sentence: str) -> None:
        """Tell every job that nothing will come any more, and why."""
        with self._lock:
            computations, self._computations = list(self._computations.values()), {}
        for computation in computations:
            computation.end(Ending("failed", error=sentence))


def how_ended(outcome: Outcome) -> Ending:
    """The end of a job whose computation came to this."""
    if outcome.paused:
        return Ending("cancelled")
    return Ending("failed", error=outcome.error) if outcome.data is None else Ending("done", unpack(outcome.data))
