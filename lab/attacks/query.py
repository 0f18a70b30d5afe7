"""Gradient attacks with a gradient estimated from queries: R+FGSM and PGD for an interactive adversary."""

from collections.abc import Callable, Iterator
from functools import singledispatch

import torch
from torch import Tensor

from lab.attacks.ball import project, random_delta, steepest
from lab.attacks.batches import batch_size
from lab.attacks.objectives import ascent
from lab.attacks.query_model import Queries, Target, by_queries
from lab.context import Context
from lab.specs.pace import pace
from lab.specs.query import NES, SPSA, Estimator, FiniteDifferences, QueryPGD, QueryRFGSM


@by_queries.register
def query_rfgsm(spec: QueryRFGSM, target: Target, ctx: Context) -> Tensor:
    """A random step of length alpha · eps, then an estimated gradient's of length (1 - alpha) · eps.

    Tramèr et al. 2018, eq. 7 with the gradient of §5.
    """
    ball, x, x_adv = target.ball, target.x, target.x.clone()
    image = target.standing()
    if len(image):
        noise = _draw(target, image, ctx, lambda draw: torch.randn(x.shape[1:], dtype=x.dtype, generator=draw))
        x_adv[image] = project(ball, x[image] + spec.alpha * ball.eps * steepest(ball, noise), x[image])
        image, gradient = _gradient(spec, target, x_adv, image, ctx)
        moved = x_adv[image] + (1 - spec.alpha) * ball.eps * steepest(ball, gradient)
        x_adv[image] = project(ball, moved, x[image])
    ctx.report(1, 1)
    return x_adv


@by_queries.register
def query_pgd(spec: QueryPGD, target: Target, ctx: Context) -> Tensor:
    """Projected steps along estimated gradients. Uesato et al. 2018."""
    ball, x, x_adv = target.ball, target.x, target.x.clone()
    image = target.standing() if spec.random_start else torch.arange(len(x), device=x.device)
    if spec.random_start and len(image):
        like = torch.empty(x.shape[1:], dtype=x.dtype)
        start = _draw(target, image, ctx, lambda draw: random_delta(ball, like, draw))
        x_adv[image] = project(ball, x[image] + start, x[image])
    steps, length = pace(spec, ball.eps)
    for step in range(steps):
        ctx.report(step, steps, unbroken=len(image))
        if not len(image):
            break
        image, gradient = _gradient(spec, target, x_adv, image, ctx.seeded("step", step))
        x_adv[image] = project(ball, x_adv[image] + length * steepest(ball, gradient), x[image])
    return x_adv


def estimate(
    estimator: Estimator, queries: Queries, x: Tensor, image: Tensor, direction: Tensor, ctx: Context
) -> Tensor:
    """(k, …) the gradient at ``x`` (k, …) of the scores summed with the weights ``direction`` (k, classes).

    Every pair of queries gives the gradient's component along the line between its two points; they are added up.
    For :class:`FiniteDifferences` the lines are the pixels and the sum is the gradient; for random directions its
    expectation is, where no pixel is at an edge, the gradient up to a positive factor. Queries stay in [0, 1], as a
    model's interface takes nothing else. ``image`` (k,) says on whose behalf the queries are made.
    """
    gradient = torch.zeros_like(x)
    if not len(x):
        return gradient
    for owner, offset in offsets(estimator, x, image, ctx):
        above, below = (x[owner] + offset).clamp(0, 1), (x[owner] - offset).clamp(0, 1)
        ahead, behind = queries.scores(torch.cat([above, below]), image[owner].repeat(2)).chunk(2)
        rise = ((ahead - behind) * direction[owner]).sum(1)
        line = above - below
        slope = rise / line.flatten(1).square().sum(1).clamp(min=torch.finfo(x.dtype).tiny)
        gradient.index_add_(0, owner, line * slope.view(-1, *[1] * (x.dim() - 1)))
    return gradient


@singledispatch
def offsets(estimator: Estimator, x: Tensor, image: Tensor, ctx: Context) -> Iterator[tuple[Tensor, Tensor]]:
    """The half distances (p, …) between the points of the pairs, and the positions (p,) in ``x`` they belong to."""
    raise TypeError(f"no offsets of {type(estimator).__name__}")


@offsets.register
def _(estimator: FiniteDifferences, x: Tensor, image: Tensor, ctx: Context) -> Iterator[tuple[Tensor, Tensor]]:
    pixels = x[0].numel()
    for pairs in torch.arange(len(x) * pixels, device=x.device).split(batch_size(x.device)):
        offset = x.new_zeros(len(pairs), pixels)
        offset.scatter_(1, (pairs % pixels).unsqueeze(1), estimator.width)
        yield pairs // pixels, offset.view(-1, *x.shape[1:])


@offsets.register
def _(estimator: NES, x: Tensor, image: Tensor, ctx: Context) -> Iterator[tuple[Tensor, Tensor]]:
    return _random(estimator, x, image, ctx, lambda empty, draw: empty.normal_(generator=draw))


@offsets.register
def _(estimator: SPSA, x: Tensor, image: Tensor, ctx: Context) -> Iterator[tuple[Tensor, Tensor]]:
    return _random(estimator, x, image, ctx, lambda empty, draw: empty.bernoulli_(generator=draw).mul_(2).sub_(1))


def _random(
    estimator: NES | SPSA, x: Tensor, image: Tensor, ctx: Context, fill: Callable[[Tensor, torch.Generator], Tensor]
) -> Iterator[tuple[Tensor, Tensor]]:
    count = estimator.directions
    shape = (count, *x.shape[1:])
    for group in torch.arange(len(x), device=x.device).split(max(1, batch_size(x.device) // count)):
        drawn = ctx.draws(image[group].tolist(), 0, lambda draw: fill(torch.empty(shape, dtype=x.dtype), draw))
        yield group.repeat_interleave(count), estimator.width * torch.cat(drawn).to(x.device)


def _gradient(
    spec: QueryRFGSM | QueryPGD, target: Target, x_adv: Tensor, image: Tensor, ctx: Context
) -> tuple[Tensor, Tensor]:
    """The images that are left, and the objective's estimated gradient at their present points."""
    image, scores = target.still_standing(image, target.queries.scores(x_adv[image], image))
    direction = ascent(spec.objective, scores, target.y[image])
    return image, estimate(spec.estimator, target.queries, x_adv[image], image, direction, ctx.seeded("directions"))


def _draw(target: Target, image: Tensor, ctx: Context, draw: Callable[[torch.Generator], Tensor]) -> Tensor:
    return torch.stack(ctx.draws(image.tolist(), 0, draw)).to(target.x.device)
