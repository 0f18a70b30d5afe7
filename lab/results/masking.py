"""Is the gradient masked? The facts, image by image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lab.results.attack import Health
from lab.results.evaluation import ModelEvaluation
from lab.results.result import Result
from lab.specs.masking import Masking

if TYPE_CHECKING:
    import pandas as pd  # a page that only draws does without its 25 MB

COMPARISONS = ("clean and Step-LL image", "clean and FGSM image", "clean and random sign", "Step-LL and FGSM image")
"""Whose gradients are correlated: (1) to (4) of Na et al. 2018, Figure 8."""

BLACK_BOX = ("FGSM", "PGD")
"""The attacks that are made on other models and shown to this one."""


@dataclass(frozen=True, eq=False)
class ModelMasking(Result):
    """Examination of one model on n images, with A attacks at E radii and S other models as sources.

    ``clean_loss``, ``clean_wrong`` (n,) without an attack; ``loss`` (A, E, n) cross-entropy in nats and ``wrong``
    whether the image is misclassified, in the order of ``Masking.attacks`` and of ``radii``, the eps examined so far;
    ``black_loss`` and ``black_wrong`` (S, 2, n) of images made on ``sources`` by :data:`BLACK_BOX`. ``cosine`` (n,)
    between the changes by FGSM and by PGD, ``gradient_norm`` (n,) Euclidean length of the loss's gradient at the clean
    image; ``correlation`` (4, E, n) Pearson's between two gradients, in the order of :data:`COMPARISONS`, NaN where one
    is constant. ``orthogonal`` (m,) of the first m images the most orthogonal directions found that all fool, among the
    numbers ``orders``; empty where the ball has none, and until they are counted. ``evaluation`` is what strong attacks
    and sanity checks say of the same images; None until it is known, and in threat models that have none. All but loss,
    wrong and correlation are at the ball's own eps.
    """

    model: str
    clean_loss: np.ndarray
    clean_wrong: np.ndarray
    radii: tuple[float, ...]
    loss: np.ndarray
    wrong: np.ndarray
    sources: tuple[str, ...]
    black_loss: np.ndarray
    black_wrong: np.ndarray
    cosine: np.ndarray
    gradient_norm: np.ndarray
    correlation: np.ndarray
    orders: tuple[int, ...]
    orthogonal: np.ndarray
    health: Health
    evaluation: ModelEvaluation | None = None


@dataclass(frozen=True, eq=False)
class MaskingResult(Result):
    """The answer to :class:`lab.specs.Masking`: what is known so far of each model; ``done`` in [0, 1]."""

    spec: Masking
    y: np.ndarray
    classes: int
    models: tuple[ModelMasking, ...]
    done: float

    def wrong(self, model: ModelMasking, attack: str) -> np.ndarray:
        """(n,) images that the attack makes the model misclassify, at the ball's own eps."""
        found: np.ndarray = model.wrong[Masking.attacks.index(attack), self._own(model)]
        return found

    def approximation(self, model: ModelMasking) -> np.ndarray:
        """(n,) loss after one step as a share of the best loss found by anything. Tramèr et al. 2018, §4.1.

        The true maximum is not known; the largest loss of all attacks, black boxes included, is a lower bound of it.
        The paper compares with one iterative attack, so that its ratios are larger.
        NaN where nothing raised the loss above zero.
        """
        own = self._own(model)
        one_step = model.loss[Masking.attacks.index("FGSM"), own]
        best = np.concatenate([model.loss[:, own], model.black_loss.reshape(-1, len(self.y))]).max(0)
        return np.divide(one_step, best, out=np.full(len(best), np.nan), where=best > 0)

    def leaked(self, model: ModelMasking) -> np.ndarray:
        """(E, n) images whose label leaked. Kurakin et al. 2017, §4.2.

        The model classifies the adversarial example correctly when it was generated with the true label, and
        misclassifies the corresponding one that was generated without it: FGSM with the predicted label, as the
        paper recommends.
        """
        with_label, without = (model.wrong[Masking.attacks.index(each)] for each in ("FGSM", "FGSM, predicted label"))
        return ~with_label & without

    def _own(self, model: ModelMasking) -> int:
        return model.radii.index(self.spec.ball.eps)

    def to_frame(self) -> pd.DataFrame:
        """One row per model, attack and eps: error rate, mean loss and of how many images; clean first."""
        import pandas as pd

        rows = []
        for each in self.models:
            about = {"model": each.model, "images": len(self.y)}
            rows.append(about | {"attack": "none", "eps": 0.0} | _means(each.clean_wrong, each.clean_loss))
            for i, attack in enumerate(Masking.attacks):
                for j, eps in enumerate(each.radii):
                    rows.append(about | {"attack": attack, "eps": eps} | _means(each.wrong[i, j], each.loss[i, j]))
            for source, losses, wrong in zip(each.sources, each.black_loss, each.black_wrong, strict=True):
                for i, attack in enumerate(BLACK_BOX):
                    name = {"attack": f"{attack} on {source}", "eps": self.spec.ball.eps}
                    rows.append(about | name | _means(wrong[i], losses[i]))
        return pd.DataFrame(rows)


def _means(wrong: np.ndarray, loss: np.ndarray) -> dict[str, float]:
    return {"error_rate": float(wrong.mean()), "mean_loss": float(loss.mean())}
