"""One-step attacks: a single gradient, a single step of full length."""

import torch
from torch import Tensor, nn

from lab.attacks.attack import ascend
from lab.attacks.ball import project, steepest
from lab.attacks.gradient import pulled_back
from lab.attacks.labels import aim, clean_aim
from lab.attacks.noise import drawn, normal
from lab.attacks.objectives import entropy_ascent
from lab.attacks.radii import Region, per_image, reach
from lab.context import Context
from lab.specs.attacks import (
    FGSM,
    RFGSM,
    FastEntropy,
    FastGradientL2,
    FastGradientLinf,
    OneStep,
    RStepLL,
    StepLL,
    StepRnd,
)
from lab.specs.balls import L2

Labelled = FGSM | FastGradientL2 | FastGradientLinf | StepLL | StepRnd | RFGSM | RStepLL


@ascend.register
def fgsm(
    spec: FGSM | StepLL | StepRnd | RFGSM | RStepLL, model: nn.Module, x: Tensor, y: Tensor, ball: Region, ctx: Context
) -> Tensor:
    """x' + (eps - α) · sign(∇ₓ loss) from x' = x + α · sign(N(0, 1)), clipped to [0, 1].

    Kurakin et al. 2017, eq. 1 and, with a target, eq. 2; Tramèr et al. 2018, eq. 7 with α = ``alpha`` · eps. With L2,
    both steps go along the vector itself, divided by its Euclidean norm.
    """
    start = random_step(spec, x, ball, ctx)
    return _step(spec, start, steepest(ball, _gradient(spec, model, start, x, y, ctx)), x, ball)


@ascend.register
def fast_gradient_l2(
    spec: FastGradientL2, model: nn.Module, x: Tensor, y: Tensor, ball: Region, ctx: Context
) -> Tensor:
    """x + eps · ∇ₓ loss / ‖∇ₓ loss‖₂, inside the L∞ ball too. Kurakin et al. 2017, App. A."""
    start = random_step(spec, x, ball, ctx)
    return _step(spec, start, steepest(L2(), _gradient(spec, model, start, x, y, ctx)), x, ball)


@ascend.register
def fast_gradient_linf(
    spec: FastGradientLinf, model: nn.Module, x: Tensor, y: Tensor, ball: Region, ctx: Context
) -> Tensor:
    """x + eps · ∇ₓ loss / ‖∇ₓ loss‖∞, projected onto the ball. Kurakin et al. 2017, App. A."""
    start = random_step(spec, x, ball, ctx)
    gradient = _gradient(spec, model, start, x, y, ctx)
    largest = gradient.flatten(1).abs().amax(1).clamp(min=torch.finfo(x.dtype).tiny)
    return _step(spec, start, gradient / per_image(largest, x), x, ball)


@ascend.register
def fast_entropy(spec: FastEntropy, model: nn.Module, x: Tensor, y: Tensor, ball: Region, ctx: Context) -> Tensor:
    """x + eps · sign(∇ₓ H), H the entropy of the predicted classes. Kurakin et al. 2017, App. A."""
    start = random_step(spec, x, ball, ctx)
    ctx.report(0, 1)
    gradient, _ = pulled_back(model, start, entropy_ascent)
    return _step(spec, start, steepest(ball, gradient), x, ball)


def random_step(spec: OneStep, x: Tensor, ball: Region, ctx: Context) -> Tensor:
    """x + alpha · eps · sign(N(0, 1)), clipped to [0, 1]; with L2, along the normal vector itself."""
    if not spec.alpha:
        return x
    return project(ball, x + reach(ball, x, spec.alpha) * steepest(ball, drawn(x, ctx, normal)), x)


def _gradient(spec: Labelled, model: nn.Module, start: Tensor, x: Tensor, y: Tensor, ctx: Context) -> Tensor:
    """The gradient at ``start``, for the labels that the clean images decide."""
    ctx.report(0, 1)
    if start is x:  # the pass that gives the gradient also tells the labels
        return pulled_back(model, x, lambda logits: aim(spec.labels, logits, y, ctx).ascent(spec.objective, logits))[0]
    goal = clean_aim(spec.labels, model, x, y, ctx)
    return pulled_back(model, start, lambda logits: goal.ascent(spec.objective, logits))[0]


def _step(spec: OneStep, start: Tensor, direction: Tensor, x: Tensor, ball: Region) -> Tensor:
    return project(ball, start + reach(ball, x, 1 - spec.alpha) * direction, x)
