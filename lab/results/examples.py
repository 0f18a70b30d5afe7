"""Adversarial examples as they leave the lab: their pixels, also in 8 bits, and what a model predicts on each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lab.results.result import Result
from lab.specs.balls import Ball
from lab.specs.spec import Spec

if TYPE_CHECKING:
    import pandas as pd  # a page that only draws does without its 25 MB


@dataclass(frozen=True, eq=False)
class Examples(Result):
    """The adversarial examples (n, …) ``x_adv`` of the images ``x`` in [0, 1], float32, with their labels ``y`` (n,).

    Where no attack succeeded ``x_adv`` is the last attempt, or ``x`` itself. ``rounded`` (n, …) uint8 are their pixels
    in 8 bits, as a picture file holds them. ``clean``, ``adversarial`` and ``predicted`` (n,) are the classes predicted
    on the three; ``distance`` and ``rounded_distance`` (n,) lengths of the change in the ball's norm, ``inside`` (n,)
    whether the rounded image still lies in the ball. ``spec`` is the attack or evaluation that made them.
    """

    model: str
    spec: Spec
    ball: Ball
    seed: int
    y: np.ndarray
    x: np.ndarray
    x_adv: np.ndarray
    rounded: np.ndarray
    clean: np.ndarray
    adversarial: np.ndarray
    predicted: np.ndarray
    distance: np.ndarray
    rounded_distance: np.ndarray
    inside: np.ndarray

    @property
    def fools(self) -> np.ndarray:
        """(n,) correctly classified images whose adversarial example is misclassified."""
        return np.asarray((self.clean == self.y) & (self.adversarial != self.y))

    @property
    def fools_rounded(self) -> np.ndarray:
        """(n,) those of them that are misclassified also in 8 bits, inside the ball."""
        return np.asarray(self.fools & self.inside & (self.predicted != self.y))

    @property
    def rounded_accuracy(self) -> float:
        """Robust accuracy against an adversary who can only show 8-bit pixels inside the ball; NaN without images."""
        held = (self.clean == self.y) & ~self.fools_rounded
        return float(held.mean()) if len(held) else float("nan")

    def to_frame(self) -> pd.DataFrame:
        """One row per image."""
        import pandas as pd

        rows = {
            "y": self.y,
            "clean": self.clean,
            "adversarial": self.adversarial,
            "distance": self.distance,
            "fools": self.fools,
            "rounded": self.predicted,
            "rounded_distance": self.rounded_distance,
            "inside": self.inside,
            "fools_rounded": self.fools_rounded,
        }
        return pd.DataFrame(rows).rename_axis("image")
