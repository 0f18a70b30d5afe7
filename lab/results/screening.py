"""What models predict on test images, clean and attacked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lab.results.prediction import class_in_words
from lab.results.result import Result
from lab.specs.screening import ATTACKED, DISTANCES, Screening

if TYPE_CHECKING:
    import pandas as pd  # a page that only draws does without its 25 MB


@dataclass(frozen=True, eq=False)
class ModelScreening(Result):
    """One model on n images: what it predicts on the ``clean`` and on the ``attacked`` ones, (n,) each.

    ``margin`` (n,) is the logit of the label minus the largest other one, on the clean image; a prediction is
    :data:`lab.results.prediction.NO_CLASS` where the logits are not numbers. ``distance`` (n,) is that to the nearest
    adversarial example found, in the norm of the threat model: 0 for a misclassified image, infinite where none was
    found. What the request's extent leaves out is empty.
    """

    model: str
    clean: np.ndarray
    margin: np.ndarray
    attacked: np.ndarray
    distance: np.ndarray


@dataclass(frozen=True, eq=False)
class ScreeningResult(Result):
    """The answer to :class:`lab.specs.Screening`: labels ``y`` (n,) of the images; ``done`` in [0, 1]."""

    spec: Screening
    y: np.ndarray
    class_names: tuple[str, ...]
    models: tuple[ModelScreening, ...]
    done: float

    def misclassified(self, model: ModelScreening) -> np.ndarray:
        """(n,) whether the model misclassifies the clean image."""
        found: np.ndarray = model.clean != self.y
        return found

    def fooled(self, model: ModelScreening) -> np.ndarray:
        """(n,) whether the model is right on the clean image and wrong on the attacked one."""
        found: np.ndarray = (model.clean == self.y) & (model.attacked != self.y)
        return found

    def survives(self, model: ModelScreening) -> np.ndarray:
        """(n,) whether the model is right on both."""
        found: np.ndarray = (model.clean == self.y) & (model.attacked == self.y)
        return found

    def to_frame(self) -> pd.DataFrame:
        """One row per model and image."""
        import pandas as pd

        def named(predictions: np.ndarray) -> list[str]:
            return [class_in_words(int(each), self.class_names) for each in predictions]

        attacked = self.spec.reaches(ATTACKED)
        rows = [
            pd.DataFrame(
                {
                    "model": each.model,
                    "image": np.arange(len(self.y)),
                    "label": named(self.y),
                    "predicted": named(each.clean),
                    "margin": each.margin,
                }
                | ({"attacked": named(each.attacked), "fooled": self.fooled(each)} if attacked else {})
                | ({"distance": each.distance} if self.spec.reaches(DISTANCES) else {})
            )
            for each in self.models
        ]
        return pd.concat(rows, ignore_index=True) if rows else pd.DataFrame()

    def shares(self) -> pd.DataFrame:
        """One row per model: how many images it misclassifies, and on how many the attack fools it or does not."""
        import pandas as pd

        attacked = self.spec.reaches(ATTACKED)
        return pd.DataFrame(
            [
                {
                    "model": each.model,
                    "images": len(self.y),
                    "misclassified": int(self.misclassified(each).sum()),
                }
                | (
                    {"fooled": int(self.fooled(each).sum()), "survives": int(self.survives(each).sum())}
                    if attacked
                    else {}
                )
                | ({"median distance": float(np.median(each.distance))} if self.spec.reaches(DISTANCES) else {})
                for each in self.models
            ]
        )
