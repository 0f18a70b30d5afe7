"""What one engine knows of one task: the jobs that wait for it and the last it heard."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Any

from distributed import Client, Future, fire_and_forget

from lab.context import Progress
from lab.engine.job import Job
from lab.engine.keeper import PARTIAL, PROGRESS, WITHDRAW
from lab.engine.work import compute
from lab.errors import LabError
from lab.results.result import Result, unpack

_AGAIN = "The computation was interrupted and began again."


@dataclass(eq=False)
class Computation:
    """A task under its Dask ``name``, shared by every job of this engine that has its key."""

    key: str
    name: str
    text: str
    slot: str
    jobs: list[Job] = field(default_factory=list)
    _future: Future | None = None
    _run: str | None = None
    _again: bool = False
    _times: dict[str, float] = field(default_factory=dict)
    _progress: tuple[Progress, float, str | None] | None = None
    _partial: Result | None = None

    @property
    def topics(self) -> tuple[str, str]:
        """Where the worker tells its progress and its partial results."""
        return PROGRESS + self.name, PARTIAL + self.name

    def join(self, job: Job) -> None:
        """One more job waits, and learns what is known so far."""
        self.jobs.append(job)
        if self._progress is not None:
            job.started(*self._progress)
        if self._partial is not None:
            job.shown(self._partial)

    def submit(self, client: Client) -> Future:
        """Ask Dask for the result and listen. The task outlives its clients unless it is withdrawn."""
        # A worker looks at the first of its waiting tasks only: a long one there, whose slot is taken, would block
        # the short ones behind it although their slots are free.
        how = {"key": self.name, "resources": {self.slot: 1}, "priority": 1 if self.slot == "short" else 0}
        future = client.submit(compute, self.text, self.key, self.name, **how)
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
            client._send_to_scheduler({"op": WITHDRAW, "key": self.name})
            self.forget()

    def forget(self) -> None:
        """Let go of the task, so that it can be asked for anew."""
        if self._future is not None:
            self._future.release()
            self._future = None

    def hear(self, topic: str, event: tuple[float, dict[str, Any]]) -> None:
        """An event of one of its topics, from the subscription or fetched; an older one than the last is ignored."""
        time, message = event
        if time <= self._times.get(topic, 0.0):
            return
        self._times[topic] = time
        self._again = self._again or self._run not in (None, message["run"])
        self._run = message["run"]
        if topic.startswith(PROGRESS):
            self._hear_progress(message)
        else:
            self._hear_partial(message["data"])

    def end(self, *how: Any) -> None:
        """Tell every job how it ended."""
        for job in tuple(self.jobs):
            job.ended(*how)

    def _hear_progress(self, message: dict[str, Any]) -> None:
        progress = Progress(message["fraction"], message["doing"], message["metrics"])
        notes = [message["note"], _AGAIN if self._again else None]
        self._progress = (progress, message["elapsed"], " ".join(filter(None, notes)) or None)
        for job in tuple(self.jobs):
            job.started(*self._progress)

    def _hear_partial(self, data: bytes) -> None:
        try:
            self._partial = unpack(data)
        except LabError:  # a kind of result this process has not imported; the complete one will say so in words
            return
        for job in tuple(self.jobs):
            job.shown(self._partial)
