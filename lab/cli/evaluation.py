"""Evaluations for the commands ``evaluate`` and ``attack``: one model after the other, in words and for programs."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from lab import datafiles
from lab.cli import options as shared
from lab.cli.answers import answer
from lab.cli.cluster import Cluster
from lab.cli.progress import progress_bar, say
from lab.cli.tables import table
from lab.cli.threat import ball_of
from lab.counts import counted, percent
from lab.pairing import at_home, names_on
from lab.reports import record
from lab.reports.words import percent as in_percent, with_interval
from lab.results import EvaluationResult, ModelEvaluation
from lab.results.evaluation_checks import not_needed
from lab.results.evaluation_columns import columns, remaining
from lab.results.evaluation_verdict import verdict
from lab.specs import Custom, Evaluation, ModelSpec, to_dict
from lab.specs.models import names_of
from lab.specs.threat import threat

INTERRUPTED = "Interrupted: the same command resumes it, and what is finished is not computed again."


@dataclass(frozen=True)
class Request:
    """The evaluation of one model, and what that is called beside the others; ``marked`` also where it is from."""

    spec: Evaluation
    name: str
    marked: str

    @property
    def model(self) -> ModelSpec:
        """The model that is evaluated."""
        return self.spec.models[0]


def requests(options: argparse.Namespace, budget: str | None, settings: Sequence[str] = ()) -> list[Request]:
    """An evaluation for each of the models that the options name; None, as for an option, is the default."""
    models = shared.models(options.model or ["standard"], options.weights, options.name)
    data = shared.data_set(options, options.data, models)
    if not options.model:
        models = tuple(at_home(each, data or Evaluation().data) for each in models)
    fields = {
        "data": data,
        "ball": ball_of(options, data or Evaluation().data),
        "images": options.images,
        "budget": budget,
        "seed": options.seed,
    }
    given = {name: value for name, value in fields.items() if value is not None}
    made = [Evaluation().replace(models=(each,), **given) for each in models]
    made = [shared.with_settings(each, settings, ["models", *given]) for each in made]
    marked = names_on(models, made[0].data)
    return [Request(*each) for each in zip(made, names_of(models), marked, strict=True)]


def evaluated(
    request: Request, download: bool, cancelled: Callable[[], bool], cluster: Cluster | None = None
) -> EvaluationResult:
    """The evaluation, with the model called as here; says what was computed before, and is not computed again.

    Raises :class:`Cancelled` after an interruption.
    """
    shared.warn_of_steps(request.spec)
    shared.warn_of_pairs(request.spec.data, request.spec)
    start = time.perf_counter() if cluster is None else cluster.began  # its workers may have begun earlier
    with progress_bar() as show:
        found = answer(request.spec, show, download, cancelled, say, request.name, cluster)
    assert isinstance(found, EvaluationResult)
    whole = sum(each.seconds for each in found.models)
    before = whole - (time.perf_counter() - start)
    if before > 1:
        say(f"{request.name}: at least {before:.0f} of {whole:.0f} s were computed before, and not again.")
    return replace(found, models=tuple(replace(each, model=request.marked) for each in found.models))


def plain(request: Request, model: ModelEvaluation) -> dict[str, object]:
    """Return an evaluation as plain values for ``--json``."""
    spec = request.spec
    return record(model, datafiles.name_of(spec.data)) | {
        "model": request.name,
        "model_name": request.name,
        "model_spec": to_dict(request.model),
        "data": to_dict(spec.data),
        "data_notes": list(shared.data_notes(spec.data)),
        "seed": spec.seed,
    }


def in_words(request: Request, model: ModelEvaluation) -> str:
    """The stages, the checks that failed, the verdict and the warnings, for a person."""
    spec, found = request.spec, verdict(model)
    about = (
        f"{request.marked}{unweighted(request.model)} on {counted(model.n, 'test image')} of {shared.words(spec.data)}"
    )
    lines = [
        f"{about}, {threat(model.ball)}, {spec.budget} evaluation, seed {spec.seed}",
        *shared.data_notes(spec.data),
        "",
        _stages(model),
        "",
        f"clean accuracy   {percent(model.clean_accuracy, 1):>7}",
        f"robust accuracy  {percent(model.robust_accuracy, 1):>7}",
        f"time             {model.seconds:>5.1f} s",
        "",
        f"Verdict: {found.words}",
        *(f"Failed check: {each}" for each in found.flaws),
        *filter(None, [not_needed(model.checks)]),
        *(f"Warning: {each}" for each in model.health.warnings),
    ]
    return "\n".join(lines)


def side_by_side(models: Sequence[ModelEvaluation]) -> str:
    """A row for each model: accuracy in % after each attack that tells something, worst case, and verdict."""
    names = columns(models)
    rows = [
        [
            each.model,
            *map(in_percent, (each.clean_accuracy, *remaining(each, names))),
            with_interval(each, each.robust_accuracy),
            f"{each.seconds:.1f}",
            verdict(each).kind,
        ]
        for each in models
    ]
    return table(rows, ["model", "clean", *names, "robust (95%)", "seconds", "verdict"])


def unweighted(model: ModelSpec) -> str:
    """A word on a user's model that nobody gave weights."""
    bare = isinstance(model, Custom) and not model.weights
    return " (no weights given: the model is as its builder made it)" if bare else ""


def _stages(model: ModelEvaluation) -> str:
    rows = [
        [
            row["stage"],
            f"{row['attacked']:,}",
            f"{row['broken']:,}",
            with_interval(model, row["accuracy"]),
            f"{row['seconds']:.1f}",
        ]
        for row in model.to_frame().to_dict("records")
    ]
    return table(rows, ["attack", "attacked", "broken", "accuracy so far, % (95%)", "seconds"])
