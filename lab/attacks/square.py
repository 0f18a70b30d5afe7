"""The Square Attack: random search with squares, from scores alone. Andriushchenko et al. 2020."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from lab.attacks.attack import perturb_from
from lab.attacks.checks import check_pictures
from lab.attacks.objectives import margin, predicted
from lab.attacks.query_model import Queries, Target, by_queries
from lab.attacks.radii import per_image
from lab.attacks.squares import Draw, change, first_change
from lab.context import Context
from lab.specs.balls import Ball
from lab.specs.query import Square

_HALVINGS = (10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000)  # of 10,000 queries: where the area is halved
_BLOCK = 100  # queries whose random numbers are drawn together
_TOGETHER = {"cpu": 128, "cuda": 2048}  # proposals that cost little more together than one of them alone


@by_queries.register
def square(spec: Square, target: Target, ctx: Context) -> Tensor:
    """Propose a change within a random square; keep it when it lowers the margin. Algorithm 1.

    Every image draws its own squares. The budget counts every query: the first of a verdict goes to the image itself.
    Few images are predicted several trials ahead, as if none of these proposals was kept: what follows one that is
    kept is thrown away and proposed anew, so that images and counts are those of one trial after the other.
    """
    check_pictures(target.x, "Square")
    x_adv, image, trials = target.x.clone(), target.standing(), spec.queries - int(target.verdict)
    if trials and len(image):
        search = SquareSearch.begun(spec, target, image, _Numbers(target.x, ctx))
        while True:
            done = search.broken | (search.trial >= trials)
            if done.any():
                x_adv[search.image[done]] = search.best[done]
                search.keep(~done)
            if not len(search.image):
                break
            ctx.report(int(search.trial.min()), spec.queries, unbroken=len(search.image))
            search.look_ahead(trials)
    ctx.report(1, 1)
    return x_adv


@perturb_from.register
def square_from(
    spec: Square, model: nn.Module, x: Tensor, y: Tensor, ball: Ball, start: Tensor, ctx: Context
) -> Tensor:
    """The Square Attack from given points instead of stripes, until the image is misclassified.

    From the best points of gradient attacks it finds in some hundred queries what it finds from stripes in thousands.
    """
    return square(spec, Target(Queries(model, len(x), spec.returns), x, y, ball, verdict=True, start=start), ctx)


@dataclass(eq=False)
class SquareSearch:
    """The images (k,) still searched for, each at a trial (k,) of its own; changed in place.

    ``best`` (k, …) the images kept so far, ``lowest`` (k,) their margins, ``broken`` (k,) whether a verdict is over.
    """

    target: Target
    numbers: "_Numbers"
    sides: Tensor
    image: Tensor
    x: Tensor
    y: Tensor
    best: Tensor
    lowest: Tensor
    broken: Tensor
    trial: Tensor
    ahead: int = 1  # trials that are predicted at once
    used: int = 0
    wasted: int = 0

    @classmethod
    def begun(cls, spec: Square, target: Target, image: Tensor, numbers: "_Numbers") -> "SquareSearch":
        """Take trial 0: the starting point is kept, whatever its margin."""
        x, y = target.x[image], target.y[image]
        best = first_change(target.ball, x, numbers.first(image)) if target.start is None else target.start[image]
        sides = torch.tensor([side_of(spec, trial, x) for trial in range(spec.queries)], device=x.device)
        found = _margins(target, best, y)
        search = cls(target, numbers, sides, image, x, y, best, *found, torch.ones_like(image))
        target.queries.note(image, torch.ones_like(image))
        return search

    def look_ahead(self, trials: int) -> None:
        """Predict the next proposals of every image, go to the first that is kept and forget those behind it."""
        count, images = self._how_many(), len(self.image)
        number = self.trial.unsqueeze(1) + torch.arange(count, device=self.trial.device)
        proposal = self._proposals(number.clamp(max=trials - 1).flatten() - 1, count)
        y = self.y if count == 1 else self.y.repeat_interleave(count)
        margins, broken = _margins(self.target, proposal, y)
        kept = ((margins.view(images, count) < self.lowest.unsqueeze(1)) | broken.view(images, count)) & (
            number < trials
        )
        some, first = kept.max(1)  # proposals after the first that is kept were made of an image that is outdated
        row = torch.arange(images, device=first.device) * count + first
        self.best = torch.where(per_image(some, self.x).bool(), proposal[row] if count > 1 else proposal, self.best)
        self.lowest = torch.where(some, margins[row], self.lowest)
        self.broken = some & broken[row]
        used = torch.where(some, first + 1, (trials - self.trial).clamp(max=count))
        self.trial = self.trial + used
        self.target.queries.note(self.image, used)
        self._learn(int(used.sum()), images * count)

    def _proposals(self, changes: Tensor, count: int) -> Tensor:
        """(k · count, …) what each image would be in its next changes, were none of them kept."""
        best, x, image = self.best, self.x, self.image
        if count > 1:
            best, x, image = (each.repeat_interleave(count, 0) for each in (best, x, image))
        return change(self.target.ball, best, x, self.sides[changes], self.numbers.of(image, changes))

    def keep(self, kept: Tensor) -> None:
        """Drop the other images."""
        for name in ("image", "x", "y", "best", "lowest", "broken", "trial"):
            setattr(self, name, getattr(self, name)[kept])

    def _how_many(self) -> int:
        """Trials ahead: as many as cost little together, and never as many as could waste more than was used."""
        most = max(1, _TOGETHER.get(self.x.device.type, 1) // len(self.image))
        return max(1, min(self.ahead, most, (self.used - self.wasted) // len(self.image)))

    def _learn(self, used: int, predicted: int) -> None:
        """Look twice as far ahead where nearly all of it was used, and half as far where much was thrown away."""
        self.used, self.wasted = self.used + used, self.wasted + predicted - used
        if used > 0.85 * predicted:
            self.ahead *= 2
        elif used < 0.7 * predicted:
            self.ahead = max(1, self.ahead // 2)


def _margins(target: Target, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """(k,) margins and whether they end a verdict; a margin that is not a number does, and is no gain otherwise."""
    scores = target.queries.predict(x)
    nothing = -torch.inf if target.verdict else torch.inf
    margins = margin(scores, y).nan_to_num(nothing, torch.inf, -torch.inf)
    return margins, (predicted(scores) != y) & target.verdict


def side_of(spec: Square, trial: int, x: Tensor) -> int:
    """The side of the square in one trial: its area is halved on the paper's schedule, rescaled to the budget."""
    halvings = sum(int(trial / spec.queries * 10_000) > each for each in _HALVINGS)
    height, width = x.shape[-2:]
    side = round((spec.fraction / 2**halvings * height * width) ** 0.5)
    return min(max(side, 1), height, width)


