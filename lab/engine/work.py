"""The worker's side of a job: look it up or compute it, store it, and report on the way. No PyTorch until it runs."""

from __future__ import annotations

import itertools
import logging
import threading
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial

from distributed import Reschedule, Status, Worker, get_worker
from tornado.ioloop import IOLoop

from lab import clock, plugins, runs
from lab.context import Cancelled, Context, Progress
from lab.engine.inside import is_executing, memory_limit, settle
from lab.engine.keeper import PARTIAL, PROGRESS, PartialNews, ProgressNews
from lab.engine.machine import cores, require_memory
from lab.engine.origin import Origin, require_alike, require_same_parts
from lab.engine.slots import slot_for
from lab.engine.throttle import Throttle
from lab.engine.turns import Turn, by_slot
from lab.errors import LONGEST, LabError, Unknown, Unrepeatable, one_line
from lab.home import results_folder
from lab.keys import left_out, names_users_models, stored_key
from lab.memory import NOT_ENOUGH, ran_out
from lab.results.result import Result, pack
from lab.results.run import Run
from lab.runs.claim import Held
from lab.specs import Recipe, Spec, TrainingRun, from_json
from lab.specs.sentences import labelled
from lab.store import DamagedResult, Store

logger = logging.getLogger("lab.engine")

_importing = threading.Lock()
_turns = by_slot()


@dataclass(frozen=True)
class Outcome:
    """End of a job: its packed result, the sentence that says why there is none, or a pause."""

    data: bytes | None = None
    error: str | None = None
    paused: bool = False


def compute(text: str, key: str, name: str, asking: Origin, rank: int) -> Outcome:
    """The result of the spec that is written in ``text``, from the store or computed; ``name`` is the task's.

    ``rank`` is how many of its kind its page had asked for before. Runs on a Dask worker. A cancelled task that
    somebody asked for again in the meantime starts over.
    """
    worker = get_worker()
    settle(worker)

    def request() -> Spec:
        require_alike(asking)
        spec = from_json(text)
        require_same_parts(spec, asking)
        return spec

    publisher = Publisher(worker.loop, partial(_tell_scheduler, worker, name), partial(_is_wanted, worker, name))
    try:
        return outcome(request, key, publisher, rank, memory_limit(worker))
    except Cancelled:
        raise Reschedule from None


def outcome(
    request: Callable[[], Spec], key: str, publisher: Publisher, rank: int = 0, memory: int | None = None
) -> Outcome:
    """Compute the outcome of the request for a spec's result, on a worker of Dask or in a thread of this process.

    ``memory`` are the bytes this process may use, None for all that are free. Raises :class:`Cancelled`.
    """
    try:
        spec = request()
        if isinstance(spec, TrainingRun):
            return _resume(spec, publisher)
        if names_users_models(spec):
            require_memory(spec, memory)  # their logits of images of the data's shape decide the key
        store, stored = Store(results_folder()), _stored_key(spec, key, publisher)
        for sentence in left_out(spec):
            publisher.note(sentence)
        result = _read_stored(store, stored, publisher)
        if result is None:
            with _turn(spec, publisher, publisher.wanted, rank) as turn:
                result = _compute(store, stored, spec, key, publisher, turn, memory)
        return Outcome(pack(result))
    except LabError as error:
        return Outcome(error=labelled(error))
    except Cancelled:
        raise
    except Exception as error:
        return Outcome(error=_in_words(error, key))
    finally:
        publisher.close()


def _tell_scheduler(worker: Worker, name: str, topic: str, news: ProgressNews | PartialNews) -> None:
    worker.log_event(topic + name, news)


def _is_wanted(worker: Worker, name: str) -> bool:
    """Return whether anybody still waits: the scheduler takes a running task back by marking it on its worker.

    A worker that is being closed waits for its tasks, so to it nothing is wanted any more.
    """
    return worker.status not in (Status.closing, Status.closed) and is_executing(worker, name)


def functions() -> tuple[Callable[[Spec, Context], Result], Callable[..., Run]]:
    """``analyse`` and ``train``. One thread at a time imports them: PyTorch must not be imported by halves."""
    with _importing:
        from lab.analysis import analyse
        from lab.training import train

        plugins.parts("computing")
    return analyse, train


def use_all_cores() -> None:
    """Let PyTorch use every core that this process may use in this thread, whatever an earlier job left."""
    import torch

    torch.set_num_threads(cores())


