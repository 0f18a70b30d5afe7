"""One image, one attack, looked at closely."""

from dataclasses import dataclass

from lab.errors import FieldError
from lab.specs.analyses import Analysis
from lab.specs.attacks import PGD, AttackSpec
from lab.specs.balls import Ball, Linf
from lab.specs.data import DataSpec, Digits
from lab.specs.models import ModelSpec, Trained
from lab.specs.spec import family_of, param, params

SCALES = (1.0, 10.0, 100.0, 1e3, 1e4, 1e5)
"""The factors of the logits at which two PGDs are compared."""

STARTS = 4
"""Random starts of each of those PGDs."""


@dataclass(frozen=True)
class Explore(Analysis, title="Attack explorer"):
    """One image under one attack, step by step, and under every other attack for comparison.

    ``logit_scale`` multiplies the logits of every model. No decision changes by it, but a softmax saturates, and
    an attack that differentiates the plain cross-entropy then finds no gradient.
    """

    data: DataSpec = param(Digits(), meaning="data set the image comes from")
    models: tuple[ModelSpec, ...] = param((Trained("standard"),), meaning="one to three models")
    image: int = param(0, 0, 10_000_000, "index of the test image")
    attack: AttackSpec = param(PGD(), meaning="attack on the image")
    ball: Ball = param(Linf(0.2), meaning="threat model", label="Norm")
    logit_scale: float = param(1.0, 1.0, 1e5, "factor that multiplies the logits; predictions stay the same", log=True)
    seed: int = param(0, 0, 2**31 - 1, "seed of the random starts")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 1 <= len(self.models) <= 3 or len(set(self.models)) != len(self.models):
            raise FieldError("Explore", "models", f"must be 1 to 3 different ones, but there are {len(self.models)}.")

    @property
    def compared(self) -> tuple[AttackSpec, ...]:
        """Every attack with its usual settings, the long ones shortened; the chosen one as it is set."""
        return tuple(self.attack if kind is type(self.attack) else shortened(kind()) for kind in family_of(AttackSpec))

    @property
    def pgd(self) -> PGD:
        """The PGD that is followed over the scales of the logits: the chosen attack if it is one."""
        return self.attack.replace(restarts=1) if isinstance(self.attack, PGD) else PGD()


def shortened(attack: AttackSpec) -> AttackSpec:
    """The attack, and those it is made of, with its settings limited to those of one attack among many."""
    changes: dict[str, object] = {}
    for name, about in params(attack).items():
        value = getattr(attack, name)
        if about.brief is not None and value > about.brief:
            changes[name] = about.brief
        if isinstance(value, tuple) and all(isinstance(each, AttackSpec) for each in value):
            changes[name] = tuple(shortened(each) for each in value)
    return attack.replace(**changes)