class _Numbers:
    """Uniform numbers of every image in every trial, drawn for a block of trials at once."""

    def __init__(self, x: Tensor, ctx: Context) -> None:
        self._x, self._ctx = x, ctx.seeded("square")
        self._per_trial = x.shape[1] + 5
        self._numbers = x.new_empty(len(x), _BLOCK, self._per_trial)
        self._block = torch.full((len(x),), -1, device=x.device)  # the one that is drawn of each image

    def first(self, image: Tensor) -> Draw:
        """The numbers of these images (k,) for where the search starts."""
        channels, height, width = self._x.shape[1:]
        return _taken_from(self._draw(image, 0, ((channels + 1) * height * width,)))

    def of(self, image: Tensor, change: Tensor) -> Draw:
        """The numbers of these images (k,), each in one of its changes (k,), to be taken one after the other."""
        block, row = change // _BLOCK, change % _BLOCK
        found = self._x.new_empty(len(image), self._per_trial)
        for each in block.unique().tolist():  # two of them where trials are looked ahead beyond the end of a block
            rows = block == each
            fresh = image[rows & (self._block[image] != each)].unique()
            if len(fresh):
                self._numbers[fresh] = self._draw(fresh, each + 1, (_BLOCK, self._per_trial))
                self._block[fresh] = each
            found[rows] = self._numbers[image[rows], row[rows]]
        return _taken_from(found)

    def _draw(self, image: Tensor, block: int, shape: tuple[int, ...]) -> Tensor:
        dtype = self._x.dtype
        drawn = self._ctx.draws(image.tolist(), block, lambda draw: torch.rand(shape, dtype=dtype, generator=draw))
        return torch.stack(drawn).to(self._x.device)


def _taken_from(numbers: Tensor) -> Draw:
    taken = 0

    def draw(count: int) -> Tensor:
        nonlocal taken
        taken += count
        return numbers[:, taken - count : taken]

    return draw
