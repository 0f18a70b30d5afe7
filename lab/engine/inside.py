"""Parts taken from inside Dask, which have no public interface: all are here, and the version has an upper bound.

Tried with distributed 2026.1 and 2026.8; pyproject.toml and environment.yml name the first version not tried.
"""

import asyncio
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from dask.typing import Key
from distributed import Client, Scheduler, SpecCluster, Worker
from distributed.broker import Topic
from distributed.comm.core import CommClosedError
from distributed.scheduler import TaskState, WorkerState, heartbeat_interval

ANYBODY = "fire-and-forget"
"""The client that Dask invents for a task which must outlive its real clients."""

_ENDED = ("memory", "erred", "released", "forgotten")


def is_not_of_a_closed_connection(record: logging.LogRecord) -> bool:
    """Return whether a record of Dask's tells anything but that the other side went while it was spoken to.

    As every page and engine ends; when it was not meant to, whoever waits for a job is told.
    """
    return not (record.exc_info and isinstance(record.exc_info[1], CommClosedError))


@contextmanager
def left_unless_made() -> Iterator[None]:
    """Have a cluster that does not get made in the context left alone at the end: Dask cannot close a part of one.

    Its processes are daemons, and end with this one.
    """
    before = {id(each) for each in SpecCluster._instances}
    try:
        yield
    except BaseException:
        for each in [*SpecCluster._instances]:
            if id(each) not in before:
                each.shutdown_on_close = False
        raise


@contextmanager
def left_when_closed(cluster: SpecCluster) -> Iterator[None]:
    """Have a cluster that is closed in the context left alone at the end, also where that was interrupted."""
    try:
        yield
    finally:
        cluster.shutdown_on_close = False


def is_no_refused_registration(record: logging.LogRecord) -> bool:
    """Return whether a record tells anything but that the scheduler did not take the worker: its starter hears why."""
    return not str(record.msg).startswith("Unable to connect to scheduler")


def lost_its_name(error: str) -> bool:
    """Return whether an error says that the scheduler has a worker of that name already."""
    return "'name taken, " in error


def tell_scheduler(client: Client, **message: object) -> None:
    """Send a message in the client's own stream: it never overtakes a submission before or after it."""
    client._send_to_scheduler(message)


def abandon(client: Client) -> None:
    """Close a client that has lost its scheduler, in the middle of its own attempts to find it again, which fail."""
    with suppress(Exception):
        client.close()


def listen(scheduler: Scheduler, operation: str, call: Callable[..., object], answers: bool = False) -> None:
    """Have ``call`` made for messages of clients: those of their stream, or questions that it ``answers``."""
    (scheduler.handlers if answers else scheduler.stream_handlers)[operation] = call


def is_unfinished(state: str) -> bool:
    """Return whether a task in that state is still to be computed."""
    return state not in _ENDED


def unfinished(scheduler: Scheduler) -> list[TaskState]:
    """The tasks that are not at their end, in the order in which workers take them."""
    found = [task for task in scheduler.tasks.values() if is_unfinished(task.state)]
    return sorted(found, key=lambda task: task.priority or ())


def wanted_by(scheduler: Scheduler, key: Key) -> set[str]:
    """The clients that want a task."""
    task = scheduler.tasks.get(key)
    return {each.client_key for each in task.who_wants or ()} if task is not None else set()


def slot_of(task: TaskState) -> str:
    """The slot that a task takes; empty for one that is not ours."""
    return next(iter(task.resource_restrictions or {}), "")


def release(scheduler: Scheduler, key: Key, client: str) -> None:
    """Take a client's interest in a task back; without any, the task ends."""
    if client in scheduler.clients:
        scheduler.client_releases_keys([key], client)


def computed_by(scheduler: Scheduler, key: Key) -> str:
    """The address of the worker that has the task to compute; empty where none has."""
    task = scheduler.tasks.get(key)
    return task.processing_on.address if task is not None and task.processing_on is not None else ""


def heartbeat(scheduler: Scheduler) -> float:
    """Seconds after which each worker lets the scheduler hear of it."""
    return float(heartbeat_interval(len(scheduler.workers)))


async def ask_nanny(scheduler: Scheduler, worker: WorkerState, operation: str, patience: float) -> int | None:
    """Return what a worker's nanny answers; None when it has none, or that does not answer in so many seconds."""
    if not worker.nanny:
        return None
    try:
        nanny = scheduler.rpc(worker.nanny)
        answer: object = await asyncio.wait_for(getattr(nanny, operation)(), patience)
    except (OSError, TimeoutError):
        return None
    return answer if isinstance(answer, int) else None


def topics(scheduler: Scheduler) -> dict[str, Topic]:
    """The topics by name, each with its ``events``, to shorten or to drop."""
    return scheduler._broker._topics


def is_executing(worker: Worker, key: str) -> bool:
    """Return whether the scheduler still wants the task from this worker, which runs it."""
    task = worker.state.tasks.get(key)
    return task is not None and task.state in ("executing", "long-running")


def settle(worker: Worker) -> None:
    """Give a worker that was started by hand what an embedded one has: it neither pauses nor spills, without a word.

    And, where PyTorch is not imported yet, its threads sleep while they wait for each other.
    """
    manager = worker.memory_manager
    manager.memory_target_fraction = manager.memory_spill_fraction = manager.memory_pause_fraction = False
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def memory_limit(worker: Worker) -> int | None:
    """Bytes beyond which the worker is ended; None for no limit."""
    return worker.memory_manager.memory_limit or None
