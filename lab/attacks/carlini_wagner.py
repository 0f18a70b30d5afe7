"""Carlini and Wagner's attacks: Adam trades an image's distance against its margin, for many weights c at once.

Na et al. 2018, App. F, for L∞; Carlini & Wagner 2017, *Towards Evaluating the Robustness of Neural Networks*, §VI.A,
for L2. Walkers are (P, n, …): P settings side by side of each of n images.
"""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from lab.attacks.ball import project
from lab.attacks.batches import batch_size, room
from lab.attacks.descent import LinfLanes, Nearest, TanhLanes, descend, draw_back
from lab.attacks.nearest import nearest
from lab.attacks.radii import radii
from lab.context import Context
from lab.specs.balls import Ball
from lab.specs.carlini_wagner import CarliniWagnerL2, CarliniWagnerLinf


@nearest.register
def nearest_linf(spec: CarliniWagnerLinf, model: nn.Module, x: Tensor, y: Tensor, norm: Ball, ctx: Context) -> Tensor:
    """Every c at once, in a bisection over tau: a tau is met when an image within tau is misclassified.

    With ``exhaustive``, all pairs of c and tau at once. Two things the paper does not do: each tau of the bisection
    starts from the best image so far, clipped to tau, which comes nearer on robust models in fewer steps; and in the
    end every pixel is moved back towards x while the image stays misclassified, which makes up for the steps between
    taus.
    """
    pairs = len(spec.c) * (len(spec.tau) if spec.exhaustive else 1)
    x_adv = torch.empty_like(x)
    for group, part in _groups(model, x, pairs, ctx):
        best = Nearest(model, x[group], y[group], norm, spec.kappa)
        (_every_pair if spec.exhaustive else _bisection)(spec, model, best, part)
        draw_back(model, best)
        x_adv[group] = best.x_adv
    return x_adv


def _bisection(spec: CarliniWagnerLinf, model: nn.Module, best: Nearest, ctx: Context) -> None:
    c = best.x.new_tensor(spec.c).unsqueeze(1)
    taus = best.x.new_tensor(sorted(spec.tau))
    rounds = len(spec.tau).bit_length()
    low, high = torch.full_like(best.y, -1), torch.full_like(best.y, len(taus))  # not met, and met or too large
    for i in range(rounds):
        images = ((high - low > 1) & best.correct).nonzero().flatten()
        if not len(images):
            return
        middle = (low + high)[images] // 2
        tau = taus[middle]
        x = best.x[images]
        start = project(radii(best.norm, tau), best.x_adv[images], x)
        lanes = LinfLanes(x, start, c, tau.expand(len(c), -1), spec.learning_rate)
        descend(spec, model, best, images, lanes, tau, ctx.part(i, rounds))
        reached = best.distance[images]
        low[images] = torch.where(reached > tau, middle, low[images])
        high[images] = torch.minimum(high[images], torch.searchsorted(taus, reached))


def _every_pair(spec: CarliniWagnerLinf, model: nn.Module, best: Nearest, ctx: Context) -> None:
    pairs = torch.cartesian_prod(best.x.new_tensor(spec.c), best.x.new_tensor(spec.tau)).view(-1, 2)
    images = best.correct.nonzero().flatten()
    lanes = LinfLanes(
        best.x[images], best.x[images], pairs[:, :1], pairs[:, 1:].expand(-1, len(images)), spec.learning_rate
    )
    descend(spec, model, best, images, lanes, best.x.new_zeros(len(images)), ctx)


@nearest.register
def nearest_l2(spec: CarliniWagnerL2, model: nn.Module, x: Tensor, y: Tensor, norm: Ball, ctx: Context) -> Tensor:
    """Binary search for the smallest c with which the image is misclassified, for each image; ten times c at first."""
    best = Nearest(model, x, y, norm, spec.kappa)
    images = best.correct.nonzero().flatten()
    c = x.new_full((len(images),), spec.c)
    low, high = torch.zeros_like(c), torch.full_like(c, torch.inf)
    for i in range(spec.searches):
        if not len(images):
            break
        lanes = TanhLanes(x[images], c.unsqueeze(0), spec.learning_rate)
        broken = descend(spec, model, best, images, lanes, torch.zeros_like(c), ctx.part(i, spec.searches))
        low, high = torch.where(broken, low, c), torch.where(broken, c, high)
        c = torch.where(high.isinf(), 10 * c, (low + high) / 2)
    draw_back(model, best)
    return best.x_adv


def _groups(model: nn.Module, x: Tensor, lanes: int, ctx: Context) -> Iterator[tuple[slice, Context]]:
    """Consecutive images whose lanes fit into one batch, with their fraction of the progress."""
    size = max(1, min(batch_size(x.device), room(model, x)) // lanes)
    for start in range(0, len(x), size):
        stop = min(start + size, len(x))
        yield slice(start, stop), ctx.span(start, stop, len(x))
