"""The loss on a plane through an image."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lab.results.result import Result
from lab.specs.surface import LossSurface

if TYPE_CHECKING:
    import pandas as pd  # a page that only draws does without its 25 MB

QUANTITIES = ("loss", "log loss", "margin", "probability")


@dataclass(frozen=True, eq=False)
class Answers(Result):
    """Model's output at points of any arrangement; all four quantities follow from it without a computation.

    ``log_odds`` float64: ln((1 - p) / p) for the label's probability p, from which nothing underflows; ``margin``
    the label's logit minus the largest other one; ``prediction`` the class read.
    """

    log_odds: np.ndarray
    margin: np.ndarray
    prediction: np.ndarray

    def each(self, change: Callable[[np.ndarray], np.ndarray]) -> Answers:
        """The answers with each of their arrays changed in the same way."""
        return Answers(change(self.log_odds), change(self.margin), change(self.prediction))

    def quantity(self, name: str) -> np.ndarray:
        """Cross-entropy in nats, its decimal logarithm, the margin, or the label's probability."""
        if name == "margin":
            return self.margin
        with np.errstate(invalid="ignore"):  # a model's logits may be no numbers
            loss = np.logaddexp(0.0, self.log_odds)
        if name == "probability":
            return np.exp(-loss)
        if name == "loss":
            return loss
        # Far below zero the loss is e^log_odds, which leaves float64 while its logarithm does not.
        return np.where(self.log_odds < -30, self.log_odds / np.log(10), np.log10(np.maximum(loss, 1e-300)))


@dataclass(frozen=True, eq=False)
class Marker(Result):
    """Points of an attack, from its start to its end, beside the plane.

    ``along``, ``across`` (T,) the nearest point of the plane (of the clipped surface, where that is drawn);
    ``away`` (T,) the Euclidean distance to it; ``answers`` (T,) what the model says at the attack's own points.
    """

    name: str
    along: np.ndarray
    across: np.ndarray
    away: np.ndarray
    answers: Answers


@dataclass(frozen=True, eq=False)
class ModelSurface(Result):
    """One model in its plane.

    ``g``, ``g_across`` (C, H, W) float64 the axes, of length 1 in the ball's norm; ``inner`` their inner product and
    ``cosine`` that of the second axis and the first before it was made orthogonal. ``answers`` (n, n): the row is the
    place on the second axis, the column that on the first. ``edge`` (P, 2) a closed line where the plane leaves the
    ball. ``markers`` FGSM, R+FGSM and PGD, once they are computed.
    """

    model: str
    g: np.ndarray
    g_across: np.ndarray
    inner: float
    cosine: float
    answers: Answers
    edge: np.ndarray
    markers: tuple[Marker, ...]


@dataclass(frozen=True, eq=False)
class SurfaceResult(Result):
    """The answer to :class:`lab.specs.LossSurface`: ``x`` (C, H, W) the image, ``y`` its label.

    ``along``, ``across`` (n,) the places ε₁ and ε₂ on both axes, in pixel units; a partial result has fewer of them.
    """

    spec: LossSurface
    x: np.ndarray
    y: int
    class_names: tuple[str, ...]
    along: np.ndarray
    across: np.ndarray
    models: tuple[ModelSurface, ...]
    done: float

    def image(self, model: ModelSurface, along: float, across: float) -> np.ndarray:
        """(C, H, W) x + ε₁ · g + ε₂ · g⊥, clipped to [0, 1] if the surface is."""
        point: np.ndarray = self.x + along * model.g + across * model.g_across
        return np.clip(point, 0, 1) if self.spec.clip else point

    def to_frame(self) -> pd.DataFrame:
        """One row per model and point of the square, with every quantity."""
        import pandas as pd

        first, second = np.meshgrid(self.along, self.across)
        rows = []
        for each in self.models:
            values = {name.replace(" ", "_"): each.answers.quantity(name).ravel() for name in QUANTITIES}
            place = {"model": each.model, "along": first.ravel(), "across": second.ravel()}
            rows.append(pd.DataFrame(place | values | {"prediction": each.answers.prediction.ravel()}))
        return pd.concat(rows, ignore_index=True)

    def markers_frame(self) -> pd.DataFrame:
        """One row per model, attack and step, with its place in the plane and its distance from it."""
        import pandas as pd

        rows = [
            pd.DataFrame(
                {"model": each.model, "attack": marker.name, "step": range(len(marker.along))}
                | {"along": marker.along, "across": marker.across, "away": marker.away}
                | {name.replace(" ", "_"): marker.answers.quantity(name) for name in QUANTITIES}
                | {"prediction": marker.answers.prediction}
            )
            for each in self.models
            for marker in each.markers
        ]
        return pd.concat(rows, ignore_index=True) if rows else pd.DataFrame()
