"""Transfer of adversarial examples between models."""

from dataclasses import dataclass

from lab.errors import FieldError
from lab.specs.analyses import Analysis
from lab.specs.attacks import FGSM, PGD, AttackSpec, StepLL
from lab.specs.balls import Ball, Linf
from lab.specs.data import DataSpec, Digits
from lab.specs.models import ModelSpec, Trained
from lab.specs.spec import param

MOST_MODELS, MOST_ATTACKS, MOST_EPS = 10, 6, 20


@dataclass(frozen=True)
class TransferMatrix(Analysis, title="Transfer"):
    """Adversarial examples of every model, tested on every model. Kurakin et al. 2017, §4.4; Tramèr 2018, §4.1.

    Each model is both source and target. One adversarial set for each source, attack and ε serves all targets. The
    ball's ε is that of the matrix; ``eps`` are further ones, for the curves.
    """

    data: DataSpec = param(Digits(), meaning="data set the images come from")
    models: tuple[ModelSpec, ...] = param(
        (Trained("standard"), Trained("standard-b"), Trained("fgsm-trained"), Trained("pgd-trained")),
        meaning="one to ten models, each of them source and target",
    )
    attacks: tuple[AttackSpec, ...] = param(
        (FGSM(), StepLL(), PGD(steps=20)), meaning="one to six attacks on the sources"
    )
    ball: Ball = param(Linf(0.2), meaning="threat model", label="Norm")
    eps: tuple[float, ...] = param(
        (0.05, 0.1, 0.15, 0.3), 0.0, 1000.0, "further ε of the threat model, for the curves over ε", label="ε"
    )
    images: int = param(200, 1, 1_000_000, "how many test images, from the first one on", usual=(20, 360))
    seed: int = param(0, 0, 2**31 - 1, "seed of the random starts")

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, least, most in (("models", 1, MOST_MODELS), ("attacks", 1, MOST_ATTACKS), ("eps", 0, MOST_EPS)):
            values = getattr(self, name)
            if not least <= len(values) <= most or len(set(values)) != len(values):
                raise FieldError(
                    "TransferMatrix", name, f"must be {least} to {most} different ones, but there are {len(values)}."
                )

    @property
    def radii(self) -> tuple[float, ...]:
        """Every ε at which examples are made, the matrix's first."""
        return (self.ball.eps, *(each for each in self.eps if each != self.ball.eps))

    @property
    def balls(self) -> tuple[Ball, ...]:
        """The ball of every radius. Raises :class:`SpecError` for one that the norm does not admit."""
        return tuple(self.ball.replace(eps=each) for each in self.radii)
