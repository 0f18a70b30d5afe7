"""The nearest point of a hyperplane within [0, 1]: the projection that FAB takes at every step."""

from functools import singledispatch

import torch
from torch import Tensor

from lab.attacks.radii import per_image
from lab.specs.balls import L2, Ball, Linf


def toward_hyperplane(norm: Ball, x: Tensor, normal: Tensor, gap: Tensor) -> Tensor:
    """The shortest change d in the norm with ⟨normal, d⟩ = gap and x + d in [0, 1]. Croce & Hein 2020a, eq. 4.

    ``x`` and ``normal`` (n, …), ``gap`` (n,); returns (n, …). Where the box does not reach the hyperplane, d leads to
    the corner nearest to it; where the normal is zero, d is zero. Exact up to rounding.

    Pixels move against the sign of the gap at a speed of their own, |d_i| = min(λ · speed_i, room_i), until the edge of
    the box stops them. What λ gains, Σ |normal_i| · |d_i|, is concave and piecewise linear in λ, so Newton's method
    from λ = 0 approaches the root from below and meets it as soon as no further pixel is stopped. The authors sort the
    pixels by where they are stopped instead.
    """
    w, start = normal.flatten(1), x.flatten(1)
    w = w / w.abs().amax(1, keepdim=True).clamp(min=torch.finfo(w.dtype).tiny)  # or squares of tiny normals underflow
    w = w.nan_to_num(0.0)  # an infinite entry over itself
    gap = gap / normal.flatten(1).abs().amax(1).clamp(min=torch.finfo(w.dtype).tiny)
    direction = w.sign() * per_image(torch.where(gap < 0, -1.0, 1.0), w)
    room = torch.where(direction > 0, 1 - start, start).clamp(min=0)
    pace = speed(norm, w.abs())
    length = _root(w.abs() * room, w.abs() * pace, room, pace, gap.abs())
    return (direction * torch.minimum(length * pace, room)).view_as(x)


def _root(gain: Tensor, slope: Tensor, room: Tensor, pace: Tensor, gap: Tensor) -> Tensor:
    """(n, 1) the λ at which the gap is closed: stopped pixels give their whole ``gain``, the others λ · ``slope``."""
    length, stopped_before = torch.zeros_like(gap).unsqueeze(1), None
    while True:
        stopped = room <= length * pace
        if stopped_before is not None and torch.equal(stopped, stopped_before):
            return length
        left = gap - (gain * stopped).sum(1)  # a product, because torch.where takes several times as long
        rate = (slope * ~stopped).sum(1)
        newton = (left / rate).nan_to_num(0.0).clamp(max=torch.finfo(gap.dtype).max)  # no pixel left: to the corner
        length = torch.maximum(length, newton.unsqueeze(1))
        stopped_before = stopped


@singledispatch
def speed(norm: Ball, normal: Tensor) -> Tensor:
    """Return the speed of each pixel, by the magnitude of the hyperplane's normal there."""
    raise TypeError(f"no projection onto a hyperplane in {type(norm).__name__}")


@speed.register
def _(norm: Linf, normal: Tensor) -> Tensor:
    return torch.ones_like(normal)


@speed.register
def _(norm: L2, normal: Tensor) -> Tensor:
    return normal


@singledispatch
def dual_norm(norm: Ball, normal: Tensor) -> Tensor:
    """(n,) the norm of gradients (n, …) that is dual to the threat model's: change of a value per unit of distance."""
    raise TypeError(f"no dual norm of {type(norm).__name__}")


@dual_norm.register
def _(norm: Linf, normal: Tensor) -> Tensor:
    return normal.flatten(1).abs().sum(1)


@dual_norm.register
def _(norm: L2, normal: Tensor) -> Tensor:
    return normal.flatten(1).norm(dim=1)
