"""Results of an evaluation: which attack broke which image, and whether the number can be trusted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lab.results.health import Health
from lab.results.intervals import wilson
from lab.results.result import Result
from lab.specs.attacks import AttackSpec
from lab.specs.balls import Ball
from lab.specs.evaluation import Evaluation

if TYPE_CHECKING:
    import pandas as pd  # a page that only draws does without its 25 MB

UNBROKEN, CLEAN = -2, -1
"""In ``ModelEvaluation.broken_by``: no attack succeeded; misclassified before any attack."""

PASSED, FAILED, UNCLEAR = "passed", "failed", "unclear"
NOT_NEEDED, SKIPPED = "not needed", "skipped"
"""States of a :class:`Check`. Not needed: no image was left that it could have looked at. Skipped: it could not run."""


@dataclass(frozen=True, eq=False)
class Stage(Result):
    """One attack of an evaluation: ``attacked`` and ``broken`` (n,) images on which it ran and succeeded.

    ``passes``, forward and backward passes of single images; ``seconds`` of all of it. ``done`` is 1 once the stage
    has seen all its images.
    """

    name: str
    attack: AttackSpec
    attacked: np.ndarray
    broken: np.ndarray
    passes: int
    seconds: float
    done: float = 1.0


@dataclass(frozen=True, eq=False)
class StageBlock(Result):
    """Proposals of a stage for some images, by their indices ``images`` (k,): ``x_adv`` (k, …), and its cost."""

    images: np.ndarray
    x_adv: np.ndarray
    passes: int
    seconds: float


@dataclass(frozen=True, eq=False)
class Check(Result):
    """One sanity check: its ``kind``, its ``state``, and what was measured.

    ``value`` is what the check looks at and ``reference`` what it is compared with (each kind says what they are, see
    :mod:`lab.results.evaluation_checks`), NaN where there is none; ``images`` on how many images; ``detail`` names what
    the numbers do not say: an attack, a layer, a source model.
    """

    kind: str
    state: str
    value: float
    reference: float
    images: int
    detail: str = ""


@dataclass(frozen=True, eq=False)
class ModelEvaluation(Result):
    """Evaluation of one model on n images.

    ``y`` (n,) labels, ``clean`` (n,) predictions, ``stages`` in the order in which they ran. Per image: ``broken_by``
    (n,) the position of the stage that succeeded first, else :data:`CLEAN` or :data:`UNBROKEN`; ``adversarial`` (n,)
    prediction on, and ``distance`` (n,) in the ball's norm to, the adversarial example, NaN where there is none (an
    image that is misclassified before any attack is its own, at distance 0);
    ``margin`` (n,) the smallest margin that any attack reached, negative where one succeeded. ``x_adv`` (b, …) float32
    adversarial examples of the images that an attack broke, in the order of the images; (0, …) where they would take
    too much room. ``seconds`` of everything, the checks included.
    """

    model: str
    y: np.ndarray
    clean: np.ndarray
    stages: tuple[Stage, ...]
    broken_by: np.ndarray
    adversarial: np.ndarray
    distance: np.ndarray
    margin: np.ndarray
    x_adv: np.ndarray
    checks: tuple[Check, ...]
    health: Health
    ball: Ball
    budget: str
    seconds: float
    done: float

    @property
    def n(self) -> int:
        """Number of images evaluated."""
        return len(self.y)

    @property
    def robust(self) -> np.ndarray:
        """(n,) images that are correctly classified, and that no attack broke."""
        return np.asarray(self.broken_by == UNBROKEN)

    @property
    def clean_accuracy(self) -> float:
        """Fraction of images correctly classified before any attack; NaN without images."""
        return _mean(self.broken_by != CLEAN)

    @property
    def robust_accuracy(self) -> float:
        """Fraction of images that no attack broke; NaN without images. An upper bound of the true one."""
        return _mean(self.robust)

    def accuracies(self) -> tuple[float, ...]:
        """Accuracy before any attack and after each stage, the worst case so far."""
        return tuple(_mean((self.broken_by == UNBROKEN) | (self.broken_by >= i)) for i in range(len(self.stages) + 1))

    def interval(self, accuracy: float) -> tuple[float, float]:
        """95% interval of an accuracy on these n images (Wilson)."""
        low, high = wilson(np.asarray(accuracy * self.n), np.asarray(self.n))
        return float(low), float(high)

    def of_image(self) -> pd.DataFrame:
        """One row per image: label, clean prediction, what broke it first, at what distance, the smallest margin."""
        import pandas as pd

        names = {UNBROKEN: "", CLEAN: "none needed"} | {i: stage.name for i, stage in enumerate(self.stages)}
        rows = {
            "y": self.y,
            "clean": self.clean,
            "broken_by": [names[int(each)] for each in self.broken_by],
            "adversarial": self.adversarial,
            "distance": self.distance,
            "margin": self.margin,
            "robust": self.robust,
        }
        return pd.DataFrame(rows).rename_axis("image")

    def to_frame(self) -> pd.DataFrame:
        """One row per stage, the clean images first: attacked, broken, accuracy so far with its interval, seconds."""
        import pandas as pd

        counts = [("clean", self.n, int((self.broken_by == CLEAN).sum()), 0, 0.0)]
        counts += [(s.name, int(s.attacked.sum()), int(s.broken.sum()), s.passes, s.seconds) for s in self.stages]
        rows = []
        for (name, attacked, broken, passes, seconds), accuracy in zip(counts, self.accuracies(), strict=True):
            low, high = self.interval(accuracy)
            about = {"model": self.model, "stage": name, "attacked": attacked, "broken": broken}
            rows.append(about | {"accuracy": accuracy, "low": low, "high": high, "passes": passes, "seconds": seconds})
        return pd.DataFrame(rows)


@dataclass(frozen=True, eq=False)
class EvaluationResult(Result):
    """The answer to :class:`lab.specs.Evaluation`: what is known so far of each model; ``done`` in [0, 1]."""

    spec: Evaluation
    class_names: tuple[str, ...]
    models: tuple[ModelEvaluation, ...]
    done: float

    def to_frame(self) -> pd.DataFrame:
        """The stages of every model, one below the other."""
        import pandas as pd

        return pd.concat([each.to_frame() for each in self.models], ignore_index=True)


def _mean(hits: np.ndarray) -> float:
    return float(hits.mean()) if len(hits) else float("nan")
