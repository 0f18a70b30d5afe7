"""One image over ε: what each model predicts at every level, step by step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lab.results.prediction import predictions
from lab.results.result import Result
from lab.specs.image_sweep import ImageSweep

if TYPE_CHECKING:
    import pandas as pd  # a page that only draws does without its 25 MB

UNITS = 127
"""Steps of a stored change from none to the largest ε."""


@dataclass(frozen=True, eq=False)
class ModelSwept(Result):
    """The attack on one model at L + 1 levels of ε, 0 first, followed over T steps.

    ``delta`` (L + 1, T + 1, C, h, w) int8 the change of the image so far, :data:`UNITS` being the largest ε; ``logits``
    (L + 1, T + 1, K) those of the exact points. Step 0 is where the attack starts, T its end.
    """

    model: str
    delta: np.ndarray
    logits: np.ndarray


@dataclass(frozen=True, eq=False)
class ImageSweepResult(Result):
    """Result of :class:`lab.specs.ImageSweep`: ``x`` (C, h, w) the clean image in 0..255, ``y`` its label.

    A partial result has fewer ``models``, or none. Large images have every k-th pixel only.
    """

    spec: ImageSweep
    x: np.ndarray
    y: int
    class_names: tuple[str, ...]
    models: tuple[ModelSwept, ...]
    done: float

    def succeeded(self, model: ModelSwept) -> np.ndarray:
        """(L + 1,) whether the end of the attack is misclassified, or as its target where it has one."""
        found, target = predictions(model.logits[:, -1]), self.spec.target
        succeeded: np.ndarray = found != self.y if target is None else found == target
        return succeeded

    def fooled_at(self, model: ModelSwept) -> int | None:
        """The lowest level of ε at which the attack succeeds; None where it does at none."""
        found = np.flatnonzero(self.succeeded(model))
        return int(found[0]) if len(found) else None

    def to_frame(self) -> pd.DataFrame:
        """One row for each model and level of ε: prediction, loss and margin at the end, and whether it is fooled."""
        import pandas as pd

        rows = []
        for each in self.models:
            loss, margin = path(each.logits[:, -1], self.y)
            found = predictions(each.logits[:, -1])
            rows += list(zip(self.spec.eps, found, loss, margin, self.succeeded(each), strict=True))
        frame = pd.DataFrame(rows, columns=["eps", "prediction", "loss", "margin", "fooled"])
        frame.insert(0, "model", [each.model for each in self.models for _ in self.spec.eps])
        return frame


def path(logits: np.ndarray, y: int) -> tuple[np.ndarray, np.ndarray]:
    """Cross-entropy, in nats, and margin of the label ``y`` at points of (n, K) logits: (n,) each."""
    exact = logits.astype(np.float64)
    of_label, others = exact[:, y], np.delete(exact, y, axis=1)
    top = exact.max(1)
    loss = top + np.log(np.exp(exact - top[:, None]).sum(1)) - of_label
    return loss, of_label - others.max(1)
