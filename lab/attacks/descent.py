"""Descent of many settings of many images at once, and its results: the parts of Carlini and Wagner's attacks.

Walkers are (P, n, …): P settings, called lanes, of each of n images.
"""

from typing import Protocol

import torch
from torch import Tensor, nn

from lab.attacks.ball import distance
from lab.attacks.gradient import input_gradient
from lab.attacks.objectives import margin, predicted
from lab.context import Context
from lab.specs.attacks import Margin
from lab.specs.balls import Ball, Linf
from lab.specs.carlini_wagner import CarliniWagnerL2, CarliniWagnerLinf

_SETTLED = 0.9999  # a cost that decreases by less in so many steps has converged, as in Carlini & Wagner's own code
_WINDOW = 50
_INSIDE = 0.999  # how far black and white pixels lie from grey in tanh space; at 1, they could never move
_HALVINGS = 12  # of the line back to the image


class Lanes(Protocol):
    """The walkers of one descent."""

    points: Tensor

    def cost(self, shortfall: Tensor) -> Tensor:
        """(P, n) the cost to minimise, given the excess of the margin."""

    def move(self, ascent: Tensor) -> None:
        """Take one step of Adam, given the negative gradient of the margin at the points."""

    def keep(self, alive: Tensor) -> None:
        """Drop the other images."""


class Nearest:
    """Nearest adversarial example found for each image; while there is none, the point of the smallest margin.

    ``correct`` (n,) images that the model classifies correctly; the others are their own nearest adversarial examples.
    """

    def __init__(self, model: nn.Module, x: Tensor, y: Tensor, norm: Ball, kappa: float) -> None:
        with torch.no_grad():
            self.correct = predicted(model(x)) == y
        self.x, self.y, self.norm, self.kappa = x, y, norm, kappa
        self.x_adv = x.clone()
        self.distance = torch.where(self.correct, torch.inf, 0.0).to(x.dtype)
        self.margin = torch.full_like(self.distance, torch.inf)

    def see(self, images: Tensor, points: Tensor, logits: Tensor) -> tuple[Tensor, Tensor]:
        """Consider (P, m, …) points of some images; return their margins and whether they are misclassified, (P, m).

        Misclassified means by more than rounding may change when the point is predicted in another batch.
        """
        lanes = points.shape[:2]
        margins = margin(logits, self.y[images].repeat(lanes[0])).view(lanes)
        rounding = 16 * torch.finfo(logits.dtype).eps * logits.abs().amax(1).view(lanes)
        wrong = margins < -self.kappa - rounding
        far = distance(self.norm, points.flatten(0, 1), self.x[images].repeat(lanes[0], *[1] * (self.x.dim() - 1)))
        far = torch.where(wrong, far.view(lanes), torch.inf)  # only adversarial points count as near
        found, lane = far.min(0)
        least, lowest = margins.min(0)
        nearer = found < self.distance[images]
        lower = self.distance[images].isinf() & (least < self.margin[images])
        for better, which in ((lower, lowest), (nearer, lane)):  # the second wins where both hold
            where = better.nonzero().flatten()
            self.x_adv[images[where]] = points[which[where], where]
        self.distance[images] = torch.where(nearer, found, self.distance[images])
        self.margin[images] = torch.where(lower, least, self.margin[images])
        return margins, wrong


class AdamDirection:
    """Direction of Adam's steps with its usual constants; the step size is the caller's. Kingma & Ba 2015, Alg. 1."""

    def __init__(self, like: Tensor) -> None:
        self.first, self.second, self.steps = torch.zeros_like(like), torch.zeros_like(like), 0

    def direction(self, gradient: Tensor) -> Tensor:
        """The direction to go against, for this gradient."""
        self.steps += 1
        self.first.mul_(0.9).add_(gradient, alpha=0.1)
        self.second.mul_(0.999).addcmul_(gradient, gradient, value=0.001)
        first, second = self.first / (1 - 0.9**self.steps), self.second / (1 - 0.999**self.steps)
        return first / second.sqrt_().add_(1e-8)

    def keep(self, alive: Tensor) -> None:
        """Drop the other images."""
        self.first, self.second = self.first[:, alive], self.second[:, alive]


class LinfLanes:
    """c · margin + Σ(|delta| - tau)₊ with a learning rate of rate / c. Na et al. 2018, App. F.

    ``x`` and ``start`` (n, …), ``c`` (P, 1), ``tau`` (P, n).
    """

    def __init__(self, x: Tensor, start: Tensor, c: Tensor, tau: Tensor, rate: float) -> None:
        self.points = start.expand(len(c), *x.shape).clone()
        self._x, self._c, self._tau, self._rate, self._adam = x, c, tau, rate, AdamDirection(self.points)

    def cost(self, shortfall: Tensor) -> Tensor:
        """(P, n) the sum that App. F minimises."""
        return self._c * shortfall + self._excess().flatten(2).sum(2)

    def move(self, ascent: Tensor) -> None:
        """One step of Adam, clipped to [0, 1]."""
        c = _spread(self._c, ascent)
        # The first term is a subgradient of Σ(|delta| - tau)₊: ±1 beyond tau, 0 within.
        gradient = self._excess().sign() * (self.points - self._x).sign() - c * ascent
        self.points = (self.points - self._rate / c * self._adam.direction(gradient)).clamp(0, 1)

    def keep(self, alive: Tensor) -> None:
        """Drop the other images."""
        self.points, self._x, self._tau = self.points[:, alive], self._x[alive], self._tau[:, alive]
        self._adam.keep(alive)

    def _excess(self) -> Tensor:
        return ((self.points - self._x).abs() - _spread(self._tau, self.points)).clamp(min=0)


