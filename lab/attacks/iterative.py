"""Iterative attacks: projected gradient steps, in a mode for verdicts and one for the largest loss."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from lab.attacks.attack import ascend, perturb
from lab.attacks.ball import box, project, random_delta, steepest
from lab.attacks.gradient import input_gradient
from lab.attacks.objectives import cross_entropy, margin, value
from lab.context import Context
from lab.specs.attacks import PGD
from lab.specs.balls import Ball, Linf

WALKERS = 256  # restarts that walk together when few images are left to attack


@dataclass(frozen=True, eq=False)
class Walk:
    """Restarts of n images, each followed to its end.

    ``end`` (R, n, …) the end points, ``loss`` (R, T + 1, n) cross-entropy of the true label at every step from the
    start to the end, ``margin`` and ``prediction`` (R, n) at the end.
    """

    end: Tensor
    loss: Tensor
    margin: Tensor
    prediction: Tensor


@ascend.register
def pgd(spec: PGD, model: nn.Module, x: Tensor, y: Tensor, ball: Ball, ctx: Context) -> Tensor:
    """Projected gradient ascent on the objective; of several restarts, the end of the largest objective.

    Madry et al. 2017, §2.1: x ← Π(x + step_size · sign(∇ₓ loss)), from a uniformly random point of the ball.
    """
    goal = attacked_labels(spec, model, x, y)
    best, highest = x, torch.full((len(x),), -torch.inf, dtype=x.dtype, device=x.device)
    for restart in range(spec.restarts):
        x_adv = start_points(spec, x, ball, ctx, range(len(x)), [restart])
        x_adv = climb(spec, model, x_adv, x, goal, ball, ctx.part(restart, spec.restarts))
        if spec.restarts == 1:
            return x_adv
        with torch.no_grad():
            reached = value(spec.objective, model(x_adv), goal)
        better = reached > highest
        best = torch.where(better.view(-1, *[1] * (x.dim() - 1)), x_adv, best)
        highest = torch.where(better, reached, highest)
    return best


def climb(
    spec: PGD,
    model: nn.Module,
    x_adv: Tensor,
    x: Tensor,
    goal: Tensor,
    ball: Ball,
    ctx: Context,
    each: Callable[[int, Tensor], None] = lambda _step, _logits: None,
) -> Tensor:
    """``steps`` projected gradient steps from ``x_adv``; ``each`` is shown the logits before every step."""
    move = step_in(ball, x, spec.step_size)
    for step in range(spec.steps):
        ctx.report(step, spec.steps)
        gradient, logits = input_gradient(model, x_adv, goal, spec.objective)
        each(step, logits)
        x_adv = move(x_adv, gradient)
    ctx.report(spec.steps, spec.steps)
    return x_adv


def step_in(ball: Ball, x: Tensor, step_size: float) -> Callable[[Tensor, Tensor], Tensor]:
    """One projected gradient step as a function of the present point and its gradient."""
    if isinstance(ball, Linf):  # the box is the same in every step, and the gradient's memory can be reused
        low, high = box(ball, x)
        return lambda x_adv, gradient: torch.clamp(gradient.sign_().mul_(step_size).add_(x_adv), low, high)
    return lambda x_adv, gradient: project(ball, x_adv + step_size * steepest(ball, gradient), x)


def walk(spec: PGD, model: nn.Module, x: Tensor, y: Tensor, ball: Ball, restarts: range, ctx: Context) -> Walk:
    """The given restarts of every image, all in one batch, with the loss along the way. Madry et al. 2017, §3.1."""
    count, images = len(restarts), len(x)
    losses = torch.empty(spec.steps + 1, count * images, dtype=x.dtype, device=x.device)
    copies = x.repeat(count, *[1] * (x.dim() - 1))
    truth = y.repeat(count)

    def note(step: int, logits: Tensor) -> None:
        losses[step] = cross_entropy(logits, truth)

    goal = attacked_labels(spec, model, x, y).repeat(count)
    start = start_points(spec, x, ball, ctx, range(images), restarts)
    end = climb(spec, model, start, copies, goal, ball, ctx, note)
    with torch.no_grad():
        logits = model(end)
    note(spec.steps, logits)
    return Walk(
        end.view(count, images, *x.shape[1:]),
        losses.view(-1, count, images).transpose(0, 1),
        margin(logits, truth).view(count, images),
        logits.argmax(1).view(count, images),
    )


@perturb.register
def pgd_verdict(spec: PGD, model: nn.Module, x: Tensor, y: Tensor, ball: Ball, ctx: Context) -> Tensor:
    """PGD until the image falls: a misread image and all its restarts leave the batch at once.

    Images that no restart fells come back as the end point of the largest objective. Several restarts walk
    together when few images stand, so which of an image's adversarial examples is found first may depend on the
    batch; whether one is found does not.
    """
    with torch.no_grad():
        standing = (model(x).argmax(1) == y).nonzero().flatten()
    x_adv, highest = x.clone(), torch.full((len(x),), -torch.inf, dtype=x.dtype, device=x.device)
    restart = 0
    while restart < spec.restarts and len(standing):
        count = min(max(1, WALKERS // len(standing)), spec.restarts - restart)
        part = ctx.span(restart, restart + count, spec.restarts)
        hunt = _Hunt(spec, model, x, y, ball, x_adv, highest)
        standing = hunt.run(standing, range(restart, restart + count), part)
        restart += count
    return x_adv


@dataclass(frozen=True, eq=False)
class _Hunt:
    """Some restarts of :func:`pgd_verdict` at once; ``x_adv`` and ``highest`` are filled in place."""

    spec: PGD
    model: nn.Module
    x: Tensor
    y: Tensor
    ball: Ball
    x_adv: Tensor
    highest: Tensor

    def run(self, standing: Tensor, restarts: range, ctx: Context) -> Tensor:
        """Walk these restarts of the standing images; returns the images that still stand."""
        owner = standing.repeat(len(restarts))
        walkers = start_points(self.spec, self.x, self.ball, ctx, standing.tolist(), restarts)
        move = step_in(self.ball, self.x[owner], self.spec.step_size)
        for step in range(self.spec.steps):
            ctx.report(step, self.spec.steps, standing=len(standing))
            # Here the model still reads every standing image correctly, so labels are true and predicted at once.
            gradient, logits = input_gradient(self.model, walkers, self.y[owner], self.spec.objective)
            alive = self._without_fallen(owner, walkers, logits)
            if not alive.all():
                owner, walkers, gradient = owner[alive], walkers[alive], gradient[alive]
                if not len(owner):
                    return owner
                move = step_in(self.ball, self.x[owner], self.spec.step_size)
            walkers = move(walkers, gradient)
        with torch.no_grad():
            logits = self.model(walkers)
        alive = self._without_fallen(owner, walkers, logits)
        self._keep_highest(owner[alive], walkers[alive], logits[alive])
        return owner[alive].unique()

    def _without_fallen(self, owner: Tensor, walkers: Tensor, logits: Tensor) -> Tensor:
        """Record the walkers that fell their image; returns which walkers belong to images that still stand."""
        fell = logits.argmax(1) != self.y[owner]
        self.x_adv[owner[fell]] = walkers[fell]
        return ~torch.isin(owner, owner[fell])

    def _keep_highest(self, owner: Tensor, walkers: Tensor, logits: Tensor) -> None:
        reached = value(self.spec.objective, logits, self.y[owner])
        for image in owner.unique():
            mine = (owner == image).nonzero().flatten()
            best = mine[reached[mine].argmax()]
            if reached[best] > self.highest[image]:
                self.highest[image], self.x_adv[image] = reached[best], walkers[best]


def attacked_labels(spec: PGD, model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """The labels whose loss is raised: the true ones, or the model's prediction on the clean images."""
    if spec.labels == "true":
        return y
    with torch.no_grad():
        return model(x).argmax(1)


def start_points(
    spec: PGD, x: Tensor, ball: Ball, ctx: Context, images: Iterable[int], restarts: Iterable[int]
) -> Tensor:
    """(R · n, …) where the restarts of the images begin: random points of the ball, or the images themselves.

    Drawn on the CPU, one generator for each image and restart, so that every device and batch size gives the same.
    """
    images = list(images)
    centres = x[images]
    if not spec.random_start:
        return torch.cat([centres for _ in restarts])
    like = torch.empty(x.shape[1:], dtype=x.dtype)
    starts = []
    for restart in restarts:
        delta = torch.stack(ctx.draws(images, restart, lambda generator: random_delta(ball, like, generator)))
        starts.append(project(ball, centres + delta.to(x.device), centres))
    return torch.cat(starts)
