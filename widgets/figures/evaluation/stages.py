"""Values of an evaluation's waterfall: each model's accuracy after every attack, from clean to worst case."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from lab.counts import counted
from lab.results import EvaluationResult, ModelEvaluation
from lab.results.evaluation import CLEAN
from lab.results.evaluation_columns import columns
from lab.specs.threat import threat
from widgets.figures.names import shortened

if TYPE_CHECKING:
    import pandas as pd  # a page that only draws does without its 25 MB

CLEAN_STAGE, WORST_CASE = "clean", "worst case"
NOT_DRAWN = -1


@dataclass(frozen=True, eq=False)
class Fall:
    """A model's accuracy in %: clean, after each of its S stages, and in the worst case so far (all (S + 2,)).

    ``names`` of these and their ``places`` among those that are drawn, :data:`NOT_DRAWN` for a check that breaks no
    image of any model; ``low`` and ``high`` the 95% interval (Wilson); ``attacked`` and ``broken`` count images;
    ``complete`` is False for what is still running.
    """

    model: str
    names: tuple[str, ...]
    places: np.ndarray
    accuracy: np.ndarray
    low: np.ndarray
    high: np.ndarray
    attacked: np.ndarray
    broken: np.ndarray
    seconds: np.ndarray
    complete: np.ndarray

    @property
    def worst(self) -> str:
        """The worst-case accuracy with its interval: "8.0% (5.0–12.6)"."""
        return f"{self.accuracy[-1]:.1f}% ({self.low[-1]:.1f}–{self.high[-1]:.1f})"

    @property
    def work(self) -> str:
        """Images that each attack breaks: "61 of 104 images broken by PGD; none by 4 other attacks"."""
        stages = list(zip(self.names, self.broken, self.attacked, strict=True))[1:-1]
        breaking = [(escape(name), broken, attacked) for name, broken, attacked in stages if broken]
        idle = len(stages) - len(breaking)
        if not breaking:
            return f"none broken by {counted(idle, 'attack')}" if idle else ""
        (first, broken, attacked), *rest = breaking
        parts = [f"{broken} of {counted(attacked, 'image')} broken by {first}"]
        parts += [f"{broken} of {attacked} by {name}" for name, broken, attacked in rest]
        return "; ".join([*parts, *([f"none by {counted(idle, 'other attack')}"] if idle else [])])


@dataclass(frozen=True, eq=False)
class Waterfall:
    """The ``stages`` that are drawn, of all models in one order, and the fall of each model."""

    stages: tuple[str, ...]
    falls: tuple[Fall, ...]


def falls(result: EvaluationResult | None) -> Waterfall:
    """The values that the waterfall, its caption and its table show."""
    models = result.models if result is not None else ()
    stages = in_one_order([[CLEAN_STAGE, *drawn_stages(models, model), WORST_CASE] for model in models])
    return Waterfall(stages, tuple(_fall(model, stages) for model in models))


def caption(result: EvaluationResult, shown: Waterfall, chosen: int) -> str:
    """The finding about the chosen model with its numbers, then the conditions."""
    fall = shown.falls[chosen]
    so_far = "" if fall.complete[-1] else ", so far"
    found = f"{shortened(escape(fall.model))}: accuracy falls from {fall.accuracy[0]:.1f}% to {fall.worst}{so_far}"
    work = f": {fall.work}." if fall.work else "."
    n = max(int(each.attacked[0]) for each in shown.falls)
    conditions = f"{threat(result.spec.ball)} · {counted(n, 'image')} · {result.spec.budget}"
    return f"{found}{work}<br>{conditions} · bars: 95% interval · numbers at the right: this model"


def waterfall_frame(result: EvaluationResult) -> pd.DataFrame:
    """One row per model and stage, those that break nothing included: accuracy in %, counts of images, seconds."""
    import pandas as pd

    return pd.DataFrame(
        {
            "model": fall.model,
            "stage": name,
            "accuracy_percent": fall.accuracy[i],
            "low_percent": fall.low[i],
            "high_percent": fall.high[i],
            "attacked": fall.attacked[i],
            "broken": fall.broken[i],
            "seconds": fall.seconds[i],
            "complete": fall.complete[i],
        }
        for fall in falls(result).falls
        for i, name in enumerate(fall.names)
    )


def drawn_stages(models: Sequence[ModelEvaluation], model: ModelEvaluation) -> list[str]:
    """Names of a model's stages that tell something about any of some models: attacks of the budget, and checks that
    broke an image."""
    telling = columns(models)
    return [stage.name for stage in model.stages if stage.name in telling]


def in_one_order(lists: Iterable[Sequence[str]]) -> tuple[str, ...]:
    """Every name once, each list's names in its own order as far as the lists before it allow."""
    merged: list[str] = []
    for names in lists:
        after = len(merged)  # the new names at the end come last, the others just before the next known one
        for name in reversed(names):
            if name in merged:
                after = min(after, merged.index(name))
            else:
                merged.insert(after, name)
    return tuple(merged)


def _fall(model: ModelEvaluation, stages: Sequence[str]) -> Fall:
    names = (CLEAN_STAGE, *(stage.name for stage in model.stages), WORST_CASE)
    accuracy = np.array([*model.accuracies(), model.robust_accuracy])
    low, high = np.array([model.interval(each) for each in accuracy]).T
    missed, left = int((model.broken_by == CLEAN).sum()), int(model.robust.sum())
    return Fall(
        model=model.model,
        names=names,
        places=np.array([stages.index(each) if each in stages else NOT_DRAWN for each in names]),
        accuracy=100 * accuracy,
        low=100 * low,
        high=100 * high,
        attacked=np.array([model.n, *(int(stage.attacked.sum()) for stage in model.stages), model.n]),
        broken=np.array([missed, *(int(stage.broken.sum()) for stage in model.stages), model.n - left]),
        seconds=np.array([0.0, *(stage.seconds for stage in model.stages), model.seconds]),
        complete=np.array([True, *(stage.done >= 1 for stage in model.stages), model.done >= 1]),
    )
