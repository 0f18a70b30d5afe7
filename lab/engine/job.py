"""A job: what a page holds while the engine computes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import monotonic
from typing import Literal, NamedTuple

from tornado.ioloop import IOLoop

from lab.context import Progress
from lab.engine.keeper import Queue
from lab.engine.throttle import Throttle
from lab.errors import EngineError
from lab.results.result import Result
from lab.specs import Spec

JobState = Literal["waiting", "running", "done", "failed", "cancelled"]
_SETTLED = 0.3  # seconds a computation must have run before its pace says anything
_EARLY, _LITTLE = 10.0, 0.01  # so much of it, too, in the first seconds: to begin with, the pace is of loading


class Ending(NamedTuple):
    """How a job ends: with its result, with the sentence why there is none, or with neither when it is given up."""

    state: JobState
    result: Result | None = None
    error: str | None = None


class Job:
    """One request for a result. Its attributes always hold the latest state and may be read from any thread.

    ``progress`` and ``partial`` say how far it is, ``result`` what came out, ``error`` why nothing did, ``note``
    what a person should know besides, ``queue`` how many are computed now and its number among those that wait, and
    ``trouble`` what is in its way for the moment, in words behind "Waiting".
    ``on_change(job)`` is called after changes, at most ten times a second and
    always after the last one, through ``deliver``, when it is due on ``loop``. ``withdraw(job)`` tells the engine that
    nobody waits for it any more.
    """

    def __init__(
        self,
        spec: Spec,
        key: str,
        on_change: Callable[[Job], object] | None,
        *,
        loop: IOLoop,
        deliver: Callable[[Callable[[], None]], None],
        withdraw: Callable[[Job], None],
    ) -> None:
        self.spec = spec
        self.key = key
        self.on_change = on_change
        self.state: JobState = "waiting"
        self.progress: Progress | None = None
        self.partial: Result | None = None
        self.result: Result | None = None
        self.error: str | None = None
        self.note: str | None = None
        self.queue: Queue | None = None
        self.trouble = ""
        self._deliver = deliver
        self._withdraw = withdraw
        self._elapsed = 0.0
        self._heard = 0.0
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._queued = False
        self._throttle = Throttle(loop, self._announce)

    def __repr__(self) -> str:
        return f"<Job {type(self.spec).__name__} {self.key[:8]}: {self.state}>"

    @property
    def finished(self) -> bool:
        """True if nothing will change any more."""
        return self._ended.is_set()

    @property
    def seconds_left(self) -> float | None:
        """The time still needed at the pace so far, in seconds; None while that cannot be told."""
        if self.state != "running" or self.trouble or self.progress is None or self.progress.fraction <= 0:
            return None
        if self._elapsed < (_EARLY if self.progress.fraction < _LITTLE else _SETTLED):
            return None
        since = monotonic() - self._heard
        return max(0.0, self._elapsed * (1 / self.progress.fraction - 1) - since)

    @property
    def why_waiting(self) -> str:
        """What the job waits for, in words behind "Waiting"; empty when it does not wait or that is not known."""
        if self.trouble and not self.finished:
            return self.trouble
        if self.state != "waiting" or self.queue is None:
            return ""
        computing, number = self.queue["computing"], self.queue["number"]
        if not computing:
            return "no worker has taken it yet"
        others = "1 other computation is running" if computing == 1 else f"{computing} other computations are running"
        return f"{others}, and this one is number {number} in the queue"

    def cancel(self) -> None:
        """Give the job up. The computation stops unless somebody else waits for it too; twice does no harm."""
        self._withdraw(self)

    def wait(self, timeout: float | None = None) -> Result:
        """Block until the job has ended and return its result.

        Raises :class:`EngineError` with the job's sentence when it failed or was cancelled, and
        :class:`TimeoutError` when it has not ended after ``timeout`` seconds.
        """
        if not self._ended.wait(timeout):
            raise TimeoutError(f"The computation has not ended after {timeout:g} s.")
        if self.result is None:
            raise EngineError(self.error or "The computation was cancelled.")
        return self.result

    def started(self, progress: Progress, elapsed: float, note: str | None) -> None:
        """The engine heard how far the computation is, ``elapsed`` seconds after it began."""
        with self._lock:
            if self.finished:
                return
            self.state = "running"
            self.progress = progress
            self.note = note or self.note
            self.trouble = ""
            self._elapsed = elapsed
            self._heard = monotonic()
        self._throttle.request()

    def waits(self, queue: Queue | None, trouble: str = "") -> None:
        """The engine heard where the job stands in the queue, and what is in its way."""
        if not self.finished and (queue or self.queue, trouble) != (self.queue, self.trouble):
            self.queue, self.trouble = queue or self.queue, trouble
            self._announce()

    def shown(self, partial: Result) -> None:
        """The engine heard a partial result."""
        self.partial = partial
        self._announce()

    def ended(self, state: JobState, result: Result | None = None, error: str | None = None) -> None:
        """The engine says how the job ended; only the first end counts."""
        with self._lock:
            if self.finished:
                return
            self.result = result
            self.error = error
            self.state = state
            self._ended.set()
        self._announce()

    def _announce(self) -> None:
        """Have ``on_change`` called, unless a call is already on its way: it will find the latest state."""
        if self.on_change is not None and not self._queued:
            self._queued = True
            self._deliver(self._changed)

    def _changed(self) -> None:
        self._queued = False
        if self.on_change is not None:
            self.on_change(self)
