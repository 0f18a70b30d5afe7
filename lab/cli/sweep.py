"""``train --vary``: a recipe trained in several variants, as jobs spread over the engine's workers."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import product

from lab.cli import options as shared
from lab.cli.cluster import Cluster, cluster_of
from lab.cli.output import print_json
from lab.cli.pausing import pausing
from lab.cli.progress import progress_bar, say
from lab.cli.tables import table
from lab.context import Cancelled, Context
from lab.counts import percent
from lab.errors import SpecError
from lab.results.run import Run
from lab.specs import Recipe, TrainingRun


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


def run(runs: Sequence[TrainingRun], options: argparse.Namespace, record: Callable[[Run], dict[str, object]]) -> int:
    """Train them all, then print a table. The same command resumes what Ctrl-C left unfinished."""
    with _workers(options) as workers, pausing() as stopped, progress_bar() as show:
        try:
            jobs = workers.train_all(runs, Context(on_progress=show, on_note=say, cancelled=stopped))
        except Cancelled:
            say("Paused: the same command resumes the training.")
            return 130
    found = {each.name: job for each, job in zip(runs, jobs, strict=True)}
    for name, job in found.items():
        if job.error:
            say(f"{name}: {job.error}")
    trained = {name: job.result for name, job in found.items() if isinstance(job.result, Run)}
    if options.json:
        print_json({name: record(each) for name, each in trained.items()})
    else:
        print(_table(trained))
    return 0 if len(trained) == len(runs) else 2


@contextmanager
def _workers(options: argparse.Namespace) -> Iterator[Cluster]:
    """The workers of the cluster that the options name, or those of this machine."""
    from lab.engine import Engine, launch

    with cluster_of(options) as cluster:
        if cluster is not None:
            yield cluster
            return
        with launch() as connection, Engine.connect(connection, limited=False) as engine:
            yield Cluster(engine)


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
