"""Carlini and Wagner's attacks: Adam trades an image's distance against its margin, for many weights c at once.

Na et al. 2018, App. F, for L∞; Carlini & Wagner 2017, *Towards Evaluating the Robustness of Neural Networks*, §VI.A,
for L2. Walkers are (P, n, …): P settings side by side of each of n images.
"""

from collections.abc import Iterator
from functools import singledispatch

import torch
from torch import Tensor, nn

from lab.attacks.attack import ascend
from lab.attacks.ball import distance, project
from lab.attacks.batches import batch_size, in_batches
from lab.attacks.descent import LinfLanes, Nearest, TanhLanes, descend, draw_back
from lab.attacks.gradient import device_of, frozen
from lab.attacks.objectives import margin
from lab.attacks.radii import radii
from lab.context import Context
from lab.errors import AttackError
from lab.specs.balls import L2, Ball, Linf
from lab.specs.carlini_wagner import CarliniWagnerL2, CarliniWagnerLinf, MinimumDistance


@ascend.register
def carlini_wagner(spec: MinimumDistance, model: nn.Module, x: Tensor, y: Tensor, ball: Ball, ctx: Context) -> Tensor:
    """The nearest adversarial image where it lies in the ball, and elsewhere its projection onto the ball."""
    if not isinstance(ball, Linf | L2):
        raise AttackError(
            f"{type(spec).__name__} finds no images in {type(ball).__name__}: choose the ball Linf or L2."
        )
    x_adv = nearest(spec, model, x, y, ctx)
    inside = distance(ball, x_adv, x) <= ball.eps
    return torch.where(inside.view(-1, *[1] * (x.dim() - 1)), x_adv, project(ball, x_adv, x))


def minimum_distance(
    spec: MinimumDistance, model: nn.Module, x: Tensor, y: Tensor, ctx: Context | None = None
) -> tuple[Tensor, Tensor]:
    """The nearest adversarial images found, and their distances in the attack's own norm: L∞ or L2.

    ``x`` (n, …) in [0, 1], ``y`` (n,). A distance is 0 where the model misreads the image itself, and infinite where
    nothing was found: what came closest to being misread stands there. Misread means by more than kappa, as predicted
    again on the images that are returned.
    """

    def found(model: nn.Module, x: Tensor, y: Tensor, _: Ball, part: Context) -> Tensor:
        return nearest(spec, model, x, y, part)

    norm = norm_of(spec)
    x_adv = in_batches(found, model, x, y, norm, ctx or Context())
    x, y = x.detach().to(x_adv.device), y.detach().to(x_adv.device)
    far = distance(norm, x_adv, x)
    reached = torch.zeros_like(y, dtype=torch.bool)
    with frozen(model), torch.no_grad():
        for batch in torch.arange(len(x), device=x.device).split(batch_size(device_of(model))):
            if len(batch):
                kappa = torch.where(far[batch] > 0, spec.kappa, 0.0)
                reached[batch] = margin(model(x_adv[batch]), y[batch]) < -kappa
    return x_adv, torch.where(reached, far, torch.inf)


@singledispatch
def norm_of(spec: MinimumDistance) -> Ball:
    """The ball in whose norm the attack measures distance, large enough for every image."""
    raise TypeError(f"no norm of {type(spec).__name__}")


@norm_of.register
def _(spec: CarliniWagnerLinf) -> Ball:
    return Linf(1.0)


@norm_of.register
def _(spec: CarliniWagnerL2) -> Ball:
    return L2(1000.0)


@singledispatch
def nearest(spec: MinimumDistance, model: nn.Module, x: Tensor, y: Tensor, ctx: Context) -> Tensor:
    """One batch of :func:`minimum_distance`, on a frozen model and checked images."""
    raise TypeError(f"no search for the nearest image by {type(spec).__name__}")


@nearest.register
def nearest_linf(spec: CarliniWagnerLinf, model: nn.Module, x: Tensor, y: Tensor, ctx: Context) -> Tensor:
    """Every c at once, in a bisection over tau: a tau is met when an image within tau is misread.

    With ``exhaustive``, all pairs of c and tau at once. Two things the paper does not do: each tau of the bisection
    starts from the best image so far, cut to tau, which comes nearer on robust networks in fewer steps; and in the end
    every pixel is drawn back towards x as far as the image stays misread, which makes up for the steps between taus.
    """
    pairs = len(spec.c) * (len(spec.tau) if spec.exhaustive else 1)
    x_adv = torch.empty_like(x)
    for group, part in _groups(x, pairs, ctx):
        best = Nearest(model, x[group], y[group], norm_of(spec), spec.kappa)
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
        images = ((high - low > 1) & best.standing).nonzero().flatten()
        if not len(images):
            return
        middle = (low + high)[images] // 2
        tau = taus[middle]
        x = best.x[images]
        start = project(radii(norm_of(spec), tau), best.x_adv[images], x)
        lanes = LinfLanes(x, start, c, tau.expand(len(c), -1), spec.learning_rate)
        descend(spec, model, best, images, lanes, tau, ctx.part(i, rounds))
        reached = best.distance[images]
        low[images] = torch.where(reached > tau, middle, low[images])
        high[images] = torch.minimum(high[images], torch.searchsorted(taus, reached))


def _every_pair(spec: CarliniWagnerLinf, model: nn.Module, best: Nearest, ctx: Context) -> None:
    pairs = torch.cartesian_prod(best.x.new_tensor(spec.c), best.x.new_tensor(spec.tau)).view(-1, 2)
    images = best.standing.nonzero().flatten()
    lanes = LinfLanes(
        best.x[images], best.x[images], pairs[:, :1], pairs[:, 1:].expand(-1, len(images)), spec.learning_rate
    )
    descend(spec, model, best, images, lanes, best.x.new_zeros(len(images)), ctx)


@nearest.register
def nearest_l2(spec: CarliniWagnerL2, model: nn.Module, x: Tensor, y: Tensor, ctx: Context) -> Tensor:
    """A binary search for the smallest c that gets the image misread, each image with its own; ten times c at first."""
    best = Nearest(model, x, y, norm_of(spec), spec.kappa)
    images = best.standing.nonzero().flatten()
    c = x.new_full((len(images),), spec.c)
    low, high = torch.zeros_like(c), torch.full_like(c, torch.inf)
    for i in range(spec.searches):
        if not len(images):
            break
        lanes = TanhLanes(x[images], c.unsqueeze(0), spec.learning_rate)
        fell = descend(spec, model, best, images, lanes, torch.zeros_like(c), ctx.part(i, spec.searches))
        low, high = torch.where(fell, low, c), torch.where(fell, c, high)
        c = torch.where(high.isinf(), 10 * c, (low + high) / 2)
    draw_back(model, best)
    return best.x_adv


def _groups(x: Tensor, lanes: int, ctx: Context) -> Iterator[tuple[slice, Context]]:
    """Consecutive images whose lanes fit into one batch, with their share of the progress."""
    size = max(1, batch_size(x.device) // lanes)
    for start in range(0, len(x), size):
        stop = min(start + size, len(x))
        yield slice(start, stop), ctx.span(start, stop, len(x))
