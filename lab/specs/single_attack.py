"""One attack on one model."""

from dataclasses import dataclass

from lab.errors import FieldError
from lab.specs.analyses import Analysis
from lab.specs.attacks import PGD, AttackSpec
from lab.specs.balls import Ball, Linf
from lab.specs.data import DataSpec, Digits
from lab.specs.models import ModelSpec, Trained
from lab.specs.spec import param


@dataclass(frozen=True)
class SingleAttack(Analysis, title="Single attack"):
    """Accuracy of a model under one attack, white box, or transferred from a source model: the command ``attack``.

    The first test images are attacked. An attack with random starts is restarted once more on those that withstand it.
    """

    data: DataSpec = param(Digits(), meaning="data set the images come from")
    models: tuple[ModelSpec, ...] = param((Trained("standard"),), meaning="the model that is attacked")
    sources: tuple[ModelSpec, ...] = param((), meaning="source of the adversarial examples; none for the model itself")
    attack: AttackSpec = param(PGD(), meaning="attack on the images")
    ball: Ball = param(Linf(0.3), meaning="threat model", label="Norm")
    images: int = param(200, 1, 10_000_000, "how many test images, from the first one on, if there are so many")
    largest: bool = param(False, meaning="search for the largest loss, beyond the first success")
    eight_bit: bool = param(False, meaning="predict again with pixels rounded to 8 bits")
    bfloat16: bool = param(False, meaning="search in bfloat16; predictions that count are made in float32")
    kept: bool = param(False, meaning="keep the adversarial examples in the result")
    seed: int = param(0, 0, 2**31 - 1, "seed of every random draw")

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, least in (("models", 1), ("sources", 0)):
            count = len(getattr(self, name))
            if not least <= count <= 1:
                raise FieldError(
                    "SingleAttack", name, f"must be {'one' if least else 'none or one'}, but there are {count}."
                )

    @property
    def retried(self) -> bool:
        """True if images that withstand the attack are attacked from one further random start."""
        return not self.sources and not self.largest and self.attack.capabilities.retried
