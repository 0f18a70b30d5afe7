"""Rotation, flipped pixels and an L∞ attack one after the other."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from lab.attacks.attack import ascend, perturb
from lab.attacks.ball import distance, full_step, reserve
from lab.attacks.checks import check_pictures
from lab.attacks.spatial import lattice, warp
from lab.context import Context
from lab.errors import AttackError
from lab.specs.balls import Ball, Linf
from lab.specs.extended import Extended, Staged
from lab.specs.pixels import L0
from lab.specs.spatial import Spatial
from lab.specs.spec import title_of


@ascend.register
def staged(spec: Staged, model: nn.Module, x: Tensor, y: Tensor, ball: Ball, ctx: Context) -> Tensor:
    """Every stage raises the loss as far as it can. Tramèr et al. 2018, App. C.1."""
    return _through(ascend, spec, model, x, y, ball, ctx)


@perturb.register
def staged_verdict(spec: Staged, model: nn.Module, x: Tensor, y: Tensor, ball: Ball, ctx: Context) -> Tensor:
    """Stages until the image is misclassified."""
    return _through(perturb, spec, model, x, y, ball, ctx)


@distance.register
def _(ball: Extended, x_adv: Tensor, x: Tensor) -> Tensor:
    """(n,) the largest change of a pixel that is neither due to a rotation of the lattice nor changed at will."""
    check_pictures(x, "Extended")
    if ball.pixels >= x.shape[2] * x.shape[3]:
        return x.new_zeros(len(x))
    nearest = torch.full((len(x),), torch.inf, dtype=x.dtype, device=x.device)
    for shares in lattice(_spatial_ball(ball), x):
        change = (warp(x, shares.expand(len(x), 3), _spatial_ball(ball)) - x_adv).abs().amax(1).flatten(1)
        nearest = nearest.minimum(change.topk(ball.pixels + 1, 1).values[:, -1])
    return nearest


@full_step.register
def _(ball: Extended, x: Tensor, gradient: Tensor) -> Tensor:
    return full_step(Linf(ball.eps), x, gradient)


reserve(Extended, Staged)


def _through(
    stage: Callable[..., Tensor], spec: Staged, model: nn.Module, x: Tensor, y: Tensor, ball: Ball, ctx: Context
) -> Tensor:
    if not isinstance(ball, Extended):
        raise AttackError(f"{title_of(spec)} requires the threat model {title_of(Extended)}, not {title_of(ball)}.")
    for i, (method, region) in enumerate(
        ((spec.rotate, _spatial_ball(ball)), (spec.flip, L0(ball.pixels)), (spec.perturb, Linf(ball.eps)))
    ):
        x = stage(method, model, x, y, region, ctx.part(i, 3, type(method).__name__))
    return x


def _spatial_ball(ball: Extended) -> Spatial:
    return Spatial(1.0, ball.rotation, ball.translation, ball.angles, ball.shifts)
