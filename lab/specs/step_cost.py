"""Cost of a training step, as recipes state it."""

from collections.abc import Sequence
from dataclasses import dataclass

from lab.specs.attacks import AttackSpec


@dataclass(frozen=True, kw_only=True)
class StepCost:
    """Cost of a training step, for each training image of its batch.

    ``passes`` through the model that the loss itself takes, and ``images``, clean and adversarial, that go through it
    at once. A ``share`` of the images is attacked, each by the dearest of ``attacks`` at most.
    """

    passes: float
    images: float
    attacks: Sequence[AttackSpec] = ()
    share: float = 1.0
