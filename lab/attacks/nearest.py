"""Minimum-norm attacks: the nearest adversarial image in a norm, and what it says inside a ball."""

from functools import singledispatch

import torch
from torch import Tensor, nn

from lab.attacks.attack import ascend
from lab.attacks.ball import distance, project
from lab.attacks.batches import in_batches, logits_of
from lab.attacks.checks import taken
from lab.attacks.gradient import device_of, frozen
from lab.attacks.objectives import margin, predicted
from lab.attacks.radii import per_image
from lab.context import Context
from lab.errors import AttackError
from lab.models.adapter import adapted
from lab.specs.balls import L2, Ball, Linf
from lab.specs.carlini_wagner import CarliniWagnerL2, CarliniWagnerLinf, MinimumDistance
from lab.specs.fab import FastAdaptiveBoundary
from lab.specs.spec import title_of


@ascend.register
def nearest_in_ball(spec: MinimumDistance, model: nn.Module, x: Tensor, y: Tensor, ball: Ball, ctx: Context) -> Tensor:
    """The nearest adversarial image where it lies in the ball, and elsewhere its projection onto the ball."""
    check_norm(spec, ball)
    return drawn_into(ball, nearest(spec, model, x, y, norm_of(spec, ball), ctx), x)


def drawn_into(ball: Ball, x_adv: Tensor, x: Tensor) -> Tensor:
    """The images as they are where they lie in the ball, and elsewhere their projections onto it."""
    inside = per_image(distance(ball, x_adv, x) <= ball.eps, x).bool()
    return torch.where(inside, x_adv, project(ball, x_adv, x))


def minimum_distance(
    spec: MinimumDistance,
    model: nn.Module,
    x: Tensor,
    y: Tensor,
    ctx: Context | None = None,
    ball: Ball | None = None,
) -> tuple[Tensor, Tensor]:
    """The nearest adversarial images found, and their distances: in the attack's own norm, or for FAB in the ball's.

    ``x`` (n, …) in [0, 1], ``y`` (n,). A distance is 0 where the model misclassifies the image itself, and infinite
    where nothing was found: it is what came closest to being misclassified. Misclassified means by more than
    kappa, as predicted again on the images that are returned. ``ball`` gives only its norm, L∞ by default.
    """

    def found(model: nn.Module, x: Tensor, y: Tensor, _: Ball, part: Context) -> Tensor:
        return nearest(spec, model, x, y, norm, part)

    asked, model = ball or Linf(), adapted(model)
    check_norm(spec, asked)
    norm = norm_of(spec, asked)
    x, y = taken(x, y, device_of(model))
    x_adv = in_batches(found, model, x, y, norm, ctx or Context())
    far = distance(norm, x_adv, x)
    if not len(x):
        return x_adv, far
    with frozen(model):
        logits = logits_of(model, x_adv)
    misclassified = predicted(logits) != y
    succeeded = torch.where(far > 0, margin(logits, y) < -spec.kappa, misclassified)
    return x_adv, torch.where(succeeded, far, torch.inf)


def check_norm(spec: MinimumDistance, ball: Ball) -> None:
    """Refuse a threat model that is not a norm ball of a minimum-norm attack."""
    if not isinstance(ball, Linf | L2):
        raise AttackError(f"{title_of(spec)} requires the threat model L∞ or L2, not {title_of(ball)}.")


@singledispatch
def nearest(spec: MinimumDistance, model: nn.Module, x: Tensor, y: Tensor, norm: Ball, ctx: Context) -> Tensor:
    """One batch of :func:`minimum_distance`, on a frozen model and checked images; ``norm`` as :func:`norm_of` says."""
    raise TypeError(f"no search for the nearest image by {type(spec).__name__}")


@singledispatch
def norm_of(spec: MinimumDistance, ball: Ball) -> Ball:
    """The ball in whose norm the attack measures distance, large enough for every image."""
    raise TypeError(f"no norm of {type(spec).__name__}")


@norm_of.register
def _(spec: CarliniWagnerLinf, ball: Ball) -> Ball:
    return Linf(1.0)


@norm_of.register
def _(spec: CarliniWagnerL2, ball: Ball) -> Ball:
    return L2(1000.0)


@norm_of.register
def _(spec: FastAdaptiveBoundary, ball: Ball) -> Ball:
    return Linf(1.0) if isinstance(ball, Linf) else L2(1000.0)
