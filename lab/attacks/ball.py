"""The geometry of a threat model: projection, steepest step, random point, distance.

``x``, ``x_adv`` and ``delta`` are (n, …) tensors in [0, 1]; norms run over everything but the first axis.
"""

from functools import singledispatch

import torch
from torch import Tensor

from lab.specs.balls import L2, Ball, Linf


@singledispatch
def project(ball: Ball, x_adv: Tensor, x: Tensor) -> Tensor:
    """The nearest point to ``x_adv`` in the ball around ``x``, then clipped to [0, 1]."""
    raise TypeError(f"no projection onto {type(ball).__name__}")


@project.register
def _(ball: Linf, x_adv: Tensor, x: Tensor) -> Tensor:
    low, high = box(ball, x)
    return torch.clamp(x_adv, low, high)


@project.register
def _(ball: L2, x_adv: Tensor, x: Tensor) -> Tensor:
    delta = x_adv - x
    shrink = (ball.eps / _norm(delta).clamp(min=torch.finfo(x.dtype).tiny)).clamp(max=1)
    return (x + delta * _spread(shrink, x)).clamp(0, 1)


def box(ball: Linf, x: Tensor) -> tuple[Tensor, Tensor]:
    """Lowest and highest admissible value of every pixel: the L∞ ball cut with [0, 1]."""
    return (x - ball.eps).clamp(min=0), (x + ball.eps).clamp(max=1)


@singledispatch
def steepest(ball: Ball, gradient: Tensor) -> Tensor:
    """The step of length 1 in the ball's norm along which a linear function with this gradient grows fastest.

    A zero gradient gives no step.
    """
    raise TypeError(f"no steepest step in {type(ball).__name__}")


@steepest.register
def _(ball: Linf, gradient: Tensor) -> Tensor:
    return gradient.sign()


@steepest.register
def _(ball: L2, gradient: Tensor) -> Tensor:
    # Divided by the largest entry first: the squares of a tiny gradient would underflow to a zero norm.
    largest = gradient.flatten(1).abs().amax(1).clamp(min=torch.finfo(gradient.dtype).tiny)
    scaled = gradient / _spread(largest, gradient)
    return scaled / _spread(_norm(scaled).clamp(min=1), scaled)


@singledispatch
def full_step(ball: Ball, x: Tensor, gradient: Tensor) -> Tensor:
    """The image after one step along the gradient as far as the ball reaches."""
    return project(ball, x + ball.eps * steepest(ball, gradient), x)


@singledispatch
def random_delta(ball: Ball, like: Tensor, generator: torch.Generator) -> Tensor:
    """A change drawn uniformly from the ball around one image, not yet clipped to [0, 1]."""
    raise TypeError(f"no random point of {type(ball).__name__}")


@random_delta.register
def _(ball: Linf, like: Tensor, generator: torch.Generator) -> Tensor:
    return torch.empty(like.shape, dtype=like.dtype).uniform_(-ball.eps, ball.eps, generator=generator)


@random_delta.register
def _(ball: L2, like: Tensor, generator: torch.Generator) -> Tensor:
    direction = torch.empty(like.shape, dtype=like.dtype).normal_(generator=generator)
    radius = torch.rand((), generator=generator, dtype=like.dtype) ** (1 / like.numel())
    return direction * (ball.eps * radius / direction.norm())


@singledispatch
def distance(ball: Ball, x_adv: Tensor, x: Tensor) -> Tensor:
    """(n,) length of the change in the ball's norm."""
    raise TypeError(f"no distance in {type(ball).__name__}")


@distance.register
def _(ball: Linf, x_adv: Tensor, x: Tensor) -> Tensor:
    return (x_adv - x).flatten(1).abs().amax(1)


@distance.register
def _(ball: L2, x_adv: Tensor, x: Tensor) -> Tensor:
    return _norm(x_adv - x)


def _norm(delta: Tensor) -> Tensor:
    return delta.flatten(1).norm(dim=1)


def _spread(per_image: Tensor, like: Tensor) -> Tensor:
    """(n,) as (n, 1, …, 1), to multiply images with."""
    return per_image.view(-1, *[1] * (like.dim() - 1))
