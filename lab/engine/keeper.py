"""The scheduler's side of a job: who still wants it, how long the queue is, and the last thing that was heard of it."""

import logging
from collections import Counter
from collections.abc import Iterable, Mapping
from time import monotonic
from typing import TypedDict, final

from dask.typing import Key
from distributed import Scheduler, SchedulerPlugin
from tornado.ioloop import PeriodicCallback

import lab
from lab.engine import inside
from lab.engine.inside import ANYBODY
from lab.engine.ledger import WORK, Ledger, Work
from lab.engine.origin import Origin, code
from lab.engine.pulses import GLANCE, Pulses
from lab.engine.slots import LASTING

PROGRESS = "lab-progress/"
PARTIAL = "lab-partial/"
WITHDRAW = "lab-withdraw"
UNDERWAY = "lab_underway"
WAITING = "lab_waiting"
JOIN = "lab_join"

GRACE = 20.0
"""Seconds for which a job outlives its last page, so that a page which is loaded anew finds it again."""

JOINING = 60.0
"""Seconds that a worker may take from its joining until it is there."""


@final
class ProgressNews(TypedDict):
    """What a worker says under :data:`PROGRESS`; ``number`` counts what it says in one ``run`` of the task."""

    run: str
    number: int
    fraction: float
    doing: str
    metrics: dict[str, float]
    elapsed: float
    note: str | None


@final
class PartialNews(TypedDict):
    """What a worker says under :data:`PARTIAL`: the packed result so far."""

    run: str
    number: int
    data: bytes


class Queue(TypedDict):
    """Queue ahead of a waiting job: how many of its slot are computed, and its number in the queue."""

    computing: int
    number: int


class Waiting(TypedDict):
    """What a job waits for.

    ``queue`` as long as no worker has begun with it; ``interrupted`` when one had and is gone; ``silent`` when the one
    that computes it does not respond.
    """

    queue: Queue | None
    interrupted: bool
    silent: bool


class Meeting(TypedDict):
    """The scheduler's ``version`` and ``code`` of the lab, and the first of its workers; None before there is any."""

    version: str
    code: str
    first: Origin | None


