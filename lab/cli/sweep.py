"""``train --vary``: a recipe trained in several variants, as jobs spread over the engine's workers."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterable, Sequence
from itertools import product
from typing import TYPE_CHECKING

from lab.cli import options as shared
from lab.cli.output import print_json
from lab.cli.pausing import pausing
from lab.cli.progress import progress_bar, say
from lab.cli.tables import table
from lab.context import Progress
from lab.counts import percent
from lab.errors import LabError, SpecError
from lab.results.run import Run
from lab.specs import Recipe, TrainingRun

if TYPE_CHECKING:
    from lab.engine import Job

_PAUSE = 0.2  # seconds between two looks at the jobs


def add_vary(parser: argparse.ArgumentParser) -> None:
    """``--vary FIELD=VALUE,VALUE``: train one model for each value."""
    parser.add_argument(
        "--vary",
        action="append",
        default=[],
        metavar="FIELD=VALUES",
        help="one model for each of these values, such as similarity.weight=1e-4,1e-3; given twice: one for each pair",
    )


def variants(name: str, recipe: Recipe, vary: Sequence[str], given: Iterable[str] = ()) -> list[TrainingRun]:
    """A run for every combination of the values, each named after its own.

    Raises :class:`SpecError` as a spec does, and when a field that is varied has been ``given`` a value.
    """
    given = set(given)
    choices = [[(path, value) for value in values.split(",")] for path, values in map(_parted, vary)]
    runs = []
    for chosen in product(*choices):
        changed = shared.with_settings(recipe, [f"{path}={value}" for path, value in chosen], given)
        endings = [f"{path.rpartition('.')[2]}-{_in_a_name(value)}" for path, value in chosen]
        runs.append(TrainingRun("-".join([name, *endings]), changed))
    if len({each.name for each in runs}) < len(runs):
        raise SpecError("--vary lists a value more than once: list each once.")
    return runs


def run(runs: Sequence[TrainingRun], as_json: bool, record: Callable[[Run], dict[str, object]]) -> int:
    """Train them all, then print a table. The same command resumes what Ctrl-C left unfinished."""
    from lab.engine import Engine, launch

    with launch() as connection, Engine.connect(connection) as engine, pausing() as stopped, progress_bar() as show:
        jobs = [engine.submit(each) for each in runs]
        while any(each.state in ("waiting", "running") for each in jobs) and not stopped():
            done = sum(_fraction(each) for each in jobs) / len(jobs)
            show(Progress(done, f"{len(jobs)} models", {}))
            _settle(jobs)
        if stopped():
            say("Paused: the same command resumes the training.")
            return 130
    found = {each.name: job for each, job in zip(runs, jobs, strict=True)}
    for name, job in found.items():
        if job.error:
            say(f"{name}: {job.error}")
    trained = {name: job.result for name, job in found.items() if isinstance(job.result, Run)}
    if as_json:
        print_json({name: record(each) for name, each in trained.items()})
    else:
        print(_table(trained))
    return 0 if len(trained) == len(runs) else 2


def _settle(jobs: Sequence[Job]) -> None:
    """Wait a moment, or until the first job that is not done yet is."""
    waiting = next(each for each in jobs if each.state in ("waiting", "running"))
    try:
        waiting.wait(_PAUSE)
    except (LabError, TimeoutError):  # said at the end, or not done yet
        return


def _fraction(job: Job) -> float:
    if job.state in ("done", "failed", "cancelled"):
        return 1.0
    return job.progress.fraction if job.progress else 0.0


def _table(trained: dict[str, Run]) -> str:
    found = {name: each.accuracies for name, each in trained.items()}
    rows = [(name, *(percent(share, 1) for share in (each.clean, each.fgsm, each.pgd))) for name, each in found.items()]
    return table(rows, ("model", "clean", "FGSM", "PGD"))


def _in_a_name(value: str) -> str:
    """A value as the name of a run has it: 8/255 as 8_255, and without what a name may not hold."""
    return re.sub(r"[^A-Za-z0-9_.-]", "", value.replace("/", "_"))


def _parted(text: str) -> tuple[str, str]:
    path, equals, values = text.partition("=")
    if not equals or not values:
        raise SpecError(f"'{text}' is not a valid value of --vary: write --vary FIELD=VALUE,VALUE.")
    return path, values
