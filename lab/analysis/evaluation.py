"""Robust accuracy under attacks that need no tuning, with sanity checks. Croce & Hein 2020; Carlini et al. 2019."""

from collections.abc import Sequence
from dataclasses import replace
from threading import Lock

from lab import catalogue
from lab.analysis.analyse import analyse
from lab.analysis.kept_stages import kept_stages
from lab.analysis.pieces import together
from lab.attacks.evaluation import evaluate
from lab.context import Context
from lab.data import load as load_data
from lab.models import load_adapted as load_model
from lab.pairing import names_on, trained_elsewhere
from lab.results.evaluation import EvaluationResult, ModelEvaluation
from lab.results.result import Result
from lab.specs.data import DataSpec
from lab.specs.evaluation import Evaluation
from lab.specs.models import ModelSpec

_UNDEFENDED = "Standard"  # the recipe of a model that was trained on clean images only
MOST_SOURCES = 2


@analyse.register
def evaluation(spec: Evaluation, ctx: Context) -> EvaluationResult:
    """Every model on the same images, side by side; what is known so far is shown after each block of a stage."""
    data = load_data(spec.data, ctx.silent())
    positions = range(min(spec.images, len(data.test)))
    x, y = data.test.images(positions), data.test.labels(positions)
    names = names_on(spec.models, spec.data)
    shown = _Shown(spec, tuple(data.class_names), ctx)

    def run(i: int, ctx: Context) -> ModelEvaluation:
        sources = undefended(spec.data, spec.models[i])
        return evaluate(
            load_model(spec.models[i]),
            x,
            y,
            spec.ball,
            spec.budget,
            shown.lane(i, ctx),
            name=names[i],
            sources=[(name, load_model(each)) for name, each in sources],
            kept=kept_stages(spec, spec.models[i]),
        )

    return shown.result([one for _, one in together(run, range(len(names)), ctx)], 1.0)


class _Shown:
    """Evaluations of all models so far, reported whenever one of them has news."""

    def __init__(self, spec: Evaluation, class_names: tuple[str, ...], ctx: Context) -> None:
        self._spec, self._class_names, self._ctx, self._lock = spec, class_names, ctx, Lock()
        self._found: dict[int, ModelEvaluation] = {}

    def lane(self, i: int, ctx: Context) -> Context:
        """The context in which one model is evaluated."""

        def shown(partial: Result) -> None:
            assert isinstance(partial, ModelEvaluation)
            with self._lock:
                self._found[i] = partial
                known = [self._found[each] for each in sorted(self._found)]
                self._ctx.partial(self.result(known, sum(each.done for each in known) / len(self._spec.models)))

        return replace(ctx, on_partial=shown)

    def result(self, models: Sequence[ModelEvaluation], done: float) -> EvaluationResult:
        return EvaluationResult(self._spec, self._class_names, tuple(models), done)


def undefended(data: DataSpec, besides: ModelSpec) -> list[tuple[str, ModelSpec]]:
    """Models that were trained on clean images of these data, by name: sources of transferred adversarial examples."""
    found = [
        (each.name, each.spec)
        for each in catalogue.models()
        if each.origin == "zoo"
        and (each.recipe or {}).get("spec") == _UNDEFENDED
        and each.spec != besides
        and not trained_elsewhere(each, data)
    ]
    return found[:MOST_SOURCES]