class Keeper(SchedulerPlugin):
    """Lets a job outlive its page, a training for good; lets it be cancelled all the same; keeps its topics small.

    Dask's ``fire_and_forget`` keeps a task alive when its last client is gone. The message ``WITHDRAW`` takes one
    client's interest back and, when no other client is left, that of ``fire_and_forget`` as well: only then is the
    task cancelled. A client that is gone without a word is given :data:`GRACE` seconds to come back.
    """

    name = "lab-keeper"
    idempotent = True

    async def start(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._abandoned: dict[Key, float] = {}
        self._ledger = Ledger()
        self._code = code()
        self._first: Origin | None = None
        self._joined = 0.0
        self._interrupted: set[Key] = set()
        self._pulses = Pulses(scheduler)
        self._looking = PeriodicCallback(self._pulses.look, 1000 * GLANCE)
        self._looking.start()
        logging.getLogger("distributed.scheduler").addFilter(inside.is_not_of_a_closed_connection)
        inside.listen(scheduler, WITHDRAW, self.withdraw)
        inside.listen(scheduler, UNDERWAY, self.underway, answers=True)
        inside.listen(scheduler, WAITING, self.waits_for, answers=True)
        inside.listen(scheduler, WORK, self.work, answers=True)
        inside.listen(scheduler, JOIN, self.join, answers=True)

    async def before_close(self) -> None:
        """Stop looking at the workers."""
        self._looking.stop()

    def join(self, joining: Origin | None = None) -> Meeting:
        """Whom a worker that is ``joining``, or a client, meets here; the first worker decides who else may join."""
        if not self._scheduler.workers and monotonic() - self._joined > JOINING:
            self._first = None
        if joining is not None:
            self._first = self._first or joining
            self._joined = monotonic()
        return Meeting(version=lab.__version__, code=self._code, first=self._first)

    def withdraw(self, key: str, client: str) -> None:
        """That client no longer wants the task."""
        inside.release(self._scheduler, key, client)
        if self._is_nobodys(key):
            inside.release(self._scheduler, key, ANYBODY)

    def remove_client(self, scheduler: Scheduler, client: str) -> None:  # noqa: ARG002 the hook's signature
        """A page is gone: what only it wanted is given up soon."""
        for task in inside.unfinished(scheduler):
            if inside.slot_of(task) not in ("", LASTING) and self._is_nobodys(task.key):
                self._abandoned.setdefault(task.key, monotonic())
        if self._abandoned:
            scheduler.loop.call_later(GRACE, self._give_up)

    def update_graph(self, scheduler: Scheduler, *, keys: set[Key], **kwargs: object) -> None:  # noqa: ARG002
        """Count a task that is requested again as no longer abandoned, until this page is gone, too."""
        for key in keys:
            self._abandoned.pop(key, None)

    def underway(self) -> dict[str, bool]:
        """The unfinished tasks by name, and whether a worker has begun with them."""
        return {str(task.key): self._has_begun(task.key) for task in inside.unfinished(self._scheduler)}

    def waits_for(self, key: str) -> Waiting:
        """What an unfinished task waits for."""
        return Waiting(
            queue=self._queue(key),
            interrupted=key in self._interrupted,
            silent=self._pulses.is_silent(inside.computed_by(self._scheduler, key)),
        )

    def _queue(self, key: str) -> Queue | None:
        """Return the number of a task in the queue of its slot; None for one that does not wait."""
        task = self._scheduler.tasks.get(key)
        if task is None or self._has_begun(key):
            return None
        slot = inside.slot_of(task)
        alike = [each.key for each in inside.unfinished(self._scheduler) if inside.slot_of(each) == slot]
        waiting = [each for each in alike if not self._has_begun(each)]
        if key not in waiting:
            return None
        return Queue(computing=len(alike) - len(waiting), number=waiting.index(key) + 1)

    def work(self) -> Work:
        """The numbers of all jobs."""
        now = {True: Counter[str](), False: Counter[str]()}
        for task in inside.unfinished(self._scheduler):
            now[self._has_begun(task.key)][inside.slot_of(task)] += 1
        return self._ledger.work(waiting=now[False], computing=now[True])

    def log_event(self, topic: str, msg: object) -> None:  # noqa: ARG002 the hook's signature
        """A late subscriber needs the last event only, and a partial result may be megabytes."""
        if not topic.startswith((PROGRESS, PARTIAL)):
            return
        _, _, key = topic.partition("/")
        self._interrupted.discard(key)  # somebody computes it
        topics = inside.topics(self._scheduler)
        if key not in self._scheduler.tasks:  # the worker has not yet noticed that nobody wants it any more
            topics.pop(topic, None)
            return
        events = topics[topic].events
        while len(events) > 1:
            events.popleft()

    def transition(
        self,
        key: Key,
        start: str,
        finish: str,
        *args: object,  # noqa: ARG002 the hook's signature
        startstops: Iterable[Mapping[str, object]] = (),
        **kwargs: object,  # noqa: ARG002
    ) -> None:
        """Count how jobs end; forget what a worker that is gone has told, and the topics together with their task."""
        self._ledger.note(self._scheduler.tasks[key], finish, startstops)
        topics = inside.topics(self._scheduler)
        if start == "processing" and finish == "released" and self._has_begun(key):
            self._interrupted.add(key)
            topics[f"{PROGRESS}{key}"].events.clear()
        if finish == "forgotten":
            self._abandoned.pop(key, None)
            self._interrupted.discard(key)
            for topic in (f"{PROGRESS}{key}", f"{PARTIAL}{key}"):
                topics.pop(topic, None)

    def _give_up(self) -> None:
        """End what has been nobody's for long enough."""
        for key, since in tuple(self._abandoned.items()):
            if not self._is_nobodys(key):
                del self._abandoned[key]
            elif monotonic() - since >= GRACE * 0.99:
                del self._abandoned[key]
                inside.release(self._scheduler, key, ANYBODY)

    def _is_nobodys(self, key: Key) -> bool:
        return inside.wanted_by(self._scheduler, key) == {ANYBODY}

    def _has_begun(self, key: Key) -> bool:
        topics = inside.topics(self._scheduler)
        name = f"{PROGRESS}{key}"
        return name in topics and bool(topics[name].events)
