"""The Square Attack: random search with squares, from scores alone. Andriushchenko et al. 2020."""

from collections.abc import Callable
from functools import singledispatch

import torch
from torch import Tensor

from lab.attacks.checks import check_pictures
from lab.attacks.objectives import margin
from lab.attacks.query_model import Target, by_queries
from lab.context import Context
from lab.errors import AttackError
from lab.specs.balls import L2, Ball, Linf
from lab.specs.query import Square

_HALVINGS = (10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000)  # of 10,000 queries: where the area is halved
_BLOCK = 100  # queries whose random numbers are drawn together


@by_queries.register
def square(spec: Square, target: Target, ctx: Context) -> Tensor:
    """Propose a change within a random square; keep it when it lowers the margin. Algorithm 1.

    Every image draws its own squares. The budget counts every query: the first of a verdict goes to the image itself.
    """
    check_pictures(target.x, "Square")
    x_adv, image = target.x.clone(), target.standing()
    lowest = torch.full((len(x_adv),), torch.inf, dtype=x_adv.dtype, device=x_adv.device)
    numbers = _Numbers(target.x, ctx)
    for trial in range(spec.queries - int(target.verdict)):
        ctx.report(trial, spec.queries, standing=len(image))
        if not len(image):
            break
        draw = numbers.of(image, trial)
        if trial == 0:
            proposal = first_change(target.ball, target.x[image], draw)
        else:
            side = side_of(spec, trial - 1, target.x)
            proposal = change(target.ball, x_adv[image], target.x[image], side, draw)
        scores = target.queries.scores(proposal, image)
        reached = margin(scores, target.y[image])
        better = reached < lowest[image]
        x_adv[image[better]], lowest[image[better]] = proposal[better], reached[better]
        image, _ = target.still_standing(image, scores)
    ctx.report(1, 1)
    return x_adv


def side_of(spec: Square, trial: int, x: Tensor) -> int:
    """The side of the square in one trial: its area is halved on the paper's schedule, rescaled to the budget."""
    halvings = sum(int(trial / spec.queries * 10_000) > each for each in _HALVINGS)
    height, width = x.shape[-2:]
    side = round((spec.fraction / 2**halvings * height * width) ** 0.5)
    return min(max(side, 1), height, width)


Draw = Callable[[int], Tensor]
"""The next uniform numbers (k, count) of each image."""


@singledispatch
def first_change(ball: Ball, x: Tensor, draw: Draw) -> Tensor:
    """Where the search starts."""
    raise AttackError(f"Square works in the balls Linf and L2, not in {type(ball).__name__}: choose one of them.")


@first_change.register
def _(ball: Linf, x: Tensor, draw: Draw) -> Tensor:
    """Vertical stripes of plus or minus eps."""
    channels, width = x.shape[1], x.shape[3]
    sign = _signs(draw(channels * width)).view(-1, channels, 1, width)
    return (x + ball.eps * sign).clamp(0, 1)


