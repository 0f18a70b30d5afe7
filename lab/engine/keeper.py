"""The scheduler's side of a job: who still wants it, and the last thing that was heard of it."""

from typing import Any

from distributed import Scheduler, SchedulerPlugin

PROGRESS = "lab-progress/"
PARTIAL = "lab-partial/"
WITHDRAW = "lab-withdraw"
UNDERWAY = "lab_underway"

_ENDED = ("memory", "erred", "released", "forgotten")
_ANYBODY = "fire-and-forget"  # the client that Dask invents for a task which must outlive its real clients


class Keeper(SchedulerPlugin):
    """Lets a job go on without its page, lets it be cancelled all the same, and keeps its topics small.

    Dask's ``fire_and_forget`` keeps a task alive when its last client is gone. The message ``WITHDRAW`` takes one
    client's interest back and, when no other client is left, that of ``fire_and_forget`` as well: only then is the
    task cancelled. It travels in the client's own stream, so it never overtakes a submission before or after it.
    """

    name = "lab-keeper"
    idempotent = True

    async def start(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        scheduler.stream_handlers[WITHDRAW] = self.withdraw
        scheduler.handlers[UNDERWAY] = self.underway

    def withdraw(self, key: str, client: str) -> None:
        """That client no longer wants the task."""
        self._scheduler.client_releases_keys([key], client)
        task = self._scheduler.tasks.get(key)
        if task is not None and {each.client_key for each in task.who_wants or ()} == {_ANYBODY}:
            self._scheduler.client_releases_keys([key], _ANYBODY)

    def underway(self) -> dict[str, bool]:
        """The unfinished tasks by name, and whether a worker has begun with them."""
        unfinished = [key for key, task in self._scheduler.tasks.items() if task.state not in _ENDED]
        return {str(key): bool(self._topics[PROGRESS + str(key)].events) for key in unfinished}

    def log_event(self, topic: Any, msg: Any) -> None:  # noqa: ARG002 the hook's signature
        """A late subscriber needs the last event only, and a partial result may be megabytes."""
        if not isinstance(topic, str) or not topic.startswith((PROGRESS, PARTIAL)):
            return
        _, _, key = topic.partition("/")
        if key not in self._scheduler.tasks:  # the worker has not yet noticed that nobody wants it any more
            self._topics.pop(topic, None)
            return
        events = self._topics[topic].events
        while len(events) > 1:
            events.popleft()

    def transition(self, key: Any, start: str, finish: str, *args: Any, **kwargs: Any) -> None:  # noqa: ARG002
        """Forget the topics together with their task."""
        if finish == "forgotten":
            for topic in (f"{PROGRESS}{key}", f"{PARTIAL}{key}"):
                self._topics.pop(topic, None)

    @property
    def _topics(self) -> Any:
        return self._scheduler._broker._topics  # Dask has no public way to shorten or drop a topic
