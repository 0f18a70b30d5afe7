"""RayS: the sign vector along which the decision boundary is nearest, found from labels alone. Chen & Gu 2020."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, sqrt

import torch
from torch import Tensor, nn

from lab.attacks.attack import perturb_from
from lab.attacks.ball import project
from lab.attacks.query_model import Queries, Target, by_queries
from lab.attacks.radii import per_image
from lab.context import Context
from lab.errors import AttackError
from lab.specs.balls import Ball, Linf
from lab.specs.query import RayS
from lab.specs.spec import title_of

_PRECISION = 1e-3
"""Euclidean width at which the authors' bisection of the radius ends; in a small ball it ends at a tenth of ε."""


@by_queries.register
def rays(spec: RayS, target: Target, ctx: Context) -> Tensor:
    """Flip one block of signs after another, ever smaller ones; keep a flip that brings the boundary nearer.

    A verdict ends with the first point in the ball that is misclassified. Otherwise the budget is used up, and the
    point is the nearest found, or the ball's edge along its signs where that is outside.
    """
    if not isinstance(target.ball, Linf):
        raise AttackError(f"{title_of(spec)} requires the threat model L∞, not {title_of(target.ball)}.")
    search = RaySearch.begun(spec, target)
    search.turn(search.running(), slice(0))
    for block in _blocks(target.x[:1].numel()):
        running = search.running()
        if not len(running):
            break
        ctx.report(int(search.asked[running].min()), spec.queries, unbroken=len(running))
        search.turn(running, block)
    ctx.report(1, 1)
    return search.found()


@perturb_from.register
def rays_from(spec: RayS, model: nn.Module, x: Tensor, y: Tensor, ball: Ball, start: Tensor, ctx: Context) -> Tensor:
    """RayS from the signs of the ways to given points instead of all up, until the image is misclassified."""
    return rays(spec, Target(Queries(model, len(x), spec.sees), x, y, ball, verdict=True, start=start), ctx)


@dataclass(eq=False)
class RaySearch:
    """``signs`` (n, …) of every image, and the least ``radius`` (n,) known at which it is misclassified along them.

    The radius is infinite where none is known, and zero where the verdict is over before the search. All are changed
    in place.
    """

    spec: RayS
    target: Target
    signs: Tensor
    radius: Tensor

    @classmethod
    def begun(cls, spec: RayS, target: Target) -> "RaySearch":
        """All signs up, or those of the way to a given start. A verdict begins with a query of the image itself."""
        radius = target.x.new_full((len(target.x),), torch.inf)
        if target.verdict and len(radius):
            everyone = torch.arange(len(radius), device=radius.device)
            radius[target.queries.labels(target.x, everyone) != target.y] = 0
        signs = torch.ones_like(target.x, memory_format=torch.contiguous_format)
        if target.start is not None:
            signs[(target.start < target.x) | (target.start <= 0)] = -1  # what is to stay at 0 must not rise
        return cls(spec, target, signs, radius)

    @property
    def asked(self) -> Tensor:
        """(n,) queries so far."""
        return self.target.queries.count.to(self.radius.device)

    @property
    def precision(self) -> float:
        """Width at which a bisection of the radius ends."""
        return min(_PRECISION / sqrt(self.signs.shape[1:].numel()), self.target.ball.eps / 10)

    def running(self) -> Tensor:
        """Positions (k,) of the images that are still searched for."""
        return self._open(self.radius).nonzero().flatten()

    def turn(self, image: Tensor, block: slice) -> None:
        """Flip a block of the flattened signs of these images (k,); where the boundary comes nearer, that is kept.

        Whether it does takes one query; how much, a bisection. As long as no boundary is known, every flip is kept:
        from the same signs the same points would be asked for again.
        """
        signs = self.signs[image]
        signs.flatten(1)[:, block] *= -1
        high = self.radius[image].clamp(max=1)  # from there on the clipped image stays the same
        helps = self._fooled(image, signs, high)
        self.signs[image] = torch.where(per_image(self.radius[image].isinf(), signs).bool(), signs, self.signs[image])
        image, signs, high = image[helps], signs[helps], high[helps]
        low = torch.zeros_like(high)
        while True:
            halved = ((high - low > self.precision) & self._open(high, image)).nonzero().flatten()
            if not len(halved):
                break
            middle = (low[halved] + high[halved]) / 2
            fooled = self._fooled(image[halved], signs[halved], middle)
            high[halved] = torch.where(fooled, middle, high[halved])
            low[halved] = torch.where(fooled, low[halved], middle)
        nearer = high < self.radius[image]
        self.signs[image[nearer]], self.radius[image[nearer]] = signs[nearer], high[nearer]

    def found(self) -> Tensor:
        """(n, …) the nearest points, none further than the ball's edge."""
        return self._points(torch.arange(len(self.radius)), self.signs, self.radius.clamp(max=self.target.ball.eps))

    def _open(self, radius: Tensor, image: Tensor | slice = slice(None)) -> Tensor:
        """(k,) whether images with these radii (k,) may be asked for again, and have to be."""
        return (self.asked[image] < self.spec.queries) & ~(self.target.verdict & (radius <= self.target.ball.eps))

    def _fooled(self, image: Tensor, signs: Tensor, radius: Tensor) -> Tensor:
        """(k,) whether images are misclassified so far along their signs: a query each."""
        if not len(image):
            return torch.zeros_like(image, dtype=torch.bool)
        return self.target.queries.labels(self._points(image, signs, radius), image) != self.target.y[image]

    def _points(self, image: Tensor, signs: Tensor, radius: Tensor) -> Tensor:
        x, ball = self.target.x[image], self.target.ball
        moved = (x + per_image(radius, x) * signs).clamp(0, 1)
        return torch.where(per_image(radius <= ball.eps, x).bool(), project(ball, moved, x), moved)


def _blocks(values: int) -> Iterator[slice]:
    """All of an image's values, then its halves, its quarters and so on; in the end each value alone, for ever."""
    level = 0
    while True:
        size = ceil(values / 2**level)
        yield from (slice(begin, begin + size) for begin in range(0, values, size))
        level += size > 1
