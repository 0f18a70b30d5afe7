"""AutoAttack: attacks that need no setting, and their composition. Croce & Hein 2020.

*Reliable evaluation of adversarial robustness with an ensemble of diverse parameter-free attacks*.
"""

from dataclasses import dataclass

from lab.errors import FieldError
from lab.specs.attacks import DLR, AttackSpec, CrossEntropy, Objective
from lab.specs.capabilities import NORM_BALLS, Capabilities, of_all
from lab.specs.fab import FABTargeted
from lab.specs.query import Square
from lab.specs.spec import param


@dataclass(frozen=True)
class Climbing(AttackSpec):
    """Projected gradient steps whose first is 2 ε long, from random points of the ball's boundary."""

    steps: int = param(100, 1, 10_000, "gradient steps of each restart", usual=(5, 200), log=True, brief=100)
    restarts: int = param(
        1, 1, 100_000, "random restarts; the strongest result per image is kept", usual=(1, 20), log=True, brief=1
    )
    passes: int = param(
        1, 1, 1000, "forward passes averaged per step (EOT), for randomised models", usual=(1, 50), brief=1
    )

    @property
    def outside(self) -> int:
        """Number of steps after which all points lie in the ball; those before may lie outside."""
        return 0

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            balls=NORM_BALLS,
            gradient=True,
            deterministic=False,
            eps_per_image=True,
            retried=False,
            to_cross=0,
        )


@dataclass(frozen=True)
class AutoPGD(Climbing):
    """Projected gradient steps with momentum, whose size halves itself. Croce & Hein 2020, Algorithm 1."""

    rho: float = param(0.75, 0.0, 1.0, "fraction of steps that must increase the loss, or the step size is halved")


@dataclass(frozen=True)
class APGD(AutoPGD, title="APGD"):
    """Auto-PGD: gradient steps with momentum that start at 2 ε and halve themselves. Croce & Hein 2020, Algorithm 1."""

    objective: Objective = param(CrossEntropy(), meaning="loss that is maximised")


@dataclass(frozen=True)
class APGDTargeted(AutoPGD, title="APGD-T"):
    """APGD-T: Auto-PGD toward each of the likeliest wrong classes, by the targeted DLR loss. Croce & Hein 2020."""

    targets: int = param(9, 1, 1000, "most likely wrong classes, each targeted in turn", usual=(1, 20))


@dataclass(frozen=True)
class AutoAttack(AttackSpec, title="AutoAttack"):
    """Several attacks one after another, each on the images that withstood those before. Croce & Hein 2020.

    The default is the standard version: APGD on the cross-entropy, APGD-T, FAB-T and Square.
    """

    attacks: tuple[AttackSpec, ...] = param(
        (APGD(), APGDTargeted(), FABTargeted(), Square(queries=5000, fraction=0.8)),
        meaning="attacks run one after the other",
    )

    @property
    def capabilities(self) -> Capabilities:
        return of_all([each.capabilities for each in self.attacks])

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.attacks:
            raise FieldError("AutoAttack", "attacks", "must name at least one attack, but is empty.")

    @classmethod
    def standard(cls) -> "AutoAttack":
        """The version whose numbers leader boards compare."""
        return cls()

    @classmethod
    def randomised(cls) -> "AutoAttack":
        """The version for models that predict at random: 20 passes averaged at each step, two losses."""
        return cls((APGD(passes=20), APGD(passes=20, objective=DLR())))
