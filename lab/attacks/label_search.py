"""Searches by labels in an evaluation, and the margin that scores show on the way to the decision boundary.

Chen & Gu 2020; Chen et al. 2020: where scores hide how near a decision is, labels still show it.
"""

from dataclasses import dataclass, replace
from functools import partial

import torch
from torch import Tensor

from lab.attacks.attack import attack, attack_from
from lab.attacks.ball import project
from lab.attacks.boundary import NormalSearch, crossing, nearest_boundary
from lab.attacks.gain import gained
from lab.attacks.gradient import device_of, frozen
from lab.attacks.objectives import margin
from lab.attacks.rounds import Rounds
from lab.context import Context
from lab.results.evaluation import FAILED, NOT_NEEDED, PASSED, SKIPPED, UNBROKEN, UNCLEAR, Check
from lab.specs.attacks import AttackSpec, RandomSign
from lab.specs.balls import Linf
from lab.specs.query import HopSkipJump
from lab.specs.stages import Planned, labels_only

_POINTS = 4  # at which scores are compared
_CROSSED = 8  # images on whose way to another class the margin is followed
_HALVED = 16  # times that such a way is
_JUMP = 0.25  # of the clean image's margin: what the margin of a sound model never falls by in one point
_NEAR, _HIGH = 1 / 32, 0.5
"""So near to the boundary, as a fraction of the way to it, is no more than so much of the clean image's margin left: at
most 0.22 on 19 of 20 images of 23 of 26 sound models, 0.36 of the others, 0.33 where they return probabilities."""
_MANY = 0.25  # of the images: so many of a sound model do not show it
_CLASSES = 3  # of other images, toward which the boundary is looked for
_TOGETHER = 32  # images whose boundaries are looked for at once
_NOT = float("nan")


@dataclass(frozen=True)
class Extent:
    """How much is spent on a search from the decision boundary: on how many ``images`` at most, toward how many other
    ``classes``, and the search by labels that goes on from the points found, if any."""

    name: str
    search: NormalSearch
    classes: int
    images: int
    onward: Planned | None = None

    @property
    def attack(self) -> AttackSpec:
        """The attack that it is, or whose labels alone would be asked for so often."""
        return HopSkipJump(self.search.turns * self.search.asked) if self.onward is None else self.onward.attack

    @property
    def passes(self) -> int:
        """How many an image takes that withstands, about."""
        own = self.search.turns * (self.search.asked + 24)
        return own if self.onward is None else own + 2 * self.onward.weight


IN_PASSING = Extent("HopSkipJump along gradients", NormalSearch(turns=5, asked=30), classes=1, images=12)
"""The search on a few images of every model."""


def hidden_margin(rounds: Rounds) -> Check:
    """The margin on the way from an image to one of another class: it falls to zero, unless scores hide how near a
    decision is. ``value``: fraction of the images where it jumps, or is still high close to the boundary.

    Where it does, what follows the scores finds little more than what sees labels: so a search by labels goes on.
    """
    standing = rounds.standing
    images = standing.correct[:_CROSSED]
    found = _of_another_class(rounds, images, 0)
    if found is None:
        return Check("boundary", SKIPPED, _NOT, _NOT, 0, "the model puts no two images into different classes")
    x, y, clean = standing.x[images], standing.y[images], standing.clean_margin[images]
    with frozen(rounds.seen):
        device = device_of(rounds.seen)
        points = crossing(rounds.seen, x.to(device), y.to(device), found.to(device), _HALVED)
    within, beyond = (each.cpu() for each in points)
    ends = within, beyond, within + _NEAR * (x - within)
    inside, outside, near = (margin(rounds.logits(each), y).nan_to_num(-torch.inf) for each in ends)
    jumps, high = inside - outside > _JUMP * clean, near > _HIGH * clean
    hides = (jumps | high).float().mean().item()
    state = FAILED if hides > _MANY else UNCLEAR if jumps.any() else PASSED
    return Check("boundary", state, hides if state != PASSED else 0.0, _NOT, len(images), "")


def coarse(rounds: Rounds) -> Tensor:
    """The images left whose margin is exactly the same at two random points of the ball.

    There an attack that follows the scores has little more to go by than the labels.
    """
    standing = rounds.standing
    left, ctx = standing.left, rounds.ctx.silent().seeded("scores").only(standing.left.tolist())
    if not len(left):
        return left
    x, y, margins = standing.x[left], standing.y[left], list[Tensor]()
    for i in range(_POINTS):
        point = attack(RandomSign(), rounds.seen, x, y, standing.ball, ctx.seeded(i))
        margins.append(margin(rounds.logits(point), y).nan_to_num(-torch.inf, torch.inf, -torch.inf))
    ordered = torch.stack(margins).sort(0).values
    return left[(ordered[1:] == ordered[:-1]).any(0)]