class Publisher:
    """Tells whoever listens how far a task is: the last state is always told, but at most ten a second.

    Partial results come ever more slowly, each after half as much time again: drawing them takes the processor
    from what computes them when both are on one machine. ``tell(topic, news)`` is called from any thread;
    ``wanted()`` says whether anybody still waits.
    """

    def __init__(
        self, loop: IOLoop, tell: Callable[[str, ProgressNews | PartialNews], None], wanted: Callable[[], bool]
    ) -> None:
        self._tell = tell
        self.wanted = wanted
        self._run = uuid.uuid4().hex
        self._started = clock.seconds()
        self._progress = Progress(0.0, "", {})
        self._partial: Result | None = None
        self._notes: list[str] = []
        self._numbers = itertools.count(1)
        self._open = True
        self._progress_throttle = Throttle(loop, self._tell_progress)
        self._partial_throttle = Throttle(loop, self._tell_partial, self._patience)
        self._tell_progress()

    def progress(self, progress: Progress) -> None:
        """Publish the progress of the computation."""
        self._progress = progress
        self._progress_throttle.request()

    def partial(self, result: Result) -> None:
        """Publish the result so far."""
        self._partial = result
        self._partial_throttle.request()

    def note(self, sentence: str) -> None:
        """Something a person should know although the job goes on."""
        self._notes.append(sentence)
        self._tell_progress()

    def close(self) -> None:
        """Nothing is told any more."""
        self._open = False

    def _patience(self) -> float:
        return min(2.0, max(0.1, (clock.seconds() - self._started) / 2))

    def _tell_progress(self) -> None:
        if not self._open:
            return
        now = self._progress
        news = ProgressNews(
            run=self._run,
            number=next(self._numbers),
            fraction=float(now.fraction),
            doing=now.doing,
            metrics={name: float(value) for name, value in now.metrics.items()},
            elapsed=clock.seconds() - self._started,
            note=" ".join(self._notes) or None,
        )
        self._tell(PROGRESS, news)

    def _tell_partial(self) -> None:
        if self._open and self._partial is not None:
            self._tell(PARTIAL, PartialNews(run=self._run, number=next(self._numbers), data=pack(self._partial)))


def _stored_key(spec: Spec, asked: str, publisher: Publisher) -> str | None:
    """The name of the result in the store; None, and a note why, when it must not be stored."""
    if names_users_models(spec):
        functions()  # they are loaded now
    try:
        return stored_key(spec, asked)
    except Unrepeatable as why:
        publisher.note(str(why))
        return None


def _read_stored(store: Store, name: str | None, publisher: Publisher) -> Result | None:
    try:
        return store.read(name) if name else None
    except (DamagedResult, Unknown) as error:
        publisher.note(str(error))
        return None


def _compute(
    store: Store,
    name: str | None,
    spec: Spec,
    asked: str,
    publisher: Publisher,
    turn: Turn,
    memory: int | None,
) -> Result:
    analyse, train = functions()
    use_all_cores()
    require_memory(spec, memory)
    ctx = _context(publisher, turn, getattr(spec, "seed", 0))
    result = train(spec, ctx) if isinstance(spec, Recipe) else analyse(spec, ctx)
    try:
        if name is not None and name == _stored_key(spec, asked, publisher):  # no model has changed meanwhile
            store.write(name, result)
    except LabError as error:  # the person who waits gets the result all the same
        publisher.note(str(error))
    return result


def _resume(spec: TrainingRun, publisher: Publisher) -> Outcome:
    """A run from its folder, trained on from where it was left. Why it cannot go on is noted there."""
    try:
        return Outcome(pack(runs.finished(spec) or _train(spec, publisher)))
    except Cancelled:
        if runs.wanted(spec.name):
            raise
        return Outcome(paused=True)
    except Exception as error:
        sentence = labelled(error) if isinstance(error, LabError) else _in_words(error, spec.name)
        if not isinstance(error, Held):
            runs.fail(spec.name, sentence)
        return Outcome(error=sentence)


def _train(spec: TrainingRun, publisher: Publisher) -> Run:
    def wanted() -> bool:
        return publisher.wanted() and runs.wanted(spec.name)

    if not wanted():  # paused while it was waiting for its slot
        raise Cancelled
    _, train = functions()
    use_all_cores()
    _require_fits(spec.recipe)
    with _turn(spec, publisher, wanted) as turn:
        ctx = replace(_context(publisher, turn), cancelled=lambda: not turn.come(wanted))
        return train(spec.recipe, ctx, runs.folder(spec.name), resume=True)


def _require_fits(recipe: Recipe) -> None:
    from lab.models import default_device
    from lab.training.size import require_fits

    require_fits(recipe, default_device())


def _turn(spec: Spec, publisher: Publisher, wanted: Callable[[], bool], rank: int = 0) -> AbstractContextManager[Turn]:
    """The turn of a job, once it has come."""
    publisher.progress(Progress(0.0, "waiting for its turn", {}))
    return _turns[slot_for(spec)].joined(rank, wanted)


def _context(publisher: Publisher, turn: Turn, seed: int = 0) -> Context:
    def shown(result: Result) -> None:
        publisher.partial(result)
        turn.shown()

    return Context(
        seed=seed,
        on_progress=publisher.progress,
        on_partial=shown,
        on_note=publisher.note,
        cancelled=lambda: not turn.come(publisher.wanted),
    )


def _in_words(error: Exception, what: str) -> str:
    """A fault of the program as a sentence; the whole story goes to the log."""
    logger.error("The computation of %s failed.", what, exc_info=error)
    if ran_out(error):
        return NOT_ENOUGH
    return one_line(f"The computation failed: {type(error).__name__}: {error}", LONGEST)
