"""MultiTargeted: projected gradient steps toward every wrong class side by side, of which ever fewer go on.

Gowal et al. 2019, *An Alternative Surrogate Loss for PGD-based Adversarial Testing*, with two changes that save
gradients: the step falls evenly from 2 ε to nothing, and successive halving (Jamieson & Talwalkar 2016) leaves out the
targets that stay behind. It may start outside the ball, which then shrinks onto ε: the multi-ε scheme of Croce & Hein
2021, *Mind the box: l1-APGD for sparse adversarial attacks on image classifiers*, here in L∞ and L2, and by even steps
instead of from 3 ε by 2 ε. In L2 a gradient that leads out of [0, 1] and nearly nowhere else, as that of a square root
does at black pixels, is followed where it leads elsewhere.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil

import torch
from torch import Tensor, nn

from lab.attacks.apgd import Climbers, climb, climbers_at, go_on
from lab.attacks.attack import ascend, perturb
from lab.attacks.ball import feasible, projection
from lab.attacks.batches import batch_size, in_pieces, room
from lab.attacks.best import Best
from lab.attacks.climbs import random_starts
from lab.attacks.goals import AwayFrom, Goal, Overtaken
from lab.attacks.labels import answer
from lab.attacks.objectives import likeliest_wrong, margin, predicted
from lab.attacks.radii import Region, widened
from lab.context import Context
from lab.specs.attacks import Margin
from lab.specs.multi_targeted import MultiTargeted, halvings, radius


@ascend.register
def multi_targeted(spec: MultiTargeted, model: nn.Module, x: Tensor, y: Tensor, ball: Region, ctx: Context) -> Tensor:
    """Of the targets that reach the end in any restart, the point with the smallest margin of the true label."""
    return _every_restart(spec, model, x, y, ball, ctx, verdict=False)


@perturb.register
def multi_targeted_verdict(
    spec: MultiTargeted, model: nn.Module, x: Tensor, y: Tensor, ball: Region, ctx: Context
) -> Tensor:
    """Until the image is misclassified, as whatever class; else the point with the smallest margin."""
    return _every_restart(spec, model, x, y, ball, ctx, verdict=True)


@go_on.register
def _(spec: MultiTargeted, climbers: Climbers, step: int, region: Region, project: Callable[[Tensor], Tensor]) -> None:
    """A step of twice the present radius times 1 - step / steps, into the ball as wide as it is after the step."""
    if step == spec.steps:
        return
    before = radius(spec, step - 1) * (spec.steps - step + 1) if step else spec.steps
    climbers.step_size = climbers.step_size * (radius(spec, step) * (spec.steps - step) / before)
    if step + 1 < spec.outside:
        project = projection(widened(region, radius(spec, step + 1), len(climbers.owner)), climbers.x)
    climbers.gradient = feasible(region, climbers.gradient, climbers.point)
    climbers.move(region, project, 1.0)


def _every_restart(
    spec: MultiTargeted, model: nn.Module, x: Tensor, y: Tensor, ball: Region, ctx: Context, verdict: bool
) -> Tensor:
    """Restart after restart of the images that count; all targets of an image share a batch."""
    clean, best = answer(model, x, spec.passes), Best(x)
    targets = likeliest_wrong(clean, y, spec.targets) if spec.targets else None
    count = 1 if targets is None else targets.shape[1]  # fewer than asked for where there are fewer wrong classes
    standing = predicted(clean) == y if verdict else torch.ones_like(y, dtype=torch.bool)
    start = random_starts(x, ball, ctx.seeded("multi-targeted"), spec.initial_radius)
    together = max(1, min(batch_size(x.device), room(model, x)) // count)

    def goal(owner: Tensor, number: Tensor) -> Goal:
        if targets is None:
            return AwayFrom(Margin(), y[owner])
        return Overtaken(y[owner], targets[owner, number])

    for restart in range(spec.restarts):
        images, part = standing.nonzero().flatten(), ctx.part(restart, spec.restarts)

        def run(some: slice, images: Tensor = images, restart: int = restart, part: Context = part) -> None:
            owner = images[some].repeat(count)
            number = torch.arange(count, device=x.device).repeat_interleave(len(images[some]))
            begin = start(owner, restart * count + number)
            climbers = climbers_at(begin, owner, x, goal(owner, number), ball)
            staying = _Staying(spec, y, count, best, standing if verdict else None)
            left = climb(spec, model, climbers, ball, part.span(some.start, some.stop, len(images)), staying)
            if len(left.owner):
                best.offer_some(left.owner, left.best, -margin(left.best_logits, y[left.owner]))

        in_pieces(len(images), together, run)
    return best.x_adv


@dataclass(eq=False)
class _Staying:
    """Selection of climbers that continue: on unbroken images, of these periodically the better half.

    ``standing`` (n,) is marked where a point of the ball breaks its image; None where that ends nothing.
    """

    spec: MultiTargeted
    y: Tensor
    most: int  # climbs of an image that go on
    best: Best
    standing: Tensor | None
    step: int = 0

    def __call__(self, owner: Tensor, points: Tensor, logits: Tensor) -> Tensor:
        kept = torch.ones_like(owner, dtype=torch.bool)
        if self.standing is not None and self.step >= self.spec.outside:
            broken = predicted(logits) != self.y[owner]
            self.best.x_adv[owner[broken]] = points[broken]
            self.standing[owner[broken]] = False
            kept = self.standing[owner]
        if self.most > 1 and self.step in halvings(self.spec):
            self.most = ceil(self.most / 2)
            kept &= place_among_its_own(owner, margin(logits, self.y[owner])) < self.most
        self.step += 1
        return kept


def place_among_its_own(owner: Tensor, value: Tensor) -> Tensor:
    """(m,) how many values of the same owner are smaller, or equal and earlier; what is not a number comes last."""
    order = value.nan_to_num(torch.inf, torch.inf, -torch.inf).argsort(stable=True)
    order = order[owner[order].argsort(stable=True)]
    _, sizes = owner.unique(return_counts=True)
    first = (sizes.cumsum(0) - sizes).repeat_interleave(sizes)
    place = torch.empty_like(owner)
    place[order] = torch.arange(len(owner), device=owner.device) - first
    return place
