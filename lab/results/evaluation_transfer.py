"""An evaluation, and what adversarial examples of another model add to it: the worst case of both."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lab.results.attack import AttackResult
from lab.results.evaluation import ModelEvaluation, Stage
from lab.specs.attacks import AttackSpec


def with_transfer(
    model: ModelEvaluation, source: str, attack: AttackSpec, found: AttackResult, x_adv: np.ndarray, seconds: float
) -> ModelEvaluation:
    """The evaluation with one more stage: ``found`` is the judge's on ``x_adv`` (n, …), made of the source model.

    It breaks those images that no attack on the model itself has broken. ``seconds`` is what it took.
    """
    left = model.robust
    broken = left & ~found.robust
    stage = Stage(f"transfer from {source}", attack, left, broken, passes=int(left.sum()), seconds=seconds)
    return replace(
        model,
        stages=(*model.stages, stage),
        broken_by=np.where(broken, len(model.stages), model.broken_by),
        adversarial=np.where(broken, found.adversarial, model.adversarial),
        distance=np.where(broken, found.distance, model.distance),
        margin=np.where(left, np.minimum(model.margin, found.margin), model.margin),
        x_adv=_joined(model, broken, x_adv),
        seconds=model.seconds + seconds,
    )


def _joined(model: ModelEvaluation, broken: np.ndarray, x_adv: np.ndarray) -> np.ndarray:
    """(b, …) adversarial examples of all broken images in their order; none where none are kept of those before."""
    before = model.broken_by >= 0
    if len(model.x_adv) != int(before.sum()):
        return model.x_adv
    pixels = np.array(x_adv, np.float32)
    pixels[before] = model.x_adv
    return pixels[before | broken]
