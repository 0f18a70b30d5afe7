"""The lines of metrics that a run writes as it goes."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from torch import nn

from lab.attacks.attack import attack
from lab.attacks.judge import judge
from lab.context import Context
from lab.data import Dataset
from lab.results.run import History, Run
from lab.specs.attacks import FGSM, PGD
from lab.specs.balls import Ball
from lab.specs.recipes import Recipe
from lab.training.parallel import Group

PROBED = 128  # test images looked at after each epoch: accuracies to ±9 points (95%)
SECONDS_BETWEEN_PARTIALS = 1.0

Line = dict[str, float]


@dataclass(eq=False)
class Tally:
    """Means of metrics over the images of the steps since the last line."""

    sums: dict[str, list[float]] = field(default_factory=dict)

    def add(self, images: int, metrics: dict[str, float]) -> None:
        """A step over so many images has these metrics."""
        for name, value in metrics.items():
            total, count = self.sums.get(name, (0.0, 0.0))
            self.sums[name] = [total + value * images, count + images]

    def means(self, group: Group = Group()) -> Line:
        """The means by name, over all processes of a group."""
        summed = group.total([each for pair in self.sums.values() for each in pair])
        return {name: total / count for name, total, count in zip(self.sums, summed[::2], summed[1::2], strict=True)}


class Partials:
    """Shows the course of a run to whoever watches, at most once a second: its lines grow long."""

    def __init__(self, recipe: Recipe, ctx: Context) -> None:
        self._recipe = recipe
        self._ctx = ctx
        self._shown = -SECONDS_BETWEEN_PARTIALS

    def show(self, lines: list[Line]) -> None:
        """Show these lines unless others were shown a moment ago."""
        if time.monotonic() - self._shown >= SECONDS_BETWEEN_PARTIALS:
            self._ctx.partial(Run(self._recipe, History.of(lines), None))
            self._shown = time.monotonic()


def probe(model: nn.Module, data: Dataset, ball: Ball, ctx: Context) -> Line:
    """Accuracies on the first test images: clean, after FGSM, and after 10 steps of PGD of eps / 4.

    Enough to see whether they part; :func:`lab.training.measure.measure` is what counts in the end. The network is left
    in the mode that it was in.
    """
    ctx = ctx.silent()
    images = range(min(PROBED, len(data.test)))
    x, y = data.test.images(images), data.test.labels(images)
    one_step = judge(x, y, attack(FGSM(), model, x, y, ball, ctx), model, ball)
    steps = PGD(steps=10, step_size=max(ball.eps / 4, 1e-5))
    iterative = judge(x, y, attack(steps, model, x, y, ball, ctx), model, ball)
    return {
        "probe_clean": one_step.clean_accuracy,
        "probe_fgsm": one_step.robust_accuracy,
        "probe_pgd": iterative.robust_accuracy,
    }
