"""``--scheduler``: what a command computes, computed by the workers of a cluster."""

from __future__ import annotations

import argparse
import os
import time
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from lab import runs
from lab.context import Cancelled, Context
from lab.errors import EngineError, LabError
from lab.home import path_of
from lab.quiet import unlogged
from lab.results.result import Result
from lab.results.run import Run
from lab.specs import Analysis, TrainingRun

if TYPE_CHECKING:
    from lab.engine import Engine, Job

_GLANCE = 0.2  # seconds between two looks at a job
_PATIENCE = 30


def add_scheduler(parser: argparse.ArgumentParser) -> None:
    """``--scheduler`` and ``--patience``: where a command is computed."""
    group = parser.add_argument_group("cluster")
    about = "compute on the workers of this Dask scheduler, such as tcp://HOST:8786 (default: $LAB_ENGINE, else here)"
    group.add_argument("--scheduler", metavar="ADDRESS", default=os.environ.get("LAB_ENGINE"), help=about)
    about = f"how long to wait for a cluster that has no workers (default: {_PATIENCE})"
    group.add_argument("--patience", type=_seconds, default=_PATIENCE, metavar="SECONDS", help=about)


def _seconds(text: str) -> float:
    """A time as a person types it. Raises ``ValueError`` for one that never ends, or has none."""
    found = float(text)
    if not 0 < found < 1e9:
        raise ValueError
    return found


_seconds.__name__ = "time in seconds"  # argparse puts it into its message


@contextmanager
def cluster_of(options: argparse.Namespace) -> Iterator[Cluster | None]:
    """The cluster that the options name, for as long as the context lasts; None to compute here.

    Raises :class:`LabError` when it cannot be reached or does not fit to this process.
    """
    if not options.scheduler:
        yield None
        return
    from lab.engine import Engine

    address, patience = scheduler_address(options.scheduler), options.patience
    with quiet_dask(), Engine.connect(address, limited=False, patience=patience) as engine:
        yield Cluster(engine, patience)


def scheduler_address(text: str) -> str:
    """The address of a scheduler, or the path of a connection file. Raises :class:`LabError` when it can be neither."""
    if "://" in text:
        return text
    if path_of(text).is_file():
        return str(path_of(text))
    raise LabError(f"'{text:.120}' is not the address of a scheduler: write it as tcp://HOST:8786.")


@contextmanager
def quiet_dask() -> Iterator[None]:
    """Keep to itself what Dask logs of connections that end: the command says in a sentence what it means."""
    with unlogged(), warnings.catch_warnings():  # Dask gives each of its loggers a level of its own
        warnings.filterwarnings("ignore", module="distributed")
        yield


class Cluster:
    """The workers of a scheduler, for one command: it waits at most ``patience`` seconds while there are none."""

    def __init__(self, engine: Engine, patience: float = _PATIENCE) -> None:
        self.began = time.perf_counter()
        self._engine = engine
        self._patience = patience
        self._seen = time.monotonic()
        self._ahead: dict[Analysis, Job] = {}

    @contextmanager
    def ahead(self, specs: Iterable[Analysis]) -> Iterator[None]:
        """Have the workers compute analyses side by side, for which :meth:`compute` then waits one after the other."""
        for each in specs:
            with suppress(LabError):  # it is raised when its turn comes
                self._ahead[each] = self._engine.submit(each)
        try:
            yield
        finally:
            for job in self._ahead.values():
                job.cancel()
            self._ahead.clear()

    def compute(self, spec: Analysis, ctx: Context) -> Result:
        """Return the result of an analysis, from the store or computed by a worker.

        Raises :class:`Cancelled` after an interruption, and then nobody computes it any more.
        """
        job = self._ahead.pop(spec, None) or self._engine.submit(spec)
        try:
            self._follow([job], ctx)
            return job.wait(0)
        finally:
            job.cancel()

    def train(self, run: TrainingRun, ctx: Context) -> Run:
        """Train a run on a worker, resuming it where it was left. Raises :class:`Cancelled` once it is paused."""
        [job] = self.train_all([run], ctx)
        if job.state == "cancelled":  # paused elsewhere, as on a page
            raise Cancelled
        result = job.wait(0)
        assert isinstance(result, Run)
        return result

    def train_all(self, trained: Sequence[TrainingRun], ctx: Context) -> list[Job]:
        """Train several runs, as many at once as the workers take, and return their jobs, which have ended.

        Raises :class:`Cancelled` once all are paused.
        """
        jobs = [self._engine.submit(each) for each in trained]
        try:
            self._follow(jobs, ctx)
        except Cancelled:
            for each in trained:
                runs.pause(each.name)
            self._follow(jobs, replace(ctx, cancelled=lambda: False))
            raise
        except EngineError:
            for job in jobs:
                job.cancel()
            raise
        return jobs

    def _follow(self, jobs: Sequence[Job], ctx: Context) -> None:
        """Report the progress of jobs until all have ended. Raises :class:`Cancelled` when that is asked for."""
        told: set[str] = set()
        while waiting := [each for each in jobs if not each.finished]:
            _report(jobs, ctx)
            for note in {each.note for each in jobs if each.note} - told:
                told.add(note)
                ctx.note(note)
            self._require_workers()
            try:
                waiting[0].wait(_GLANCE)
            except (LabError, TimeoutError):
                continue

    def _require_workers(self) -> None:
        """Refuse to wait on where no worker has been seen for too long. Raises :class:`EngineError`."""
        if not self._engine.reachable or self._engine.workers():
            self._seen = time.monotonic()
        elif time.monotonic() - self._seen > self._patience:
            raise EngineError(
                f"No worker has been at {self._engine.address} for {self._patience:g} s: start one with 'python -m lab "
                f"worker {self._engine.address}', and the same command resumes; without --scheduler it computes here."
            )


def train_run(run: TrainingRun, ctx: Context, cluster: Cluster | None, resume: bool = True) -> Run:
    """Train a run here or on a worker of the cluster, resuming one that was left if that is wanted.

    Raises as :func:`lab.training.train` does.
    """
    from lab.training.train import require_own, require_startable, train

    folder = runs.folder(run.name)
    if cluster is None:
        return train(run.recipe, ctx, folder, resume)
    require_own(folder, run.recipe, resume)
    if runs.finished(run) is None:
        require_startable(run.recipe)
    return cluster.train(run, ctx)


def _report(jobs: Sequence[Job], ctx: Context) -> None:
    """Report the progress of one job as its worker does, that of several as their mean."""
    done = sum(map(_fraction, jobs)) / len(jobs)
    if len(jobs) > 1:
        ctx.named(f"{len(jobs)} models").report(done, 1)
    elif why := jobs[0].why_waiting:
        ctx.named(f"waiting: {why}").report(done, 1)
    elif progress := jobs[0].progress:
        ctx.named(progress.doing).report(done, 1, **progress.metrics)
    else:
        ctx.report(done, 1)


def _fraction(job: Job) -> float:
    if job.finished:
        return 1.0
    return job.progress.fraction if job.progress else 0.0
