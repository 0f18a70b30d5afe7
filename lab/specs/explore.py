"""One image, one attack, looked at closely."""

import math
from dataclasses import dataclass

from lab.errors import SpecError
from lab.specs.analyses import Analysis
from lab.specs.attacks import PGD, AttackSpec
from lab.specs.balls import Ball, Linf
from lab.specs.data import DataSpec, Digits
from lab.specs.models import ModelSpec, Trained
from lab.specs.spec import Spec, family_of, param, params

SCALES = (1.0, 10.0, 100.0, 1e3, 1e4, 1e5)
"""The factors of the logits at which two PGDs are compared."""

STARTS = 4
"""Random starts of each of those PGDs."""

_LONGEST = {"steps": 100, "restarts": 1, "queries": 1000, "searches": 5, "tries": 10, "directions": 50, "passes": 1}


@dataclass(frozen=True)
class Explore(Analysis):
    """One image under one attack, step by step, and under every other attack for comparison.

    ``logit_scale`` multiplies the logits of every model. No decision changes by it, but a softmax saturates, and
    an attack that differentiates the plain cross-entropy then finds no gradient.
    """

    data: DataSpec = param(Digits(), meaning="data set the image comes from")
    models: tuple[ModelSpec, ...] = param((Trained("standard"),), meaning="one to three models")
    image: int = param(0, 0, 10_000_000, "test image, by its position")
    attack: AttackSpec = param(PGD(), meaning="the attack that is looked at")
    ball: Ball = param(Linf(0.2), meaning="threat model")
    logit_scale: float = param(1.0, 1.0, 1e5, "factor of the logits; it changes no decision", log=True)
    seed: int = param(0, 0, 2**31 - 1, "seed of the random starts")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 1 <= len(self.models) <= 3 or len(set(self.models)) != len(self.models):
            raise SpecError(f"Explore.models must be 1 to 3 different ones, but there are {len(self.models)}.")

    @property
    def gradient_steps(self) -> int:
        """What the analysis costs: single-image gradient steps."""
        others = sum(effort(each) for each in self.compared)
        again = effort(self.pgd) if isinstance(self.attack, PGD) else 0
        return len(self.models) * (effort(self.attack) + again + others + 2 * len(SCALES) * STARTS * self.pgd.steps)

    @property
    def compared(self) -> tuple[AttackSpec, ...]:
        """Every attack with its usual settings, the long ones shortened; the chosen one as it is set."""
        return tuple(self.attack if kind is type(self.attack) else shortened(kind()) for kind in family_of(AttackSpec))

    @property
    def pgd(self) -> PGD:
        """The PGD that is followed over the scales of the logits: the chosen attack if it is one."""
        return self.attack.replace(restarts=1) if isinstance(self.attack, PGD) else PGD()


def shortened(attack: AttackSpec) -> AttackSpec:
    """The attack with its steps, restarts and queries cut to what one image among many others may cost."""
    cut = {name: most for name, most in _LONGEST.items() if getattr(attack, name, 0) > most}
    return attack.replace(**cut) if cut else attack


def effort(attack: Spec) -> int:
    """Passes through the model that an attack takes for one image, by its settings and those of its parts."""
    parts = [getattr(attack, name) for name in params(attack)]
    own = math.prod(max(1, int(getattr(attack, name, 1))) for name in _LONGEST)
    nested = math.prod(effort(part) for part in parts if isinstance(part, Spec))
    lists = [part for part in parts if isinstance(part, tuple)]
    several = sum(effort(each) for part in lists for each in part if isinstance(each, Spec))
    numbers = math.prod(len(part) for part in lists if part and not isinstance(part[0], Spec))  # each with every other
    return own * nested * max(1, several) * numbers