class TanhLanes:
    """|delta|² + c · margin over w, where the image is (tanh w + 1) / 2. Carlini & Wagner 2017, §VI.A.

    ``x`` (n, …), ``c`` (1, n).
    """

    def __init__(self, x: Tensor, c: Tensor, rate: float) -> None:
        self._w = torch.atanh((2 * x - 1) * _INSIDE).unsqueeze(0)
        self.points = (self._w.tanh() + 1) / 2
        self._x, self._c, self._rate, self._adam = x, c, rate, AdamDirection(self._w)

    def cost(self, shortfall: Tensor) -> Tensor:
        """(1, n) the sum that is minimised."""
        return self._c * shortfall + (self.points - self._x).square().flatten(2).sum(2)

    def move(self, ascent: Tensor) -> None:
        """One step of Adam in tanh space."""
        gradient = 2 * (self.points - self._x) - _spread(self._c, ascent) * ascent
        gradient = gradient * 2 * self.points * (1 - self.points)  # d image / d w = (1 - tanh² w) / 2
        self._w = self._w - self._rate * self._adam.direction(gradient)
        self.points = (self._w.tanh() + 1) / 2

    def keep(self, alive: Tensor) -> None:
        """Drop the other images."""
        self._w, self.points, self._x = self._w[:, alive], self.points[:, alive], self._x[alive]
        self._c = self._c[:, alive]
        self._adam.keep(alive)


def descend(
    spec: CarliniWagnerLinf | CarliniWagnerL2,
    model: nn.Module,
    best: Nearest,
    images: Tensor,
    lanes: Lanes,
    goal: Tensor,
    ctx: Context,
) -> Tensor:
    """Run Adam until an image is nearer than its ``goal`` (m,) or all its lanes converged; ``best`` sees every point.

    Return (m,) whether a point of this descent was misclassified.
    """
    broken = torch.zeros_like(best.correct)
    count, all_images = len(lanes.points), images
    least = before = best.x.new_full((count, len(images)), torch.inf)
    for step in range(spec.steps):
        ctx.report(step, spec.steps)
        points = lanes.points
        goals = best.y[images].repeat(count)
        ascent, logits = input_gradient(model, points.flatten(0, 1), goals, Margin(spec.kappa))
        margins, wrong = best.see(images, points, logits)
        broken[images] |= wrong.any(0)
        least = torch.minimum(least, lanes.cost((margins + spec.kappa).clamp(min=0)))
        alive = best.distance[images] > goal
        if (step + 1) % _WINDOW == 0:
            alive &= (least < _SETTLED * before).any(0)  # an image goes only once none of its lanes gains
            before = least
        lanes.move(ascent.view_as(points))  # before rows go: the gradient still has all of them
        if not alive.all():
            if not alive.any():
                break
            lanes.keep(alive)
            images, goal, least, before = images[alive], goal[alive], least[:, alive], before[:, alive]
    return broken[all_images]


def draw_back(model: nn.Module, best: Nearest) -> None:
    """Shorten every perturbation while the image stays misclassified, by bisection between it and none."""
    images = (best.correct & best.distance.isfinite()).nonzero().flatten()
    if not len(images):
        return
    x, x_adv, length = best.x[images], best.x_adv[images], best.distance[images]
    low, high = torch.zeros_like(length), torch.ones_like(length)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        points = _within(best.norm, x_adv, x, middle, length)
        with torch.no_grad():
            _, [wrong] = best.see(images, points.unsqueeze(0), model(points))
        low, high = torch.where(wrong, low, middle), torch.where(wrong, middle, high)


def _within(norm: Ball, x_adv: Tensor, x: Tensor, fraction: Tensor, length: Tensor) -> Tensor:
    """Return the points nearest to ``x_adv`` whose distance from ``x`` is that fraction of its own."""
    fraction, length = (each.view(-1, *[1] * (x.dim() - 1)) for each in (fraction, length))
    if isinstance(norm, Linf):
        return torch.clamp(x_adv, x - fraction * length, x + fraction * length)  # in L∞ only the largest pixels shrink
    return x + fraction * (x_adv - x)


def _spread(per_lane: Tensor, like: Tensor) -> Tensor:
    """(P, n) as (P, n, 1, …, 1), to multiply walkers with."""
    return per_lane.view(*per_lane.shape, *[1] * (like.dim() - 2))
