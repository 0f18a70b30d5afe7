"""A finished training run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lab.results.result import Result
from lab.specs.attacks import PGD
from lab.specs.balls import Ball
from lab.specs.recipes import Recipe

if TYPE_CHECKING:
    import pandas as pd  # a page that only draws does without its 25 MB


@dataclass(frozen=True, eq=False)
class Measured(Result):
    """Accuracies of a trained network on ``n`` test images, as fractions: clean, after FGSM and after PGD in a ball.

    ``attack`` says with which steps PGD was measured.
    """

    clean: float
    fgsm: float
    pgd: float
    n: int
    ball: Ball
    attack: PGD


@dataclass(frozen=True, eq=False)
class Run(Result):
    """What training brought: ``loss`` and ``seconds`` per epoch, and the network's measured accuracies."""

    recipe: Recipe
    loss: np.ndarray
    seconds: np.ndarray
    measured: Measured

    def to_frame(self) -> pd.DataFrame:
        """One row per epoch."""
        import pandas as pd

        epochs = np.arange(1, len(self.loss) + 1)
        return pd.DataFrame({"epoch": epochs, "loss": self.loss, "seconds": self.seconds})