def without_scores(rounds: Rounds, images: Tensor) -> Check:
    """A search by labels on images where scores say little more than they do.

    HopSkipJump goes from the nearest image of another class: random images may all be of one.
    """
    standing, planned = rounds.standing, labels_only(rounds.budget, rounds.standing.ball)

    def run(images: Tensor) -> None:
        others = None if isinstance(standing.ball, Linf) else _of_another_class(rounds, images, 0)
        if others is None:
            rounds.run(planned, images=images)
            return
        start = torch.zeros_like(standing.x)
        start[images] = others

        def propose(block: Tensor, ctx: Context) -> Tensor:
            x, y = standing.x[block], standing.y[block]
            return attack_from(planned.attack, rounds.seen, x, y, standing.ball, start[block], ctx).cpu()

        rounds.enter(planned.name, planned.attack, images, propose, 2 * planned.weight)

    return gained(rounds, "black box", images, run, planned.name)


def from_boundary(rounds: Rounds, at_length: bool) -> Check:
    """The nearest points of the decision boundary, by normals that labels pick from the span of the scores' gradients.

    On a few of the images left in passing. ``at_length``, or where that breaks some: on all, from more classes, and a
    search by labels goes on from there.
    """
    left, found = rounds.standing.left, None
    if not at_length:
        few = left[torch.linspace(0, len(left) - 1, min(len(left), IN_PASSING.images)).round().long()]
        found = gained(rounds, "black box", few, partial(_search, rounds, IN_PASSING), IN_PASSING.name)
        if found.state in (PASSED, NOT_NEEDED):
            return found
    planned = labels_only(rounds.budget, rounds.standing.ball)
    search = Extent(f"{planned.name} from the boundary", NormalSearch(turns=10, asked=60), _CLASSES, len(left), planned)
    longer = gained(rounds, "black box", rounds.standing.left, partial(_search, rounds, search), search.name)
    return longer if found is None else replace(found, value=longer.value)


def _search(rounds: Rounds, extent: Extent, images: Tensor) -> None:
    """From the nearest image of another class, then from the nearest of a further one."""
    for rank in range(extent.classes):
        left = images[rounds.standing.broken_by[images] == UNBROKEN]
        found = _of_another_class(rounds, left, rank)
        if found is None or not len(left):
            return
        others = torch.zeros_like(rounds.standing.x)
        others[left] = found
        name = extent.name if not rank else f"{extent.name} to another class"
        rounds.enter(name, extent.attack, left, partial(_propose, rounds, extent, others), extent.passes)


def _propose(rounds: Rounds, extent: Extent, others: Tensor, block: Tensor, ctx: Context) -> Tensor:
    """The nearest points of the boundary that are found, or what the search that goes on makes of them."""
    standing, device, found = rounds.standing, device_of(rounds.seen), list[Tensor]()
    for i, part in enumerate(block.split(_TOGETHER)):
        x, y, other = (each[part].to(device) for each in (standing.x, standing.y, others))
        own = ctx.silent().only(range(i * _TOGETHER, i * _TOGETHER + len(part)))
        with frozen(rounds.seen):
            point = nearest_boundary(rounds.seen, x, y, other, standing.ball, extent.search, own)
        if extent.onward is not None:
            point = attack_from(extent.onward.attack, rounds.seen, x, y, standing.ball, point, own)
        found.append(project(standing.ball, point, x).cpu())
    return torch.cat(found)


def _of_another_class(rounds: Rounds, images: Tensor, rank: int) -> Tensor | None:
    """(k, …) for each of these images the nearest that the model puts into another class; of another than so many
    nearer ones, if there is one. None where all images are of one class."""
    standing, found = rounds.standing, list[int]()
    for image in images.tolist():
        wrong = (standing.clean != standing.y[image]).nonzero().flatten()
        if not len(wrong):
            return None
        far = (standing.x[wrong] - standing.x[image]).flatten(1).norm(dim=1)
        nearest = dict[int, int]()  # of each class, the nearest class first
        for each in wrong[far.argsort()].tolist():
            nearest.setdefault(int(standing.clean[each]), each)
        found.append(list(nearest.values())[min(rank, len(nearest) - 1)])
    return standing.x[found] if found else None
