"""Results of PGD from many random starts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lab.results.result import Result
from lab.specs.analyses import Restarts

if TYPE_CHECKING:
    import pandas as pd  # a page that only draws does without its 25 MB


@dataclass(frozen=True, eq=False)
class ModelRestarts(Result):
    """One model's restarts. R restarts done so far, n images, T steps, P compared pairs of maxima.

    ``loss`` (R, T + 1, n) cross-entropy from the start to the end; ``prediction`` (R, n) class at the end;
    ``distance`` and ``angle`` (n, P) Euclidean distance in pixel units and angle in degrees between the changes
    of pairs of end points; ``worst`` (n, *shape) the end point of largest loss; ``alignment`` (R, n) cosine between
    the change at the end and the loss's gradient at the image, negative where the attack went against it.
    """

    model: str
    loss: np.ndarray
    prediction: np.ndarray
    distance: np.ndarray
    angle: np.ndarray
    worst: np.ndarray
    alignment: np.ndarray

    @property
    def final_loss(self) -> np.ndarray:
        """(R, n) the loss at the end of every restart: what Figure 1 counts."""
        return self.loss[:, -1]


@dataclass(frozen=True, eq=False)
class RestartsResult(Result):
    """Madry et al. 2017, §3.1, Figures 1 and 2: the answer to :class:`lab.specs.Restarts`.

    ``x`` (n, *shape) clean images, ``y`` (n,) labels, ``class_names`` of the data set, ``random_distance``
    (n, P) Euclidean distances between random points of the ball: the yardstick for the maxima's distances,
    ``done`` the share of the restarts that is finished (1 for a complete result).
    """

    spec: Restarts
    x: np.ndarray
    y: np.ndarray
    class_names: tuple[str, ...]
    random_distance: np.ndarray
    models: tuple[ModelRestarts, ...]
    done: float

    def to_frame(self) -> pd.DataFrame:
        """One row per model, image and restart, with its final loss and predicted class."""
        import pandas as pd

        rows = []
        for each in self.models:
            restarts, images = each.final_loss.shape
            rows.append(
                pd.DataFrame(
                    {
                        "model": each.model,
                        "image": np.tile(np.array(self.spec.images)[:images], restarts),
                        "label": np.tile(self.y[:images], restarts),
                        "restart": np.repeat(np.arange(restarts), images),
                        "final_loss": each.final_loss.ravel(),
                        "prediction": each.prediction.ravel(),
                    }
                )
            )
        return pd.concat(rows, ignore_index=True)

    def concentration(self) -> pd.DataFrame:
        """One row per model and image: how tightly the final losses lie together.

        ``outlier`` is the largest final loss in deviations above the mean; ``fooled`` the share of restarts that
        end in another class than the label's, ``against_gradient`` of those whose change has a negative inner product
        with the gradient at the image (Madry et al. 2017, §3.1).
        """
        import pandas as pd

        rows = []
        for each in self.models:
            final = each.final_loss
            for i, image in enumerate(self.spec.images):
                losses = final[:, i]
                spread = losses.std(ddof=1) if len(losses) > 1 else float("nan")
                rows.append(
                    {
                        "model": each.model,
                        "image": image,
                        "label": int(self.y[i]),
                        "restarts": len(losses),
                        "mean": losses.mean() if len(losses) else float("nan"),
                        "standard_deviation": spread,
                        "largest": losses.max() if len(losses) else float("nan"),
                        "outlier": (losses.max() - losses.mean()) / spread if len(losses) and spread > 0 else 0.0,
                        "fooled": (each.prediction[:, i] != self.y[i]).mean() if len(losses) else float("nan"),
                        "distance": _mean(each.distance[i]),
                        "random_distance": _mean(self.random_distance[i]),
                        "angle": _mean(each.angle[i]),
                        "against_gradient": _mean(each.alignment[:, i] < 0),
                    }
                )
        return pd.DataFrame(rows)


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if values.size else float("nan")
