"""Iterative attacks for a verdict: an image leaves the batch as soon as the model misreads it."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from lab.attacks.attack import perturb
from lab.attacks.batches import room
from lab.attacks.best import Best
from lab.attacks.iterative import accumulated, as_pgd, pgd, reached, slope, staggered, start_points, step_in, step_size
from lab.attacks.labels import Aim, aims_among, answer
from lab.attacks.objectives import predicted
from lab.attacks.radii import Radii, Region, around
from lab.context import Context
from lab.specs.attacks import BIM, CHOSEN, PGD, IterLL, IterRnd

WALKERS = 256  # restarts that walk together when few images are left to attack


@perturb.register
def pgd_verdict(spec: PGD, model: nn.Module, x: Tensor, y: Tensor, ball: Region, ctx: Context) -> Tensor:
    """PGD until the image falls: a misread image and all its restarts leave the batch at once.

    Images that no restart fells come back as the end point of the largest objective. Several restarts walk
    together when few images stand, so which of an image's adversarial examples is found first may depend on the
    batch; whether one is found does not. Toward a chosen target no image leaves: there the class matters.
    """
    if spec.labels == CHOSEN:
        return pgd(spec, model, x, y, ball, ctx)
    clean = answer(model, x, spec.passes)
    standing = (predicted(clean) == y).nonzero().flatten()
    goals = aims_among(spec, clean, y, ctx)
    best = Best(x)
    for i, goal in enumerate(goals):
        hunt = _Hunt(spec, model, x, y, ball, best, goal)
        hunted = (goal.labels != y)[standing] if len(goals) > 1 else torch.ones_like(standing, dtype=torch.bool)
        fighting = hunt.every_restart(standing[hunted], ctx.part(i, len(goals)))
        standing = torch.cat([standing[~hunted], fighting])
    return best.x_adv


@perturb.register
def iterated_verdict(
    spec: BIM | IterLL | IterRnd, model: nn.Module, x: Tensor, y: Tensor, ball: Region, ctx: Context
) -> Tensor:
    """BIM, IterLL or IterRnd until the image falls."""
    if isinstance(ball, Radii):
        return staggered(spec, model, x, y, ball, ctx, verdict=True)
    return pgd_verdict(as_pgd(spec, ball), model, x, y, ball, ctx)


@dataclass(frozen=True, eq=False)
class _Hunt:
    """The restarts of :func:`pgd_verdict` for one aim; ``best`` is filled in place."""

    spec: PGD
    model: nn.Module
    x: Tensor
    y: Tensor
    ball: Region
    best: Best
    goal: Aim

    def every_restart(self, standing: Tensor, ctx: Context) -> Tensor:
        """All restarts of the standing images, as many at once as there is room for; returns what still stands."""
        restart, total = 0, self.spec.restarts
        while restart < total and len(standing):
            count = min(max(1, min(WALKERS, room(self.model, self.x)) // len(standing)), total - restart)
            part = ctx.span(restart, restart + count, total)
            standing = self.run(standing, range(restart, restart + count), part)
            restart += count
        return standing

    def run(self, standing: Tensor, restarts: range, ctx: Context) -> Tensor:
        """Walk these restarts of the standing images; returns the images that still stand."""
        owner = standing.repeat(len(restarts))
        walkers = start_points(self.spec, self.x, self.ball, ctx, standing.tolist(), restarts)
        move, goal, velocity = self._move(owner), self.goal.of(owner), None
        for step in range(self.spec.steps):
            ctx.report(step, self.spec.steps, standing=len(standing))
            gradient, logits = slope(self.spec, self.model, walkers, goal)
            alive = self._without_fallen(owner, walkers, logits)
            if not alive.all():
                owner, walkers, gradient, logits = owner[alive], walkers[alive], gradient[alive], logits[alive]
                if not len(owner):
                    return owner
                move, goal = self._move(owner), self.goal.of(owner)
                velocity = None if velocity is None else velocity[alive]
            if self.spec.keep_best:
                self._keep(owner, walkers, logits)
            if self.spec.momentum:
                velocity = accumulated(self.spec, velocity, gradient)
                gradient = velocity.clone()  # the step may use up its gradient's memory
            walkers = move(walkers, gradient)
        logits = answer(self.model, walkers, self.spec.passes)
        alive = self._without_fallen(owner, walkers, logits)
        self._keep(owner[alive], walkers[alive], logits[alive])
        return owner[alive].unique()

    def _move(self, owner: Tensor) -> Callable[[Tensor, Tensor], Tensor]:
        """A step of the walkers around these images."""
        x, region = self.x[owner], around(self.ball, owner)
        return step_in(region, x, step_size(self.spec, region, x))

    def _without_fallen(self, owner: Tensor, walkers: Tensor, logits: Tensor) -> Tensor:
        """Record the walkers that fell their image; returns which walkers belong to images that still stand."""
        fell = predicted(logits) != self.y[owner]
        self.best.x_adv[owner[fell]] = walkers[fell]
        return ~torch.isin(owner, owner[fell])

    def _keep(self, owner: Tensor, walkers: Tensor, logits: Tensor) -> None:
        self.best.offer_some(owner, walkers, reached(self.spec, self.goal.of(owner), self.y[owner], logits))
