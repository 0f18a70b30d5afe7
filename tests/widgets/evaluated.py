"""A plausible answer to :class:`lab.specs.Evaluation`, made without PyTorch."""

from dataclasses import replace

from lab.results import EvaluationResult
from lab.specs import Evaluation
from lab.specs.models import name_of
from tests.evaluations import sample_evaluation

IMAGES = 100


def evaluated(spec: Evaluation, count: int | None = None) -> EvaluationResult:
    """The models of a spec, or the first ones of them: 30 images of the first withstand all, 60 of the second."""
    names = [name_of(each) for each in spec.models]
    kept = names[: len(names) if count is None else count]
    models = tuple(
        replace(sample_evaluation(name, IMAGES, min(90, 30 * (i + 1)), ball=spec.ball, seed=i), budget=spec.budget)
        for i, name in enumerate(kept)
    )
    return EvaluationResult(spec, tuple("0123456789"), models, len(kept) / len(names))


def running(result: EvaluationResult) -> EvaluationResult:
    """The same while the last stage of the last model is still under way, and no check has run."""
    *before, last = result.models
    stages = (*last.stages[:-1], replace(last.stages[-1], done=0.5))
    models = (*before, replace(last, stages=stages, checks=(), done=0.5))
    return replace(result, models=models, done=0.8)
