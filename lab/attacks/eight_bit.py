"""Adversarial examples in 8 bits, as a picture file holds them: rounded inside the ball, and predicted again."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from lab.attacks.ball import distance
from lab.attacks.batches import logits_of
from lab.attacks.checks import check_ball, taken
from lab.attacks.gradient import device_of, frozen
from lab.attacks.judge import check_proposal
from lab.attacks.objectives import predicted
from lab.models.adapter import adapted
from lab.results.examples import Examples
from lab.specs.balls import Ball
from lab.specs.spec import Spec

_HIGHEST = 255
_TOLERANCE = 1e-5  # as the judge's: what float32 rounding of x ± eps and of a norm may add


def rounded_inside(x_adv: Tensor, x: Tensor, ball: Ball) -> Tensor:
    """The images ``x_adv`` (n, …) with each pixel at one of 256 levels, inside the ball around ``x`` if they can be.

    Each pixel goes to the nearest level. In an image that leaves the ball by it, the pixels that moved away from the
    clean ones go to the level on the other side instead: no pixel then differs from its clean one by more than before,
    unless that lies between two levels itself.
    """
    nearest = (x_adv * _HIGHEST).round() / _HIGHEST
    toward = torch.where(x_adv > x, (x_adv * _HIGHEST).floor(), (x_adv * _HIGHEST).ceil()) / _HIGHEST
    inward = torch.where((nearest - x).abs() > (x_adv - x).abs(), toward, nearest)
    outside = ~_inside(ball, nearest, x)
    return torch.where(outside.view(-1, *[1] * (x.dim() - 1)), inward, nearest)


def examples(
    model: nn.Module, x: Tensor, y: Tensor, x_adv: Tensor, ball: Ball, *, name: str, spec: Spec, seed: int
) -> Examples:
    """The adversarial examples with what the model predicts on them, in float32 and in 8 bits.

    ``x``, ``x_adv`` (n, …) in [0, 1], ``y`` (n,); ``spec`` and ``seed`` are what made them. Raises
    :class:`AttackError` when one lies outside the ball or [0, 1].
    """
    check_ball(ball)
    model = adapted(model)
    x, y = taken(x, y, device_of(model))
    x_adv = x_adv.to(x)
    far = check_proposal(x, x_adv, ball, _TOLERANCE)
    rounded = rounded_inside(x_adv, x, ball)
    with frozen(model):
        clean, adversarial, again = (predicted(logits_of(model, each)).cpu().numpy() for each in (x, x_adv, rounded))
    return Examples(
        model=name,
        spec=spec,
        ball=ball,
        seed=seed,
        y=y.cpu().numpy(),
        x=x.float().cpu().numpy(),
        x_adv=x_adv.float().cpu().numpy(),
        rounded=(rounded * _HIGHEST).round().to(torch.uint8).cpu().numpy(),
        clean=clean,
        adversarial=adversarial,
        predicted=again,
        distance=far.cpu().numpy(),
        rounded_distance=distance(ball, rounded, x).cpu().numpy(),
        inside=_inside(ball, rounded, x).cpu().numpy(),
    )


def _inside(ball: Ball, x_adv: Tensor, x: Tensor) -> Tensor:
    return distance(ball, x_adv, x) <= ball.eps * (1 + _TOLERANCE) + _TOLERANCE
