"""A few flipped pixels: chosen at random, one after the other, or by the gradient."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from lab.attacks.attack import ascend, perturb
from lab.attacks.ball import distance, full_step, reserve
from lab.attacks.candidates import CandidateSearch
from lab.attacks.checks import check_pictures
from lab.attacks.gradient import input_gradient
from lab.context import Context
from lab.errors import AttackError
from lab.specs.balls import Ball
from lab.specs.pixels import L0, FlipPixels
from lab.specs.spec import title_of


def flipped(x: Tensor, places: Tensor) -> Tensor:
    """The images (n, c, h, w) with v replaced by 1 - v, in every channel, at the places (n, m) of their pixels."""
    flat = x.flatten(2)
    index = places.unsqueeze(1).expand(-1, flat.shape[1], -1)
    return flat.scatter(2, index, 1 - flat.gather(2, index)).clamp(0, 1).view_as(x)


@ascend.register
def flip_pixels(spec: FlipPixels, model: nn.Module, x: Tensor, y: Tensor, ball: Ball, ctx: Context) -> Tensor:
    """The flipped pixels of the largest loss. Tramèr et al. 2018, App. C.1."""
    return _search(spec, model, x, y, ball, ctx, verdict=False)


@perturb.register
def flip_pixels_verdict(spec: FlipPixels, model: nn.Module, x: Tensor, y: Tensor, ball: Ball, ctx: Context) -> Tensor:
    """The first flipped pixels that are misclassified."""
    return _search(spec, model, x, y, ball, ctx, verdict=True)


@distance.register
def _(ball: L0, x_adv: Tensor, x: Tensor) -> Tensor:
    """(n,) how many pixels differ, in whatever channel."""
    check_pictures(x, "L0")
    return (x_adv != x).any(1).flatten(1).sum(1).to(x.dtype)


@full_step.register
def _(ball: L0, x: Tensor, gradient: Tensor) -> Tensor:
    """The pixels from which a linear function with this gradient gains most go to black or white."""
    goal = torch.where(gradient == 0, x, (gradient > 0).to(x.dtype))
    gain = ((goal - x) * gradient).sum(1, keepdim=True)
    chosen = torch.zeros_like(gain, dtype=torch.bool)
    chosen.flatten(1).scatter_(1, _largest(gain.flatten(1), _count(ball, x)), value=True)
    return torch.where(chosen, goal, x)


reserve(L0, FlipPixels)


def _search(
    spec: FlipPixels, model: nn.Module, x: Tensor, y: Tensor, ball: Ball, ctx: Context, *, verdict: bool
) -> Tensor:
    if not isinstance(ball, L0):
        raise AttackError(f"{title_of(spec)} requires the threat model {title_of(L0)}, not {title_of(ball)}.")
    check_pictures(x, "FlipPixels")
    search, count = CandidateSearch(model, x, y, spec.objective, verdict), _count(ball, x)
    pixels = x.shape[2] * x.shape[3]
    if spec.search == "gradient":
        gradient, _ = input_gradient(model, x, y, spec.objective)
        places = _largest(((1 - 2 * x) * gradient).sum(1).flatten(1), count)
        search.among(range(1), lambda image, _: flipped(x[image], places[image]), ctx)
    elif spec.search == "greedy":
        for flip in range(count):
            every_pixel = _Flips(search.best.clone())
            search.among(range(pixels), every_pixel, ctx.part(flip, count))
    else:
        drawn = ctx.draws(range(len(x)), 0, lambda draw: _sets(spec.tries, count, pixels, draw))
        sets = torch.stack(drawn).to(x.device)
        search.among(range(spec.tries), lambda image, place: flipped(x[image], sets[image, place]), ctx)
    return search.best


@dataclass(frozen=True, eq=False)
class _Flips:
    """Single flips of images (n, …) as candidates."""

    x: Tensor

    def __call__(self, image: Tensor, place: Tensor) -> Tensor:
        return flipped(self.x[image], place.unsqueeze(1))


def _sets(tries: int, count: int, pixels: int, generator: torch.Generator) -> Tensor:
    """(tries, count) different pixels in each set."""
    return torch.stack([torch.randperm(pixels, generator=generator)[:count] for _ in range(tries)])


def _largest(gain: Tensor, count: int) -> Tensor:
    return gain.topk(count, 1).indices


def _count(ball: L0, x: Tensor) -> int:
    return min(int(ball.eps), x.shape[2] * x.shape[3])
