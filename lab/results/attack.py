"""Results of an attack, image by image."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from lab.results.health import Health
from lab.results.prediction import NO_CLASS
from lab.results.result import Result

__all__ = ["NO_CLASS", "AttackResult", "Health"]

if TYPE_CHECKING:
    import pandas as pd  # a page that only draws does without its 25 MB


@dataclass(frozen=True, eq=False)
class AttackResult(Result):
    """The judge's verdict on adversarial images, one entry per image.

    ``y`` labels, ``clean`` and ``adversarial`` predicted classes (:data:`NO_CLASS` where the logits are not numbers:
    such an image counts as misclassified, before or after the attack), ``distance`` length of the change in the ball's
    norm, ``margin`` the label's logit minus the largest other one on the adversarial image. ``rounded``, where it was
    asked for, the predicted classes after the adversarial pixels were rounded to a number of levels, as a picture file
    stores them; rounding may lead half a level out of the ball.
    """

    y: np.ndarray
    clean: np.ndarray
    adversarial: np.ndarray
    distance: np.ndarray
    margin: np.ndarray
    eps: float
    health: Health | None = None
    seconds: float = float("nan")
    rounded: np.ndarray | None = None

    @property
    def robust(self) -> np.ndarray:
        """True if the image is recognised before and after: x itself lies in the ball."""
        return (self.clean == self.y) & (self.adversarial == self.y)

    @property
    def clean_accuracy(self) -> float:
        """Fraction of clean images that are recognised; NaN without images."""
        return _mean(self.clean == self.y)

    @property
    def robust_accuracy(self) -> float:
        """Fraction of images that are recognised before and after the attack; NaN without images."""
        return _mean(self.robust)

    @property
    def rounded_accuracy(self) -> float:
        """Robust accuracy if the adversary can only show rounded pixels; NaN where that was not asked for."""
        if self.rounded is None:
            return float("nan")
        return _mean((self.clean == self.y) & (self.rounded == self.y))

    def beside_restart(self, gain: float) -> AttackResult:
        """The same result, and in its health which fraction of its images only one further restart fooled."""
        return self if self.health is None else replace(self, health=replace(self.health, restart_gain=gain))

    def beside_transfer(self, transferred: AttackResult) -> AttackResult:
        """The same result, and in its health whether images made on another model were stronger."""
        stronger = bool(transferred.robust.sum() < self.robust.sum())
        return self if self.health is None else replace(self, health=replace(self.health, transfer_stronger=stronger))

    def to_frame(self) -> pd.DataFrame:
        """One row per image."""
        import pandas as pd

        columns = ["y", "clean", "adversarial", "distance", "margin", "robust"]
        if self.rounded is not None:
            columns.append("rounded")
        return pd.DataFrame({name: getattr(self, name) for name in columns}).rename_axis("image")


def _mean(hits: np.ndarray) -> float:
    return float(hits.mean()) if len(hits) else float("nan")
