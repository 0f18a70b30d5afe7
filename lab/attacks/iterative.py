"""Iterative attacks: projected gradient steps to the largest loss. What they do for a verdict is in ``verdict.py``."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from lab.attacks.attack import ascend
from lab.attacks.ball import box, project, random_delta, steepest
from lab.attacks.batches import batch_size, room
from lab.attacks.best import Best
from lab.attacks.gradient import expected_gradient, pulled_back
from lab.attacks.graphs import repeated
from lab.attacks.labels import Aim, aims, answer
from lab.attacks.objectives import cross_entropy, margin, predicted
from lab.attacks.radii import Radii, Region, around, ball_of, norm, per_image, reach
from lab.context import Context
from lab.errors import AttackError
from lab.specs.attacks import BIM, EVERY_CLASS, PGD, IterLL, IterRnd
from lab.specs.balls import Ball, Linf
from lab.specs.pace import pace, step_share


@dataclass(frozen=True, eq=False)
class RestartPaths:
    """Restarts of n images, each followed to its end.

    ``end`` (R, n, …) the end points, ``loss`` (R, T + 1, n) cross-entropy of the true label at every step from the
    start to the end, ``margin`` and ``prediction`` (R, n) at the end.
    """

    end: Tensor
    loss: Tensor
    margin: Tensor
    prediction: Tensor


@ascend.register
def pgd(spec: PGD, model: nn.Module, x: Tensor, y: Tensor, ball: Region, ctx: Context) -> Tensor:
    """Projected gradient ascent on the objective; of several restarts, the end of the largest objective.

    Madry et al. 2017, §2.1: x ← Π(x + step_size · sign(∇ₓ loss)), from a uniformly random point of the ball. Of
    several targets, the end that counts is the one of the largest objective of the true label.
    """
    goals = aims(spec, model, x, y, ctx)
    if len(goals) * spec.restarts == 1 and not spec.keep_best:
        return climb(spec, model, start_points(spec, x, ball, ctx, range(len(x)), [0]), x, goals[0], ball, ctx)
    best = Best(x)
    for i, goal in enumerate(goals):
        _every_restart(spec, model, x, y, ball, best, goal, ctx.part(i, len(goals)))
    return best.x_adv


def _every_restart(
    spec: PGD, model: nn.Module, x: Tensor, y: Tensor, ball: Region, best: Best, goal: Aim, ctx: Context
) -> None:
    """Offer ``best`` the end of every restart, and with ``keep_best`` all that lies before; as many at once as fit."""
    restart = 0
    while restart < spec.restarts:
        together = max(1, min(batch_size(x.device), room(model, x)) // max(len(x), 1))
        count = min(together, spec.restarts - restart)
        owner = torch.arange(len(x), device=x.device).repeat(count)

        def offer(_: int, x_adv: Tensor, logits: Tensor, owner: Tensor = owner) -> None:
            best.offer_some(owner, x_adv, reached(spec, goal.of(owner), y[owner], logits))

        part = ctx.span(restart, restart + count, spec.restarts)
        start = start_points(spec, x, ball, ctx, range(len(x)), range(restart, restart + count))
        centres, region = (x, ball) if count == 1 else (x[owner], around(ball, owner))
        end = climb(spec, model, start, centres, goal.of(owner), region, part, offer if spec.keep_best else None)
        offer(spec.steps, end, answer(model, end, spec.passes))
        restart += count


@ascend.register
def iterated(
    spec: BIM | IterLL | IterRnd, model: nn.Module, x: Tensor, y: Tensor, ball: Region, ctx: Context
) -> Tensor:
    """x ← Π(x ± step_size · sign(∇ₓ loss)) from the image itself. Kurakin et al. 2017, §2.2."""
    if isinstance(ball, Radii):
        return staggered(spec, model, x, y, ball, ctx)
    return pgd(as_pgd(spec, ball), model, x, y, ball, ctx)


def staggered(
    spec: BIM | IterLL | IterRnd,
    model: nn.Module,
    x: Tensor,
    y: Tensor,
    balls: Radii,
    ctx: Context,
    verdict: bool = False,
) -> Tensor:
    """BIM, IterLL or IterRnd where the steps depend on each image's eps: all go together, and each stops after its own.

    For a ``verdict``, an image also stops as soon as it is misclassified.
    """
    paces = [pace(spec, eps) for eps in balls.eps.tolist()]
    steps = torch.tensor([count for count, _ in paces], device=x.device)
    sizes = torch.tensor([size for _, size in paces], dtype=torch.float64)
    plan, x_adv, going = as_pgd(spec, balls.ball), x.clone(), torch.arange(len(x), device=x.device)
    [goal] = aims(plan, model, x, y, ctx)
    last = int(steps.max())
    for step in range(last):
        ctx.report(step, last)
        going = going[steps[going] > step]
        gradient, logits = slope(plan, model, x_adv[going], goal.of(going))
        if verdict:
            unbroken = predicted(logits) == y[going]
            going, gradient = going[unbroken], gradient[unbroken]
        move = step_in(around(balls, going), x[going], per_image(sizes[going.cpu()], x))
        x_adv[going] = move(x_adv[going], gradient)
    return x_adv


def as_pgd(spec: BIM | IterLL | IterRnd, ball: Ball) -> PGD:
    """The same steps as PGD without a random start."""
    return PGD(*pace(spec, ball.eps), random_start=False, labels=spec.labels, objective=spec.objective)


def step_size(spec: PGD, ball: Region, like: Tensor) -> float | Tensor:
    """The length of a step: a number, or one for each image (n, 1, …, 1) where it follows an eps of their own."""
    return spec.step_size or reach(ball, like, step_share(spec.steps))


def climb(
    spec: PGD,
    model: nn.Module,
    x_adv: Tensor,
    x: Tensor,
    goal: Aim,
    ball: Region,
    ctx: Context,
    each: Callable[[int, Tensor, Tensor], None] | None = None,
) -> Tensor:
    """``steps`` projected gradient steps from ``x_adv``; ``each`` is shown the point and its logits before a step."""
    move = step_in(ball, x, step_size(spec, ball, x))
    ask = repeated(lambda shown: slope(spec, model, shown, goal), x_adv, spec.steps)
    velocity = None
    for step in range(spec.steps):
        ctx.report(step, spec.steps)
        gradient, logits = ask(x_adv)
        if each:
            each(step, x_adv, logits)
        if spec.momentum:
            velocity = accumulated(spec, velocity, gradient)
            gradient = velocity.clone()  # the step may use up its gradient's memory
        x_adv = move(x_adv, gradient)
    ctx.report(spec.steps, spec.steps)
    return x_adv


def slope(spec: PGD, model: nn.Module, x_adv: Tensor, goal: Aim) -> tuple[Tensor, Tensor]:
    """The gradient a step follows, up to a positive factor per image, and the logits at the point."""
    direction = partial(goal.ascent, spec.objective)
    if spec.passes > 1:
        return expected_gradient(model, x_adv, spec.passes, direction, partial(goal.log_factor, spec.objective))
    return pulled_back(model, x_adv, direction)


def accumulated(spec: PGD, velocity: Tensor | None, gradient: Tensor) -> Tensor:
    """The decaying sum of the gradients so far, each divided by its mean size. Dong et al. 2018, eq. 6."""
    size = gradient.flatten(1).abs().mean(1).clamp(min=torch.finfo(gradient.dtype).tiny)
    gradient = gradient / size.view(-1, *[1] * (gradient.dim() - 1))
    return gradient if velocity is None else velocity * spec.momentum + gradient


def step_in(ball: Region, x: Tensor, step_size: float | Tensor) -> Callable[[Tensor, Tensor], Tensor]:
    """One projected gradient step as a function of the present point and its gradient."""
    if isinstance(norm(ball), Linf):  # the box is the same in every step, and the gradient's memory can be reused
        low, high = box(ball, x)
        return lambda x_adv, gradient: torch.clamp(gradient.sign_().mul_(step_size).add_(x_adv), low, high)
    return lambda x_adv, gradient: project(ball, x_adv + step_size * steepest(ball, gradient), x)


def reached(spec: PGD, goal: Aim, y: Tensor, logits: Tensor) -> Tensor:
    """(n,) what counts when points are compared: the aim's own objective; among every class's, the true label's.

    An image for which the target is its own label has reached nothing.
    """
    if spec.labels != EVERY_CLASS:
        return goal.value(spec.objective, logits)
    return Aim(y).value(spec.objective, logits).masked_fill(goal.labels == y, -torch.inf)


def follow_restarts(
    spec: PGD, model: nn.Module, x: Tensor, y: Tensor, ball: Region, restarts: range, ctx: Context
) -> RestartPaths:
    """The given restarts of every image, all in one batch, with the loss along the way. Madry et al. 2017, §3.1.

    Every restart is followed to its last step, also with ``keep_best``. Raises :class:`AttackError` for a spec that
    goes toward every class: a restart has one target.
    """
    count, images = len(restarts), len(x)
    losses = torch.empty(spec.steps + 1, count * images, dtype=x.dtype, device=x.device)
    copies = x.repeat(count, *[1] * (x.dim() - 1))
    truth = y.repeat(count)
    goal, *more = aims(spec, model, x, y, ctx)
    if more:
        raise AttackError("Restarts are followed for one aim, not for every class in turn: choose other labels.")

    def note(step: int, _: Tensor, logits: Tensor) -> None:
        losses[step] = cross_entropy(logits, truth)

    start = start_points(spec, x, ball, ctx, range(images), restarts)
    end = climb(spec, model, start, copies, Aim(goal.labels.repeat(count), goal.toward), ball, ctx, note)
    logits = answer(model, end, spec.passes)
    note(spec.steps, end, logits)
    return RestartPaths(
        end.view(count, images, *x.shape[1:]),
        losses.view(-1, count, images).transpose(0, 1),
        margin(logits, truth).view(count, images),
        predicted(logits).view(count, images),
    )


def follow_path(spec: PGD, model: nn.Module, x: Tensor, y: Tensor, ball: Region, ctx: Context) -> tuple[Tensor, Tensor]:
    """(T + 1, n, …) the points of PGD's first restart from its start to its end, and (T + 1, n, K) the logits there.

    Raises :class:`AttackError` for a spec that goes toward every class: a path has one target.
    """
    goal, *more = aims(spec, model, x, y, ctx)
    if more:
        raise AttackError("A path is followed for one aim, not for every class in turn: choose other labels.")
    points, found = [], []

    def note(_: int, point: Tensor, logits: Tensor) -> None:
        points.append(point.clone())
        found.append(logits.detach().clone())

    end = climb(spec, model, start_points(spec, x, ball, ctx, range(len(x)), [0]), x, goal, ball, ctx, note)
    note(spec.steps, end, answer(model, end, spec.passes))
    return torch.stack(points), torch.stack(found)


def start_points(
    spec: PGD, x: Tensor, ball: Region, ctx: Context, images: Iterable[int], restarts: Iterable[int]
) -> Tensor:
    """(R · n, …) where the restarts of the images begin: random points of the ball, or the images themselves.

    Drawn on the CPU, one generator for each image and restart, so that every device and batch size gives the same.
    """
    images = list(images)
    centres = x[images]
    if not spec.random_start:
        return torch.cat([centres for _ in restarts])
    like = torch.empty(x.shape[1:], dtype=x.dtype)
    region, starts = around(ball, torch.tensor(images)), []
    for restart in restarts:
        delta = torch.stack([_draw_delta(ball_of(ball, image), like, image, restart, ctx) for image in images])
        starts.append(project(region, centres + delta.to(x.device), centres))
    return torch.cat(starts)


def _draw_delta(ball: Ball, like: Tensor, image: int, restart: int, ctx: Context) -> Tensor:
    [delta] = ctx.draws([image], restart, lambda generator: random_delta(ball, like, generator))
    return delta
