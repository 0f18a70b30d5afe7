"""Evaluations side by side: the attacks that are columns of one table, and what remains after each."""

from __future__ import annotations

from collections.abc import Sequence

from lab.results.evaluation import ModelEvaluation
from lab.specs.stages import stages


def columns(models: Sequence[ModelEvaluation]) -> tuple[str, ...]:
    """The names of the stages that tell something: every attack of the budget, and a check that broke an image.

    In the order in which they ran, without those that no model went through.
    """
    found: dict[str, None] = {}
    for model in models:
        planned = {each.name for each in stages(model.budget, model.ball)}
        found |= dict.fromkeys(each.name for each in model.stages if each.name in planned or each.broken.any())
    return tuple(found)


def remaining(model: ModelEvaluation, names: Sequence[str]) -> tuple[float, ...]:
    """Accuracy, the worst case so far, after each stage of these names; NaN for one that did not run."""
    after = dict(zip((each.name for each in model.stages), model.accuracies()[1:], strict=True))
    return tuple(after.get(name, float("nan")) for name in names)
