"""A training run, under way or finished."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from lab.errors import LabError
from lab.results.result import Result
from lab.specs.attacks import PGD
from lab.specs.balls import Ball
from lab.specs.recipes import Recipe

if TYPE_CHECKING:
    import pandas as pd  # a page that only draws does without its 25 MB

ACCURACIES = ("clean", "fgsm", "rfgsm", "step_ll", "pgd", "black_box", "evaluation")


@dataclass(frozen=True, eq=False)
class Measured(Result):
    """Accuracies of a trained network on ``n`` test images, as fractions: clean, and after attacks in a ball.

    ``attack`` says with which steps PGD was measured. ``black_box`` is the accuracy on FGSM images of another network,
    the ``source``. ``evaluation`` is the robust accuracy under the quick evaluation on the first ``evaluated`` of them:
    the number to believe. What was not measured is None.
    """

    clean: float
    fgsm: float
    rfgsm: float | None
    step_ll: float | None
    pgd: float
    black_box: float | None
    n: int
    ball: Ball
    attack: PGD
    source: str = ""
    evaluation: float | None = None
    evaluated: int = 0

    def shares(self) -> dict[str, float]:
        """The accuracies that there are, by name."""
        found = {name: getattr(self, name) for name in ACCURACIES}
        return {name: value for name, value in found.items() if value is not None}


@dataclass(frozen=True, eq=False)
class History(Result):
    """The course of training: T lines of metrics, each of shape (T,), a mean over the steps since the line before.

    ``step`` and ``epoch`` (a fraction counts) say when, ``seconds`` how long training has taken so far. ``loss`` is
    what is minimised; ``clean`` and ``adversarial`` are accuracies on the training batches, ``eps`` the mean distance
    of the attacked images from their originals, ``gradient`` the norm of the loss's gradient to the weights.
    ``probe_clean``, ``probe_fgsm`` and ``probe_pgd`` are accuracies on a few test images, measured at the end of an
    epoch. NaN where there is none.
    """

    step: np.ndarray
    epoch: np.ndarray
    seconds: np.ndarray
    learning_rate: np.ndarray
    loss: np.ndarray
    clean: np.ndarray
    adversarial: np.ndarray
    eps: np.ndarray
    gradient: np.ndarray
    probe_clean: np.ndarray
    probe_fgsm: np.ndarray
    probe_pgd: np.ndarray

    @classmethod
    def of(cls, lines: list[dict[str, float]]) -> History:
        """The history that lines of metrics by name make up; what a line does not have is NaN."""
        return cls(**{name: np.array([line.get(name, np.nan) for line in lines]) for name in cls.names()})

    @classmethod
    def names(cls) -> list[str]:
        """The metrics a line may have."""
        return [each.name for each in fields(cls)]


@dataclass(frozen=True, eq=False)
class Run(Result):
    """Result of training: its metrics and, once it is finished, the model's measured accuracies."""

    recipe: Recipe
    history: History
    measured: Measured | None

    @property
    def accuracies(self) -> Measured:
        """The accuracies of a finished run."""
        if self.measured is None:
            raise LabError("The run is not finished, so its model is not measured yet: resume it first.")
        return self.measured

    def to_frame(self) -> pd.DataFrame:
        """One row per line of metrics."""
        import pandas as pd

        return pd.DataFrame({name: getattr(self.history, name) for name in History.names()})
