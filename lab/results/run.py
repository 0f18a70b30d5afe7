"""A finished training run."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from lab.results.result import Result
from lab.specs.balls import Ball
from lab.specs.recipes import Recipe


@dataclass(frozen=True, eq=False)
class Measured(Result):
    """Accuracies of a trained network on ``n`` test images, as fractions: clean, after FGSM, after PGD in ``ball``."""

    clean: float
    fgsm: float
    pgd: float
    n: int
    ball: Ball


@dataclass(frozen=True, eq=False)
class Run(Result):
    """What training brought: ``loss`` and ``seconds`` per epoch, and the network's measured accuracies."""

    recipe: Recipe
    loss: np.ndarray
    seconds: np.ndarray
    measured: Measured

    def to_frame(self) -> pd.DataFrame:
        """One row per epoch."""
        epochs = np.arange(1, len(self.loss) + 1)
        return pd.DataFrame({"epoch": epochs, "loss": self.loss, "seconds": self.seconds})
