"""Accuracy over eps, and distances of the nearest adversarial images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lab.results.intervals import interval_of
from lab.results.result import Result
from lab.specs.attacks import attack_names
from lab.specs.curves import RobustnessCurves

if TYPE_CHECKING:
    import pandas as pd  # a page that only draws does without its 25 MB


@dataclass(frozen=True, eq=False)
class ModelCurves(Result):
    """One model under the attacks so far: ``right`` (A, L + 1, n) whether each image is read right at each eps.

    ``distance`` (s,) of the nearest adversarial image that was found, in the ball's norm: 0 where the image itself is
    misclassified, infinite where none was found; empty in a partial result.
    """

    model: str
    right: np.ndarray
    distance: np.ndarray

    def worst(self) -> np.ndarray:
        """(L + 1, n) whether each image is read right under every attack so far."""
        found: np.ndarray = np.all(self.right, axis=0)
        return found


@dataclass(frozen=True, eq=False)
class CurvesResult(Result):
    """The answer to :class:`lab.specs.RobustnessCurves`; ``done`` in [0, 1]."""

    spec: RobustnessCurves
    models: tuple[ModelCurves, ...]
    done: float

    def to_frame(self) -> pd.DataFrame:
        """One row per model, attack and eps: accuracy with its 95% interval (Wilson 1927) over n images."""
        import pandas as pd

        rows = []
        for each in self.models:
            for attack, right in zip(attack_names(self.spec.attacks), each.right, strict=False):
                low, high = interval_of(right)
                about = {"model": each.model, "attack": attack, "eps": self.spec.eps}
                found = {"accuracy": right.mean(1), "low": low, "high": high, "n": right.shape[1]}
                rows.append(pd.DataFrame(about | found))
        return pd.concat(rows, ignore_index=True) if rows else pd.DataFrame()

    def distances(self) -> pd.DataFrame:
        """One row per model and searched image: the distance of its nearest adversarial image."""
        import pandas as pd

        rows = [
            pd.DataFrame({"model": each.model, "image": np.arange(len(each.distance)), "distance": each.distance})
            for each in self.models
        ]
        return pd.concat(rows, ignore_index=True) if rows else pd.DataFrame()
