"""Balls of one norm whose radii differ from image to image: all of a sweep, or of a training batch, at once."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from lab.errors import AttackError
from lab.specs.balls import L2, Ball, Linf
from lab.specs.spec import title_of


@dataclass(frozen=True, eq=False)
class Radii:
    """A ball for each image: all of the norm of ``ball``, with the radii ``eps`` (n,), in float64 on the CPU."""

    ball: Ball
    eps: Tensor


Region = Ball | Radii
"""Where an attack may go: the same ball around every image, or one of its own around each."""


def radii(ball: Ball, eps: Tensor) -> Radii:
    """Balls of the norm of ``ball`` with these radii (n,).

    Raises :class:`AttackError` for another norm than Linf and L2, and :class:`SpecError` for a radius that such a
    ball cannot have.
    """
    if not isinstance(ball, Linf | L2):
        raise AttackError(f"Images can have different ε in L∞ and L2, but not in {title_of(ball)}.")
    if eps.dim() != 1:
        raise AttackError(f"There must be one ε for each image, but they have shape {tuple(eps.shape)}.")
    found = Radii(ball, eps.detach().cpu().double())
    for extreme in found.eps.aminmax() if len(eps) else ():
        ball.replace(eps=extreme.item())
    return found


def around(region: Region, images: Tensor | slice) -> Region:
    """The region around some of the images, by their positions."""
    if isinstance(region, Ball):
        return region
    return Radii(region.ball, region.eps[images.cpu() if isinstance(images, Tensor) else images])


def norm(region: Region) -> Ball:
    """A ball of the region's norm."""
    return region if isinstance(region, Ball) else region.ball


def ball_of(region: Region, image: int) -> Ball:
    """The ball around one image."""
    return region if isinstance(region, Ball) else region.ball.replace(eps=region.eps[image].item())


def reach(region: Region, like: Tensor, share: float = 1.0) -> float | Tensor:
    """share · eps: a number, or one for each image (n, 1, …, 1), to multiply images with."""
    if isinstance(region, Ball):
        return share * region.eps
    return per_image(share * region.eps, like)


def widened(region: Region, factor: float, images: int) -> Radii:
    """The region around so many images with its radii multiplied, beyond what a ball may have."""
    eps = region.eps if isinstance(region, Radii) else torch.full((images,), region.eps, dtype=torch.float64)
    return Radii(norm(region), factor * eps)


def per_image(numbers: Tensor, like: Tensor) -> Tensor:
    """(n,) as (n, 1, …, 1), of the images' type and device, to multiply images with."""
    return numbers.to(like).view(-1, *[1] * (like.dim() - 1))
