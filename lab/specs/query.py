"""Attacks by queries: the adversary sees the model's output, but neither its weights nor its gradient."""

from dataclasses import dataclass
from typing import ClassVar

from lab.specs.attacks import AttackSpec, CrossEntropy, Objective
from lab.specs.balls import Ball, Linf
from lab.specs.capabilities import NORM_BALLS, Capabilities
from lab.specs.spec import Spec, param


@dataclass(frozen=True)
class Estimator(Spec):
    """Gradient estimator from the scores of neighbouring images; ``random`` states whether it draws directions."""

    random: ClassVar[bool]


@dataclass(frozen=True)
class FiniteDifferences(Estimator, title="Finite differences"):
    """One pixel after the other moved up and down: two queries per pixel and channel. Chen et al. 2017 (ZOO)."""

    random: ClassVar[bool] = False

    width: float = param(0.01, 1e-5, 1.0, "step h of the finite difference, per pixel", usual=(0.001, 0.1), log=True)


@dataclass(frozen=True)
class NES(Estimator, title="Evolution strategy (NES)"):
    """Antithetic normal directions: two queries per direction. Ilyas et al. 2018."""

    random: ClassVar[bool] = True

    directions: int = param(50, 1, 100_000, "random directions", usual=(10, 1000), log=True)
    width: float = param(
        0.01, 1e-5, 1.0, "standard deviation of the search noise, per pixel", usual=(0.001, 0.1), log=True
    )


@dataclass(frozen=True)
class SPSA(Estimator, title="Random signs (SPSA)"):
    """Directions that move every pixel up or down alike: two queries per direction. Uesato et al. 2018."""

    random: ClassVar[bool] = True

    directions: int = param(128, 1, 100_000, "random directions", usual=(10, 1000), log=True)
    width: float = param(0.01, 1e-5, 1.0, "size of the perturbation of every pixel", usual=(0.001, 0.1), log=True)


def by_queries(balls: tuple[type[Ball], ...], deterministic: bool, to_cross: int) -> Capabilities:
    """Capabilities of an attack that only queries the model: no gradient, one ε for all images, one start."""
    return Capabilities(
        balls=balls,
        gradient=False,
        deterministic=deterministic,
        eps_per_image=False,
        retried=False,
        to_cross=to_cross,
    )


@dataclass(frozen=True)
class QueryAttack(AttackSpec):
    """Interactive black-box adversary, who may only query the model. Tramèr et al. 2018, App. A, Definition 4."""

    @property
    def sees(self) -> str:
        """What it sees of an output: 'scores', or 'labels', the predicted class alone."""
        return "labels"


@dataclass(frozen=True)
class ScoreAttack(QueryAttack):
    """Attack by queries that follows the scores."""

    returns: str = param(
        "scores",
        meaning="output of a query; these attacks cannot work with labels alone",
        choices=("scores", "labels"),
        label="what the model returns",
    )

    @property
    def sees(self) -> str:
        return self.returns


@dataclass(frozen=True)
class QueryRFGSM(ScoreAttack, title="R+FGSM by queries"):
    """R+FGSM with an estimated gradient. Tramèr et al. 2018, §5."""

    alpha: float = param(0.5, 0.0, 1.0, "fraction of ε spent on the random step", label="Random step α")
    estimator: Estimator = param(FiniteDifferences(), meaning="how the gradient is estimated")
    objective: Objective = param(CrossEntropy(), meaning="loss that is maximised")

    @property
    def capabilities(self) -> Capabilities:
        return by_queries(balls=NORM_BALLS, deterministic=self.alpha == 0 and not self.estimator.random, to_cross=0)


@dataclass(frozen=True)
class QueryPGD(ScoreAttack, title="PGD by queries"):
    """Projected gradient steps with an estimated gradient. Tramèr et al. 2018, App. A; Uesato et al. 2018."""

    steps: int = param(40, 1, 10_000, "gradient steps", usual=(1, 100), brief=100)
    step_size: float = param(
        0.0,
        0.0,
        100.0,
        "length of a step, in the threat model's norm; 0: follows ε and the number of steps, as PGD's does",
        usual=(0.001, 0.5),
        log=True,
        zero="follows ε",
    )
    random_start: bool = param(True, meaning="start at a random point of the threat model instead of at the image")
    estimator: Estimator = param(NES(), meaning="how the gradient is estimated")
    objective: Objective = param(CrossEntropy(), meaning="loss that is maximised")

    @property
    def capabilities(self) -> Capabilities:
        return by_queries(
            balls=NORM_BALLS,
            deterministic=not self.random_start and not self.estimator.random,
            to_cross=2 if self.random_start else 1,
        )


@dataclass(frozen=True)
class Square(ScoreAttack, title="Square attack"):
    """Random squares, kept when they lower the margin. Andriushchenko et al. 2020, Algorithms 1 to 3."""

    queries: int = param(1000, 1, 1_000_000, "query budget per image", usual=(100, 10_000), log=True, brief=1000)
    fraction: float = param(
        0.3,
        1e-4,
        1.0,
        "fraction of the pixels that the first squares cover",
        usual=(0.01, 0.8),
        log=True,
        label="Fraction of the pixels",
    )

    @property
    def capabilities(self) -> Capabilities:
        return by_queries(balls=NORM_BALLS, deterministic=False, to_cross=0)


@dataclass(frozen=True)
class RayS(QueryAttack, title="RayS"):
    """Search for the sign vector along which the boundary is nearest, from labels alone. Chen & Gu 2020."""

    queries: int = param(1000, 1, 1_000_000, "query budget per image", usual=(100, 10_000), log=True, brief=1000)

    @property
    def capabilities(self) -> Capabilities:
        return by_queries(balls=(Linf,), deterministic=True, to_cross=0)


@dataclass(frozen=True)
class HopSkipJump(QueryAttack, title="HopSkipJump"):
    """Steps along the decision boundary's normal, estimated from labels alone, and back toward the image. Chen et al.
    2020 (HopSkipJump), Algorithm 2."""

    queries: int = param(5000, 1, 1_000_000, "query budget per image", usual=(100, 10_000), log=True, brief=1000)

    @property
    def capabilities(self) -> Capabilities:
        return by_queries(balls=NORM_BALLS, deterministic=False, to_cross=0)
