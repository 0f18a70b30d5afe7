"""The geometry of a threat model: projection, steepest step, random point, distance.

``x``, ``x_adv`` and ``delta`` are (n, …) tensors in [0, 1]; norms run over everything but the first axis.
"""

from collections.abc import Callable
from functools import singledispatch
from typing import NoReturn

import torch
from torch import Tensor

from lab.attacks.radii import Radii, Region, norm, per_image, reach
from lab.errors import AttackError
from lab.specs.attacks import AttackSpec
from lab.specs.balls import L2, Ball, Linf
from lab.specs.spec import title_of

_LOST = 0.9  # of a step's squared length


@singledispatch
def project(ball: Region, x_adv: Tensor, x: Tensor) -> Tensor:
    """The nearest point to ``x_adv`` in the ball around ``x``, then clipped to [0, 1]."""
    raise TypeError(f"no projection onto {type(ball).__name__}")


@project.register
def _(ball: Linf, x_adv: Tensor, x: Tensor) -> Tensor:
    low, high = box(ball, x)
    return torch.clamp(x_adv, low, high)


@project.register
def _(ball: L2, x_adv: Tensor, x: Tensor) -> Tensor:
    delta = x_adv - x
    longest = per_image(_norm(delta).clamp(min=torch.finfo(x.dtype).tiny), x)
    return (x + delta * (longest.reciprocal() * reach(ball, x)).clamp(max=1)).clamp(0, 1)


@project.register
def _(ball: Radii, x_adv: Tensor, x: Tensor) -> Tensor:
    return project.dispatch(type(ball.ball))(ball, x_adv, x)


def projection(ball: Region, x: Tensor) -> Callable[[Tensor], Tensor]:
    """:func:`project` onto the ball around the same ``x`` again and again: a box is computed once."""
    if isinstance(norm(ball), Linf):
        low, high = box(ball, x)
        return lambda x_adv: torch.clamp(x_adv, low, high)
    return lambda x_adv: project(ball, x_adv, x)


def box(ball: Region, x: Tensor) -> tuple[Tensor, Tensor]:
    """Lowest and highest admissible value of every pixel: the intersection of the L∞ ball with [0, 1]."""
    eps = reach(ball, x)
    return (x - eps).clamp(min=0), (x + eps).clamp(max=1)


@singledispatch
def steepest(ball: Region, gradient: Tensor) -> Tensor:
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
    scaled = gradient / per_image(largest, gradient)
    return scaled / per_image(_norm(scaled).clamp(min=1), scaled)


@steepest.register
def _(ball: Radii, gradient: Tensor) -> Tensor:
    return steepest(ball.ball, gradient)


@singledispatch
def feasible(ball: Region, gradient: Tensor, point: Tensor) -> Tensor:
    """The gradient without what points from a pixel that is 0 or 1 out of [0, 1], where that is nearly all of it.

    Such a gradient takes a step that projection undoes: images do not move, however steep the loss is elsewhere.
    """
    return gradient  # in L∞ each pixel moves alone


@feasible.register
def _(ball: L2, gradient: Tensor, point: Tensor) -> Tensor:
    outward = ((point <= 0) & (gradient < 0)) | ((point >= 1) & (gradient > 0))
    lost = _norm(steepest(ball, gradient) * outward).square()
    return gradient.masked_fill(outward & (per_image(lost, gradient) > _LOST), 0)


@feasible.register
def _(ball: Radii, gradient: Tensor, point: Tensor) -> Tensor:
    return feasible(ball.ball, gradient, point)


@singledispatch
def full_step(ball: Region, x: Tensor, gradient: Tensor) -> Tensor:
    """The image after one step along the gradient as far as the ball reaches."""
    return project(ball, x + reach(ball, x) * steepest(ball, gradient), x)


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
def boundary_delta(ball: Ball, like: Tensor, generator: torch.Generator) -> Tensor:
    """A change of length eps, where Croce & Hein 2020's code starts: a random one, brought to that length."""
    raise TypeError(f"no random point on the boundary of {type(ball).__name__}")


@boundary_delta.register
def _(ball: Linf, like: Tensor, generator: torch.Generator) -> Tensor:
    delta = torch.empty(like.shape, dtype=like.dtype).uniform_(-1, 1, generator=generator)
    return ball.eps * delta / delta.abs().max().clamp(min=torch.finfo(like.dtype).tiny)


@boundary_delta.register
def _(ball: L2, like: Tensor, generator: torch.Generator) -> Tensor:
    delta = torch.empty(like.shape, dtype=like.dtype).normal_(generator=generator)
    return ball.eps * delta / delta.norm().clamp(min=torch.finfo(like.dtype).tiny)


@singledispatch
def distance(ball: Region, x_adv: Tensor, x: Tensor) -> Tensor:
    """(n,) length of the change in the ball's norm."""
    raise TypeError(f"no distance in {type(ball).__name__}")


@distance.register
def _(ball: Linf, x_adv: Tensor, x: Tensor) -> Tensor:
    return (x_adv - x).flatten(1).abs().amax(1)


@distance.register
def _(ball: L2, x_adv: Tensor, x: Tensor) -> Tensor:
    return _norm(x_adv - x)


@distance.register
def _(ball: Radii, x_adv: Tensor, x: Tensor) -> Tensor:
    return distance(ball.ball, x_adv, x)


def reserve(kind: type[Ball], attack: type[AttackSpec]) -> None:
    """Keep balls of a kind for the one attack that finds images in them: no other can step or start there."""

    def refused(*_: object) -> NoReturn:
        raise AttackError(
            f"Only {title_of(attack)} works in the threat model {title_of(kind)}: choose it, or L∞ or L2."
        )

    for move in (project, steepest, random_delta, boundary_delta):
        move.register(kind, refused)


def _norm(delta: Tensor) -> Tensor:
    return delta.flatten(1).norm(dim=1)