@first_change.register
def _(ball: L2, x: Tensor, draw: Draw) -> Tensor:
    """A grid of five by five bumps with random signs."""
    channels, height, width = x.shape[1:]
    side = max(min(height, width) // 5, min(height, width, 2))
    delta = torch.zeros_like(x)
    for top in range(height % side // 2, height - side + 1, side):
        for left in range(width % side // 2, width - side + 1, side):
            sign = _signs(draw(channels)).view(-1, channels, 1, 1)
            delta[:, :, top : top + side, left : left + side] = sign * bumps(side, draw(1).view(-1), x)
    return (x + ball.eps * _unit(delta, (1, 2, 3))).clamp(0, 1)


@singledispatch
def change(ball: Ball, x_adv: Tensor, x: Tensor, side: int, draw: Draw) -> Tensor:
    """The present images (k, …) with a change within a random square each."""
    raise AttackError(f"Square works in the balls Linf and L2, not in {type(ball).__name__}: choose one of them.")


@change.register
def _(ball: Linf, x_adv: Tensor, x: Tensor, side: int, draw: Draw) -> Tensor:
    """The square moves to plus or minus eps, alike in the whole square, per channel. Algorithm 2."""
    channels = x.shape[1]
    window = _window(x, side, draw(2))
    sign = _signs(draw(channels))
    proposed = _moved(ball, x[window], sign)
    # A proposal that changes nothing would waste its query, so it takes any other combination of signs.
    flips = (1 + (draw(1) * (2**channels - 1)).long()).bitwise_right_shift(torch.arange(channels, device=x.device)) & 1
    same = ((proposed - x_adv[window]).abs() < 1e-7).flatten(1).all(1, keepdim=True)
    sign = torch.where(same, sign * (1 - 2 * flips), sign)
    changed = x_adv.clone()
    changed[window] = _moved(ball, x[window], sign)
    return changed


@change.register
def _(ball: L2, x_adv: Tensor, x: Tensor, side: int, draw: Draw) -> Tensor:
    """One square takes over the norm of another, which becomes zero. Algorithm 3."""
    channels = x.shape[1]
    side = min(max(side | 1, 3), *x.shape[2:])
    delta = x_adv - x
    window, other = _window(x, side, draw(2)), _window(x, side, draw(2))
    union = torch.zeros_like(x)
    union[window], union[other] = 1, 1
    spare = (ball.eps**2 - delta.square().sum((1, 2, 3), keepdim=True)).clamp(min=0) / channels
    norm = (spare + (delta * union).square().sum((2, 3), keepdim=True)).sqrt()
    sign = _signs(draw(channels)).view(-1, channels, 1, 1)
    fresh = sign * bumps(side, draw(1).view(-1), x) + _unit(delta[window], (2, 3))
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


def _window(x: Tensor, side: int, place: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The index of a square per image, of the given side, uniformly placed by two numbers of [0, 1)."""
    room = torch.tensor([x.shape[2] - side + 1, x.shape[3] - side + 1], device=x.device)
    corner = (place * room).long().minimum(room - 1)
    span = torch.arange(side, device=x.device)
    rows, columns = corner[:, :1] + span, corner[:, 1:] + span
    images = torch.arange(len(x), device=x.device)
    channels = torch.arange(x.shape[1], device=x.device)
    return images[:, None, None, None], channels[None, :, None, None], rows[:, None, :, None], columns[:, None, None, :]


def _moved(ball: Linf, pixels: Tensor, sign: Tensor) -> Tensor:
    return (pixels + ball.eps * sign[:, :, None, None]).clamp(0, 1)


def _signs(uniform: Tensor) -> Tensor:
    return torch.where(uniform < 0.5, -1.0, 1.0).to(uniform.dtype)


def _unit(delta: Tensor, axes: tuple[int, ...]) -> Tensor:
    """Divided by its Euclidean length along those axes; zero stays zero."""
    return delta / delta.square().sum(axes, keepdim=True).sqrt().clamp(min=torch.finfo(delta.dtype).eps)


class _Numbers:
    """Uniform numbers of every image in every trial, drawn for many trials at once."""

    def __init__(self, x: Tensor, ctx: Context) -> None:
        self._x, self._ctx = x, ctx.seeded("square")
        self._per_trial = x.shape[1] + 5
        self._block = x.new_empty(len(x), _BLOCK, self._per_trial)

    def of(self, image: Tensor, trial: int) -> Draw:
        """The numbers of these images (k,) in one trial, to be taken one after the other."""
        if trial == 0:
            channels, height, width = self._x.shape[1:]
            return _taken_from(self._rand(image, 0, ((channels + 1) * height * width,)))
        block, row = divmod(trial - 1, _BLOCK)
        if row == 0:
            self._block[image] = self._rand(image, block + 1, (_BLOCK, self._per_trial))
        return _taken_from(self._block[image, row])

    def _rand(self, image: Tensor, block: int, shape: tuple[int, ...]) -> Tensor:
        dtype = self._x.dtype
        drawn = self._ctx.draws(image.tolist(), block, lambda draw: torch.rand(shape, dtype=dtype, generator=draw))
        return torch.stack(drawn).to(self._x.device)


def _taken_from(numbers: Tensor) -> Draw:
    taken = 0

    def draw(count: int) -> Tensor:
        nonlocal taken
        taken += count
        return numbers[:, taken - count : taken]

    return draw
