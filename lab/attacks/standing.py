"""Outcome of an evaluation so far, image by image: the attack that broke it first, and the best point of any attack."""

from __future__ import annotations

from dataclasses import replace
from math import inf

import numpy as np
import torch
from torch import Tensor

from lab.attacks.ball import distance
from lab.attacks.judge import check_proposal
from lab.attacks.objectives import margin, predicted
from lab.results.evaluation import CLEAN, UNBROKEN, Stage
from lab.specs.attacks import AttackSpec
from lab.specs.balls import Ball

MOST_KEPT = 2**26
"""Bytes of adversarial examples that a result holds at most."""


class Standing:
    """Images ``x`` (n, …), ``y`` (n,) of an evaluation, on the CPU, and the outcome of each.

    ``point`` (n, …) is the image of the smallest ``margin`` (n,) that an attack found: the adversarial example of an
    image that one broke, and where the next attack may start on the others. ``broken_by`` (n,) as in
    :class:`lab.results.ModelEvaluation`.
    """

    def __init__(self, x: Tensor, y: Tensor, ball: Ball, logits: Tensor) -> None:
        self.x, self.y, self.ball = x, y, ball
        self.clean = predicted(logits)
        self.clean_margin = _finite(margin(logits, y))
        self.point, self.margin = x.clone(), self.clean_margin.clone()
        self.broken_by = torch.where(self.clean == y, UNBROKEN, CLEAN)
        self.adversarial = torch.where(self.clean == y, torch.nan, self.clean.double())
        self.stages: list[Stage] = []

    @property
    def left(self) -> Tensor:
        """Positions of the images that no attack has broken."""
        return (self.broken_by == UNBROKEN).nonzero().flatten()

    def nearest(self, most: int, within: float = inf) -> Tensor:
        """Positions of at most so many of the images left, those of the smallest margin, in their order.

        Only those whose margin is at most ``within`` times that of the clean image.
        """
        left = self.left
        if within < inf:  # no margin of zero, as of tied logits, is within infinity times itself
            left = left[self.margin[left] <= within * self.clean_margin[left]]
        return left if len(left) <= most else left[self.margin[left].argsort()[:most]].sort().values

    @property
    def correct(self) -> Tensor:
        """Positions of the images that are correctly classified before any attack."""
        return (self.broken_by != CLEAN).nonzero().flatten()

    def begin(self, name: str, attack: AttackSpec) -> int:
        """A new stage, by its position."""
        nothing = np.zeros(len(self.y), bool)
        self.stages.append(Stage(name, attack, nothing, nothing, 0, 0.0, 0.0))
        return len(self.stages) - 1

    def enter(self, stage: int, images: Tensor, x_adv: Tensor, logits: Tensor) -> Tensor:
        """Record what a stage proposes for some images, judged by these logits; returns which of them it broke.

        An image whose logits are not finite is broken. Raises :class:`AttackError` for a proposal outside the ball.
        """
        check_proposal(self.x[images], x_adv, self.ball)
        reached, wrong = _finite(margin(logits, self.y[images])), predicted(logits) != self.y[images]
        first = wrong & (self.broken_by[images] == UNBROKEN)
        better = first | ((self.broken_by[images] == UNBROKEN) & (reached < self.margin[images]))
        self.point[images[better]], self.margin[images[better]] = x_adv[better], reached[better]
        self.broken_by[images[first]] = stage
        self.adversarial[images[first]] = predicted(logits)[first].double()
        old, seen = self.stages[stage], images.numpy()
        attacked, broken = old.attacked.copy(), old.broken.copy()
        attacked[seen] = True
        broken[images[first].numpy()] = True
        self.stages[stage] = replace(old, attacked=attacked, broken=broken)
        return first

    def account(self, stage: int, passes: int, seconds: float, done: float) -> None:
        """Record what a stage has cost so far."""
        self.stages[stage] = replace(self.stages[stage], passes=passes, seconds=seconds, done=done)

    def distance(self) -> Tensor:
        """(n,) distance of the adversarial example: 0 where none was needed, NaN where there is none."""
        far = distance(self.ball, self.point, self.x).double()
        return torch.where(self.broken_by >= 0, far, torch.where(self.broken_by == CLEAN, 0.0, torch.nan))

    def examples(self) -> np.ndarray:
        """(b, …) adversarial examples of the images that an attack broke; none where they take too much room."""
        broken = self.broken_by >= 0
        kept = broken if int(broken.sum()) * self.x[0:1].numel() * 4 <= MOST_KEPT else torch.zeros_like(broken)
        return self.point[kept].float().numpy()


def _finite(reached: Tensor) -> Tensor:
    """Margins, with what is not a number as far below zero as a float reaches: such an image is broken."""
    return reached.nan_to_num(-torch.inf, torch.inf, -torch.inf)
