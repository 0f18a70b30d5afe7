"""What an attack achieved, image by image, and whether its number can be trusted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from lab.results.result import Result

if TYPE_CHECKING:
    import pandas as pd  # a page that only draws does without its 25 MB


@dataclass(frozen=True, eq=False)
class Health(Result):
    """What would make an attack's number worthless. Shares are fractions of the attacked images.

    ``zero_gradient``: images whose gradient was exactly zero at the first step. ``saturated``: images whose
    softmax is 1 to float precision, where a plain cross-entropy gradient underflows (ours does not).
    ``unstable``: images whose logits differ between two identical calls. ``probabilities``: the model's outputs
    are non-negative and sum to one, so they are no logits. ``one_step_stronger``: FGSM fools more
    images than the attack did. Where they were looked into, else None: ``restart_gain``, the share of images that
    fell to one further restart only, and ``transfer_stronger``, whether images made on another model fool more.
    Pixels outside [0, 1] or the ball are no warning: the judge refuses them.
    """

    zero_gradient: float
    saturated: float
    unstable: float
    probabilities: bool
    one_step_stronger: bool
    restart_gain: float | None = None
    transfer_stronger: bool | None = None

    @property
    def warnings(self) -> tuple[str, ...]:
        """The complaints in words; none when the number can be trusted as far as these checks see."""
        found = []
        if self.zero_gradient > 0:
            found.append(
                f"The gradient is exactly zero for {self.zero_gradient:.0%} of the images: a gradient attack sees "
                "nothing there, so try an attack that needs no gradient or transfer from another model."
            )
        if self.saturated > 0.05:
            found.append(
                f"The softmax is saturated for {self.saturated:.0%} of the images: attacks that differentiate the "
                "plain cross-entropy report false robustness here; this one does not."
            )
        if self.unstable > 0:
            found.append(
                f"The model answers differently when asked twice ({self.unstable:.0%} of the images): "
                "its robustness must be measured in expectation over its randomness."
            )
        if self.probabilities:
            found.append("The model returns probabilities, not logits: remove its last softmax.")
        if self.one_step_stronger:
            found.append(
                "One full gradient step (FGSM) fools more images than this attack: it had too few or too short steps, "
                "or the gradient is masked (Tramèr et al. 2018, §4.1)."
            )
        if self.restart_gain:
            found.append(
                f"One further random start fools {self.restart_gain:.1%} of the images, which the attack did not: its "
                "restarts were too few, and the robust accuracy is lower than this."
            )
        if self.transfer_stronger:
            found.append(
                "Images made on another model fool more than those made on this one: its gradient is masked, or the "
                "attack too weak, since the adversary who sees the model can do all that the other one does."
            )
        return tuple(found)


@dataclass(frozen=True, eq=False)
class AttackResult(Result):
    """The judge's verdict on adversarial images, one entry per image.

    ``y`` labels, ``clean`` and ``adversarial`` predicted classes, ``distance`` length of the change in the ball's
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
        """Whether the image is recognised before and after: x itself lies in the ball."""
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

    def beside_restart(self, again: AttackResult) -> AttackResult:
        """The same result, and in its health whether one further restart on the same images gained something."""
        gain = _mean(self.robust & ~again.robust) if len(self.y) else 0.0
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
