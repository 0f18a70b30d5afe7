"""Proposals of Square Attack: its start and its random squares. Andriushchenko et al. 2020, Algorithms 2 and 3."""

from collections.abc import Callable
from functools import singledispatch

import torch
from torch import Tensor

from lab.errors import AttackError
from lab.specs.balls import L2, Ball, Linf
from lab.specs.query import Square
from lab.specs.spec import title_of

Draw = Callable[[int], Tensor]
"""The next uniform numbers (k, count) of each image."""


@singledispatch
def first_change(ball: Ball, x: Tensor, draw: Draw) -> Tensor:
    """Return the starting point of the search."""
    raise AttackError(f"{title_of(Square)} requires the threat model L∞ or L2, not {title_of(ball)}.")


@first_change.register
def _(ball: Linf, x: Tensor, draw: Draw) -> Tensor:
    """Start from vertical stripes of plus or minus ε."""
    channels, width = x.shape[1], x.shape[3]
    sign = _signs(draw(channels * width)).view(-1, channels, 1, width)
    return (x + ball.eps * sign).clamp(0, 1)


@first_change.register
def _(ball: L2, x: Tensor, draw: Draw) -> Tensor:
    """Start from a grid of five by five bumps with random signs."""
    channels, height, width = x.shape[1:]
    side = max(min(height, width) // 5, min(height, width, 2))
    delta = torch.zeros_like(x)
    for top in range(height % side // 2, height - side + 1, side):
        for left in range(width % side // 2, width - side + 1, side):
            sign = _signs(draw(channels)).view(-1, channels, 1, 1)
            delta[:, :, top : top + side, left : left + side] = sign * bumps(side, draw(1).view(-1), x)
    return (x + ball.eps * _unit(delta, (1, 2, 3))).clamp(0, 1)


@singledispatch
def change(ball: Ball, x_adv: Tensor, x: Tensor, side: Tensor, draw: Draw) -> Tensor:
    """Change the present images (k, …) within a random square each, of these sides (k,)."""
    raise AttackError(f"{title_of(Square)} requires the threat model L∞ or L2, not {title_of(ball)}.")


@change.register
def _(ball: Linf, x_adv: Tensor, x: Tensor, side: Tensor, draw: Draw) -> Tensor:
    """Set the whole square to plus or minus ε, per channel. Algorithm 2."""
    channels = x.shape[1]
    inside = _inside(x, side, draw(2))
    sign, other = _signs(draw(channels)), draw(1)
    moved = _move(ball, x, sign)
    same = ~((moved != x_adv) & inside).flatten(1).any(1)
    if same.any():
        # A proposal that changes nothing would waste its query, so it takes any other combination of signs.
        flips = 1 + (other[same] * (2**channels - 1)).long()
        # The bits of a number from 1 to 2^channels - 1 are the channels to flip: any but none, all equally likely.
        flips = flips.bitwise_right_shift(torch.arange(channels, device=x.device)) & 1
        moved[same] = _move(ball, x[same], sign[same] * (1 - 2 * flips))
    return moved * inside + x_adv * ~inside  # as torch.where, in half the time


def _move(ball: Linf, x: Tensor, sign: Tensor) -> Tensor:
    return (x + ball.eps * sign[:, :, None, None]).clamp_(0, 1)


@change.register
def _(ball: L2, x_adv: Tensor, x: Tensor, side: Tensor, draw: Draw) -> Tensor:
    """Move the norm of one square to another; the first becomes zero. Algorithm 3."""
    channels, changed = x.shape[1], torch.empty_like(x)
    numbers = draw(2), draw(2), draw(channels), draw(1)
    for each in side.unique().tolist():  # one index covers the windows of one side only
        rows = side == each
        changed[rows] = _shift(ball, x_adv[rows], x[rows], each, *(number[rows] for number in numbers))
    return changed


def _shift(
    ball: L2, x_adv: Tensor, x: Tensor, side: int, corner: Tensor, other_corner: Tensor, sign: Tensor, coin: Tensor
) -> Tensor:
    side = min(max(side | 1, 3), *x.shape[2:])  # odd, so that a bump has a middle
    delta = x_adv - x
    window, other = _window(x, side, corner), _window(x, side, other_corner)
    union = torch.zeros_like(x)
    union[window], union[other] = 1, 1
    spare = (ball.eps**2 - delta.square().sum((1, 2, 3), keepdim=True)).clamp(min=0) / x.shape[1]
    # What the ball still allows, split evenly over channels, and what both squares hold: all of it goes into one.
    norm = (spare + (delta * union).square().sum((2, 3), keepdim=True)).sqrt()
    fresh = _signs(sign)[:, :, None, None] * bumps(side, coin.view(-1), x) + _unit(delta[window], (2, 3))
    delta[other] = 0
    delta[window] = norm * _unit(fresh, (2, 3))
    return (x + ball.eps * _unit(delta, (1, 2, 3))).clamp(0, 1)


def bumps(side: int, coin: Tensor, like: Tensor) -> Tensor:
    """(k, 1, side, side) of length 1: a positive bump and a negative one beside each other, or above it."""
    half = side // 2
    pair = torch.cat([_bump(half, side, like), -_bump(side - half, side, like)])
    pair = pair / pair.norm()
    return torch.where((coin > 0.5).view(-1, 1, 1, 1), pair, pair.T)


def _bump(height: int, width: int, like: Tensor) -> Tensor:
    """Concentric rectangles around the middle, each adding 1 / (distance + 1)² to all within it."""
    rows = (torch.arange(height, device=like.device) - height // 2).abs()
    columns = (torch.arange(width, device=like.device) - width // 2).abs()
    ring = torch.maximum(rows[:, None], columns[None, :])
    weight = 1 / torch.arange(1, max(height, width) // 2 + 2, device=like.device, dtype=like.dtype) ** 2
    return weight.flip(0).cumsum(0).flip(0)[ring]


def _corner(x: Tensor, side: Tensor, corner: Tensor) -> tuple[Tensor, Tensor]:
    """(k, 1) each: top and left edge of a square per image, of sides (k,), uniform for uniform numbers in [0, 1)."""
    spare = torch.stack([x.shape[2] - side, x.shape[3] - side], 1)
    top, left = (corner * (spare + 1)).long().minimum(spare).split(1, dim=1)
    return top, left


def _inside(x: Tensor, side: Tensor, corner: Tensor) -> Tensor:
    """(k, 1, height, width) whether a pixel lies in the image's square."""
    top, left = _corner(x, side, corner)
    rows, columns = torch.arange(x.shape[2], device=x.device) - top, torch.arange(x.shape[3], device=x.device) - left
    down, across = (rows >= 0) & (rows < side[:, None]), (columns >= 0) & (columns < side[:, None])
    return down[:, None, :, None] & across[:, None, None, :]


def _window(x: Tensor, side: int, corner: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Index a square per image, of the given side, uniform for two uniform numbers in [0, 1)."""
    top, left = _corner(x, torch.full((len(x),), side, device=x.device), corner)
    span = torch.arange(side, device=x.device)
    images = torch.arange(len(x), device=x.device)
    channels = torch.arange(x.shape[1], device=x.device)
    rows, columns = top + span, left + span
    return images[:, None, None, None], channels[None, :, None, None], rows[:, None, :, None], columns[:, None, None, :]


def _signs(uniform: Tensor) -> Tensor:
    return torch.where(uniform < 0.5, -1.0, 1.0).to(uniform.dtype)


def _unit(delta: Tensor, axes: tuple[int, ...]) -> Tensor:
    """Divided by its Euclidean length along those axes; zero stays zero."""
    return delta / delta.square().sum(axes, keepdim=True).sqrt().clamp(min=torch.finfo(delta.dtype).eps)
