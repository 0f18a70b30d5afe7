"""The worker's side of a job: look it up or compute it, store it, and report on the way. No PyTorch until it runs."""

from __future__ import annotations

import logging
import os
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from time import monotonic

from distributed import Reschedule, Status, Worker, get_worker

from lab import runs
from lab.context import Cancelled, Context, Progress
from lab.engine.keeper import PARTIAL, PROGRESS
from lab.engine.throttle import Throttle
from lab.errors import LabError
from lab.home import results_folder
from lab.results.result import Result, pack
from lab.results.run import Run
from lab.specs import Recipe, Spec, TrainingRun, from_json
from lab.store import Damaged, Store

logger = logging.getLogger("lab.engine")

_importing = threading.Lock()


@dataclass(frozen=True)
class Outcome:
    """How a job ended: its packed result, the sentence that says why there is none, or a pause."""

    data: bytes | None = None
    error: str | None = None
    paused: bool = False


def compute(text: str, key: str, name: str) -> Outcome:
    """The result of the spec that is written in ``text``, from the store or computed; ``name`` is the task's.

    Runs on a Dask worker. A cancelled task that somebody asked for again in the meantime starts over.
    """
    publisher = Publisher(get_worker(), name)
    try:
        spec = from_json(text)
        if isinstance(spec, TrainingRun):
            return _carried_on(spec, publisher)
        store = Store(results_folder())
        return Outcome(pack(_found(store, key, publisher) or _made(store, key, spec, publisher)))
    except Cancelled:
        raise Reschedule from None
    except LabError as error:
        return Outcome(error=str(error))
    except Exception as error:
        return Outcome(error=_in_words(error, text))
    finally:
        publisher.close()


def functions() -> tuple[Callable[[Spec, Context], Result], Callable[..., Run]]:
    """``analyse`` and ``train``. One thread at a time imports them: PyTorch must not be imported by halves."""
    with _importing:
        from lab.analysis import analyse
        from lab.training import train
    return analyse, train


def use_all_cores() -> None:
    """Let PyTorch use every core in this thread, whatever an earlier job left."""
    import torch

    torch.set_num_threads(os.cpu_count() or 1)


class Publisher:
    """Tells whoever listens how far a task is: the last state is always told, but at most ten a second.

    Partial results come ever more slowly, each after half as much time again: drawing them takes the processor
    from what computes them when both are on one machine.
    """

    def __init__(self, worker: Worker, name: str) -> None:
        self._worker = worker
        self._name = name
        self._run = uuid.uuid4().hex
        self._started = monotonic()
        self._progress = Progress(0.0, "", {})
        self._partial: Result | None = None
        self._notes: list[str] = []
        self._open = True
        self._progress_throttle = Throttle(worker.loop, self._tell_progress)
        self._partial_throttle = Throttle(worker.loop, self._tell_partial, self._patience)
        self._tell_progress()

    def progress(self, progress: Progress) -> None:
        """How far the computation is."""
        self._progress = progress
        self._progress_throttle.request()

    def partial(self, result: Result) -> None:
        """What is known so far."""
        self._partial = result
        self._partial_throttle.request()

    def note(self, sentence: str) -> None:
        """Something a person should know although the job goes on."""
        self._notes.append(sentence)
        self._tell_progress()

    def wanted(self) -> bool:
        """Whether anybody still waits: the scheduler takes a running task back by marking it on its worker.

        A worker that is being closed waits for its tasks, so to it nothing is wanted any more.
        """
        if self._worker.status in (Status.closing, Status.closed):
            return False
        task = self._worker.state.tasks.get(self._name)
        return task is not None and task.state in ("executing", "long-running")

    def close(self) -> None:
        """Nothing is told any more."""
        self._open = False

    def _patience(self) -> float:
        return min(2.0, max(0.1, (monotonic() - self._started) / 2))

    def _tell_progress(self) -> None:
        now = self._progress
        self._tell(
            PROGRESS,
            {
                "fraction": float(now.fraction),
                "doing": now.doing,
                "metrics": {name: float(value) for name, value in now.metrics.items()},
                "elapsed": monotonic() - self._started,
                "note": " ".join(self._notes) or None,
            },
        )

    def _tell_partial(self) -> None:
        if self._partial is not None:
            self._tell(PARTIAL, {"data": pack(self._partial)})

    def _tell(self, topic: str, message: dict[str, object]) -> None:
        if self._open:
            self._worker.log_event(topic + self._name, message | {"run": self._run})


def _found(store: Store, key: str, publisher: Publisher) -> Result | None:
    try:
        return store.read(key)
    except Damaged as error:
        publisher.note(f"{error} It is computed again.")
        return None


def _made(store: Store, key: str, spec: Spec, publisher: Publisher) -> Result:
    analyse, train = functions()
    use_all_cores()
    ctx = _context(publisher, getattr(spec, "seed", 0))
    result = train(spec, ctx) if isinstance(spec, Recipe) else analyse(spec, ctx)
    try:
        store.write(key, result)
    except LabError as error:  # the person who waits gets the result all the same
        publisher.note(str(error))
    return result


def _carried_on(spec: TrainingRun, publisher: Publisher) -> Outcome:
    """A run from its folder, trained on from where it was left. Why it cannot go on is noted there."""
    try:
        return Outcome(pack(runs.finished(spec) or _trained(spec, publisher)))
    except Cancelled:
        if runs.wanted(spec.name):
            raise
        return Outcome(paused=True)
    except Exception as error:
        sentence = str(error) if isinstance(error, LabError) else _in_words(error, spec.name)
        runs.fail(spec.name, sentence)
        return Outcome(error=sentence)


def _trained(spec: TrainingRun, publisher: Publisher) -> Run:
    def unwanted() -> bool:
        return not (publisher.wanted() and runs.wanted(spec.name))

    if unwanted():  # paused while it was waiting for its slot
        raise Cancelled
    _, train = functions()
    use_all_cores()
    _require_fits(spec.recipe)
    return train(spec.recipe, replace(_context(publisher), cancelled=unwanted), runs.folder(spec.name), resume=True)


def _require_fits(recipe: Recipe) -> None:
    from lab.models import default_device
    from lab.training.size import require_fits

    require_fits(recipe, default_device())


def _context(publisher: Publisher, seed: int = 0) -> Context:
    return Context(
        seed=seed,
        on_progress=publisher.progress,
        on_partial=publisher.partial,
        on_note=publisher.note,
        cancelled=lambda: not publisher.wanted(),
    )


def _in_words(error: Exception, what: str) -> str:
    """A fault of the program as a sentence; the whole story goes to the log."""
    logger.error("The computation of %s failed.", what, exc_info=error)
    return f"The computation failed: {type(error).__name__}: {error}"
