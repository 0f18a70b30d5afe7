"""Iterative attacks for a verdict: an image leaves the batch as soon as the model misclassifies it."""

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

WALKERS = 256  # restarts that run together when few images are left to attack


@perturb.register
def pgd_verdict(spec: PGD, model: nn.Module, x: Tensor, y: Tensor, ball: Region, ctx: Context) -> Tensor:
    """Run PGD until the image is misclassified: then it and all its restarts leave the batch at once.

    Images that no restart breaks come back as the end point of the largest objective. Several restarts run together
    when few images are left, so which of an image's adversarial examples is found first may depend on the batch;
    whether one is found does not. Toward a chosen target no image leaves: there the class matters.
    """
    if spec.labels == CHOSEN:
        return pgd(spec, model, x, y, ball, ctx)
    clean = answer(model, x, spec.passes)
    unbroken = (predicted(clean) == y).nonzero().flatten()
    goals = aims_among(spec, clean, y, ctx)
    best = Best(x)
    for i, goal in enumerate(goals):
        search = _Search(spec, model, x, y, ball, best, goal)
        # Several goals are one for each class: a class is no target for its own images.
        targeted = (goal.labels != y)[unbroken] if len(goals) > 1 else torch.ones_like(unbroken, dtype=torch.bool)
        left = search.run_all(unbroken[targeted], ctx.part(i, len(goals)))
        unbroken = torch.cat([unbroken[~targeted], left])
    return best.x_adv


@perturb.register
def iterated_verdict(
    spec: BIM | IterLL | IterRnd, model: nn.Module, x: Tensor, y: Tensor, ball: Region, ctx: Context
) -> Tensor:
    """Run BIM, IterLL or IterRnd until the image is misclassified."""
    if isinstance(ball, Radii):
        return staggered(spec, model, x, y, ball, ctx, verdict=True)
    return pgd_verdict(as_pgd(spec, ball), model, x, y, ball, ctx)


@dataclass(frozen=True, eq=False)
class _Search:
    """The restarts of :func:`pgd_verdict` for one aim; ``best`` is filled in place."""

    spec: PGD
    model: nn.Module
    x: Tensor
    y: Tensor
    ball: Region
    best: Best
    goal: Aim

    def run_all(self, unbroken: Tensor, ctx: Context) -> Tensor:
        """Run all restarts of the unbroken images, as many at once as fit; return the images that are left."""
        restart, total = 0, self.spec.restarts
        while restart < total and len(unbroken):
            # The fewer images are left, the more restarts of each fill a batch.
            count = min(max(1, min(WALKERS, room(self.model, self.x)) // len(unbroken)), total - restart)
            part = ctx.span(restart, restart + count, total)
            unbroken = self.run(unbroken, range(restart, restart + count), part)
            restart += count
        return unbroken

    def run(self, unbroken: Tensor, restarts: range, ctx: Context) -> Tensor:
        """Run these restarts of the unbroken images; return the images that are left.

        Row k of ``walkers`` is a restart of image ``owner[k]``: rows go, and all that belongs to them goes along.
        """
        owner = unbroken.repeat(len(restarts))
        walkers = start_points(self.spec, self.x, self.ball, ctx, unbroken.tolist(), restarts)
        move, goal, velocity = self._step_around(owner), self.goal.of(owner), None
        for step in range(self.spec.steps):
            ctx.report(step, self.spec.steps, unbroken=len(unbroken))
            gradient, logits = slope(self.spec, self.model, walkers, goal)
            # The gradient's forward pass has classified the walkers before their step: no further pass is needed.
            alive = self._record_broken(owner, walkers, logits)
            if not alive.all():
                owner, walkers, gradient, logits = owner[alive], walkers[alive], gradient[alive], logits[alive]
                if not len(owner):
                    return owner
                move, goal = self._step_around(owner), self.goal.of(owner)
                velocity = None if velocity is None else velocity[alive]
            if self.spec.keep_best:
                self._offer(owner, walkers, logits)
            if self.spec.momentum:
                velocity = accumulated(self.spec, velocity, gradient)
                gradient = velocity.clone()  # the step may use up its gradient's memory
            walkers = move(walkers, gradient)
        logits = answer(self.model, walkers, self.spec.passes)
        alive = self._record_broken(owner, walkers, logits)
        self._offer(owner[alive], walkers[alive], logits[alive])
        return owner[alive].unique()

    def _step_around(self, owner: Tensor) -> Callable[[Tensor, Tensor], Tensor]:
        """Return the step of walkers around these images."""
        x, region = self.x[owner], around(self.ball, owner)
        return step_in(region, x, step_size(self.spec, region, x))

    def _record_broken(self, owner: Tensor, walkers: Tensor, logits: Tensor) -> Tensor:
        """Record the walkers that are misclassified; return which walkers belong to images that are left."""
        broken = predicted(logits) != self.y[owner]
        self.best.x_adv[owner[broken]] = walkers[broken]
        return ~torch.isin(owner, owner[broken])  # one broken walker ends all of its image

    def _offer(self, owner: Tensor, walkers: Tensor, logits: Tensor) -> None:
        self.best.offer_some(owner, walkers, reached(self.spec, self.goal.of(owner), self.y[owner], logits))
