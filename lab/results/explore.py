"""One image under attack, looked at closely."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lab.results.attack import Health
from lab.results.prediction import predictions
from lab.results.result import Result
from lab.specs.attacks import AttackSpec
from lab.specs.explore import Explore

if TYPE_CHECKING:
    import pandas as pd  # a page that only draws does without its 25 MB


@dataclass(frozen=True, eq=False)
class ModelExplored(Result):
    """Effect of the chosen attack on one model's predictions for the image.

    ``x_adv`` (C, H, W) the adversarial image, ``clean`` and ``adversarial`` (K,) logits before and after, as scaled.
    ``loss`` and ``margin`` (T,) cross-entropy in nats and the label's logit minus the largest other one at every
    image the attack asked the model about, then at the end; ``by_gradient`` whether those are gradient steps.
    ``error`` is why there is no adversarial image, in a sentence; ``x_adv`` is then the clean one.
    """

    model: str
    x_adv: np.ndarray
    clean: np.ndarray
    adversarial: np.ndarray
    loss: np.ndarray
    margin: np.ndarray
    by_gradient: bool
    health: Health | None
    error: str


@dataclass(frozen=True, eq=False)
class Tried(Result):
    """Another attack on the same image and one model.

    ``picture`` (C, h, w) the adversarial image in 0..255, made smaller if it is large; ``prediction`` the class read,
    ``margin`` the label's logit minus the largest other one, distances as of :meth:`ExploreResult.distances`.
    ``error`` is why there is none, in a sentence.
    """

    attack: AttackSpec
    model: str
    picture: np.ndarray
    prediction: int
    margin: float
    linf: float
    l2: float
    l0: int
    error: str


@dataclass(frozen=True, eq=False)
class ScaleSweep(Result):
    """PGD on one model whose logits are multiplied by S factors, by two gradients.

    ``ours`` follows the direction of the cross-entropy's gradient, computed so that nothing underflows; ``plain``
    follows the gradient as softmax and logarithm give it. ``fooled`` (S,) shares of the random starts that end in
    another class; ``loss`` (S,) mean cross-entropy, in nats, of the model without the factor at the end.
    """

    model: str
    fooled_ours: np.ndarray
    fooled_plain: np.ndarray
    loss_ours: np.ndarray
    loss_plain: np.ndarray


@dataclass(frozen=True, eq=False)
class ExploreResult(Result):
    """The answer to :class:`lab.specs.Explore`: ``x`` (C, H, W) the clean image, ``y`` its label, ``done`` in [0, 1].

    ``sweeps`` and ``tried`` come after ``models``; a partial result has none or some of them.
    """

    spec: Explore
    x: np.ndarray
    y: int
    class_names: tuple[str, ...]
    models: tuple[ModelExplored, ...]
    sweeps: tuple[ScaleSweep, ...]
    tried: tuple[Tried, ...]
    done: float

    def distances(self, model: ModelExplored) -> tuple[float, float, int]:
        """L∞, L2 and L0 (how many pixels differ, whatever their channels) from the clean image."""
        return lengths(model.x_adv - self.x)

    def before(self, model: ModelExplored) -> tuple[float, float]:
        """Cross-entropy in nats and margin of the clean image; the attack may have begun at a random point."""
        logits = model.clean.astype(np.float64)
        others = np.delete(logits, self.y)
        with np.errstate(invalid="ignore"):  # of logits that are no numbers, loss and margin are none
            return float(np.logaddexp.reduce(logits) - logits[self.y]), float(logits[self.y] - others.max())

    def to_frame(self) -> pd.DataFrame:
        """One row per attack and model, the chosen attack first: the prediction, its margin and its distances.

        Of an attack that could not be run: the prediction -1, no numbers, and why.
        """
        import pandas as pd

        name = type(self.spec.attack).__name__
        nothing = (-1, np.nan, np.nan, np.nan, 0)
        chosen = [
            (name, each.model, *(nothing if each.error else self._found(each)), each.error) for each in self.models
        ]
        others = [
            (kind, each.model, each.prediction, each.margin, each.linf, each.l2, each.l0, each.error)
            for each in self.tried
            if (kind := type(each.attack).__name__) != name
        ]
        columns = ["attack", "model", "prediction", "margin", "linf", "l2", "l0", "error"]
        return pd.DataFrame([*chosen, *others], columns=columns)

    def _found(self, model: ModelExplored) -> tuple[float, ...]:
        return (int(predictions(model.adversarial)), model.margin[-1], *self.distances(model))


def lengths(delta: np.ndarray) -> tuple[float, float, int]:
    """L∞, L2 and L0 of a change (C, H, W); L0 counts pixels, not channels."""
    changed = np.abs(delta).max(0)
    return float(changed.max()), float(np.linalg.norm(delta)), int((changed > 0).sum())
