"""A hand-made evaluation, so that what shows or writes one is tested without computing one."""

from __future__ import annotations

import numpy as np

from lab.results import Check, EvaluationResult, Health, ModelEvaluation, Stage
from lab.results.evaluation import CLEAN, FAILED, PASSED, SKIPPED, UNBROKEN
from lab.specs import PGD, Evaluation, Linf, Margin, Square, Trained
from lab.specs.balls import Ball
from lab.specs.evaluation import QUICK

CHECKS = (
    Check("unbounded", PASSED, 0.0, 0.0, 20),
    Check("one step", FAILED, 0.4, 0.1, 20, "FGSM"),
    Check("transfer", SKIPPED, float("nan"), float("nan"), 0),
)


def sample_evaluation(
    name: str = "standard",
    n: int = 20,
    robust: int = 6,
    *,
    ball: Ball | None = None,
    checks: tuple[Check, ...] = CHECKS,
    keep_images: bool = True,
    seed: int = 0,
) -> ModelEvaluation:
    """Three stages on ``n`` images of 6×6 grey pixels, of which ``robust`` withstand all.

    Image 0 is misclassified before any attack; PGD breaks most of the others, its margin form and Square the rest.
    """
    ball = ball or Linf(0.3)
    draw = np.random.default_rng(seed)
    broken_by = np.full(n, UNBROKEN)
    fallen = np.arange(1, n - robust)
    broken_by[fallen] = np.minimum(2, np.sort(draw.geometric(0.6, len(fallen)) - 1))
    broken_by[: 1 if robust < n else 0] = CLEAN
    y = np.arange(n) % 10
    by_attack = broken_by >= 0
    return ModelEvaluation(
        model=name,
        y=y,
        clean=np.where(broken_by == CLEAN, (y + 1) % 10, y),
        stages=tuple(_stage(broken_by, i) for i in range(3)),
        broken_by=broken_by,
        adversarial=np.where(by_attack, (y + 3) % 10, np.nan),
        distance=np.where(by_attack, ball.eps * draw.uniform(0.8, 1, n), np.nan),
        margin=np.where(broken_by == UNBROKEN, 1, -1) * draw.uniform(0.1, 3, n),
        x_adv=draw.random((int(by_attack.sum()) if keep_images else 0, 1, 6, 6), np.float32),
        checks=checks,
        health=Health(0.0, 0.0, 0.0, False, False, images=n),
        ball=ball,
        budget=QUICK,
        seconds=4.5,
        done=1.0,
    )


def sample_result(names: tuple[str, ...] = ("standard", "pgd-trained"), n: int = 20) -> EvaluationResult:
    """The hand-made evaluations of several models, each with more survivors than the one before."""
    models = tuple(
        sample_evaluation(name, n, robust=min(n, (i * n) // len(names)), seed=i) for i, name in enumerate(names)
    )
    spec = Evaluation(models=tuple(Trained(name) for name in names), images=n)
    return EvaluationResult(spec, tuple(map(str, range(10))), models, 1.0)


def _stage(broken_by: np.ndarray, i: int) -> Stage:
    attacked = (broken_by == UNBROKEN) | (broken_by >= i)
    name, attack = (("PGD", PGD()), ("PGD, margin", PGD(objective=Margin())), ("Square", Square()))[i]
    return Stage(name, attack, attacked, broken_by == i, passes=40 * int(attacked.sum()), seconds=1.0 + i)
