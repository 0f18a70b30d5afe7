"""One engine's view of one task: the jobs that wait for it and the last it heard."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

from distributed import Client, Future, fire_and_forget

from lab.context import Progress
from lab.engine.inside import tell_scheduler
from lab.engine.job import Ending, Job
from lab.engine.keeper import PARTIAL, PROGRESS, WITHDRAW, PartialNews, ProgressNews, Queue
from lab.engine.origin import Origin
from lab.engine.slots import LASTING
from lab.engine.work import Outcome, compute
from lab.errors import LabError
from lab.results.result import Result, unpack

_AGAIN = "The computation was interrupted and restarted."
_QUICK_FIRST, _TRAININGS_LAST = 100, -100


@dataclass(eq=False)
class Computation:
    """A task under its Dask ``name``, shared by every job of this engine that has its key.

    ``slot`` is the kind of slot it takes on a worker, ``rank`` how many of them this engine had asked for before: the
    first of everybody come before the second of anybody, so that visitors take turns. ``asking`` describes who asked.
    """

    key: str
    name: str
    text: str
    slot: str
    rank: int = 0
    asking: Origin = field(default_factory=dict)
    jobs: list[Job] = field(default_factory=list)
    _future: Future[Outcome] | None = None
    _run: str | None = None
    _again: bool = False
    _heard: dict[str, tuple[str, int]] = field(default_factory=dict)
    _past: set[str] = field(default_factory=set)
    _progress: tuple[Progress, float, str | None] | None = None
    _partial: Result | None = None

    @property
    def topics(self) -> tuple[str, str]:
        """Topics on which the worker publishes its progress and its partial results."""
        return PROGRESS + self.name, PARTIAL + self.name

    def join(self, job: Job) -> None:
        """One more job waits, and learns what is known so far."""
        self.jobs.append(job)
        if self._progress is not None:
            job.started(*self._progress)
        if self._partial is not None:
            job.shown(self._partial)

    def submit(self, client: Client) -> Future[Outcome]:
        """Ask Dask for the result and listen. The task outlives its clients, for how long is the keeper's to say."""
        # A worker looks at the first of its waiting tasks only: a long one there, whose slot is taken, would block
        # the short ones behind it although their slots are free.
        first = {"quick": _QUICK_FIRST, LASTING: _TRAININGS_LAST}.get(self.slot, 0)
        how = {"key": self.name, "resources": {self.slot: 1}, "priority": first - self.rank}
        future = client.submit(compute, self.text, self.key, self.name, self.asking, self.rank, **how)
        fire_and_forget(future)
        for topic in self.topics:
            client.subscribe_topic(topic, partial(self.hear, topic))
        self._future = future
        return future

    def withdraw(self, client: Client) -> None:
        """Take this client's interest in the task back, and its ear; the task ends if it was the last."""
        if self._future is not None:
            for topic in self.topics:
                client.unsubscribe_topic(topic)
            tell_scheduler(client, op=WITHDRAW, key=self.name)
            self.forget()

    def forget(self) -> None:
        """Let go of the task, so that it can be asked for anew."""
        if self._future is not None:
            self._future.release()
            self._future = None

    def hear(self, topic: str, event: tuple[float, ProgressNews | PartialNews], fetched: bool = False) -> None:
        """An event of one of its topics, from the subscription or ``fetched``; what is older than the last is ignored.

        The order is that of the worker's own count: clocks are put back.
        """
        _, news = event
        run, number = news["run"], news["number"]
        last_run, last = self._heard.get(topic, ("", 0))
        if run in self._past or (fetched and last) or (run == last_run and number <= last):
            return
        if self._run not in (None, run):
            self._again = True
            self._past.add(str(self._run))
        self._run, self._heard[topic] = run, (run, number)
        if "data" in news:
            self._hear_partial(news["data"])
        else:
            self._hear_progress(news)

    def wait(self, queue: Queue | None, trouble: str = "") -> None:
        """Tell every job what it waits for."""
        for job in tuple(self.jobs):
            job.waits(queue, trouble)

    def end(self, how: Ending) -> None:
        """Tell every job how it ended."""
        for job in tuple(self.jobs):
            job.ended(*how)

    def _hear_progress(self, news: ProgressNews) -> None:
        progress = Progress(news["fraction"], news["doing"], news["metrics"])
        notes = [news["note"], _AGAIN if self._again else None]
        self._progress = (progress, news["elapsed"], " ".join(filter(None, notes)) or None)
        for job in tuple(self.jobs):
            job.started(*self._progress)

    def _hear_partial(self, data: bytes) -> None:
        try:
            partial = self._partial = unpack(data)
        except LabError:  # a kind of result this process has not imported; the complete one will say so in words
            return
        for job in tuple(self.jobs):
            job.shown(partial)
