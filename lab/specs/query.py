"""Attacks by queries: the adversary sees what the model answers, and neither its weights nor its gradient."""

from dataclasses import dataclass

from lab.specs.attacks import AttackSpec, CrossEntropy, Objective
from lab.specs.spec import Spec, param


@dataclass(frozen=True)
class Estimator(Spec):
    """How a gradient is estimated from the scores of neighbouring images."""


@dataclass(frozen=True)
class FiniteDifferences(Estimator):
    """One pixel after the other moved up and down: two queries per pixel and channel. Chen et al. 2017 (ZOO)."""

    width: float = param(0.01, 1e-5, 1.0, "how far a pixel is moved each way", usual=(0.001, 0.1), log=True)


@dataclass(frozen=True)
class NES(Estimator):
    """Antithetic normal directions: two queries per direction. Ilyas et al. 2018."""

    directions: int = param(50, 1, 100_000, "random directions", usual=(10, 1000), log=True)
    width: float = param(0.01, 1e-5, 1.0, "deviation of a pixel along a direction", usual=(0.001, 0.1), log=True)


@dataclass(frozen=True)
class SPSA(Estimator):
    """Directions that move every pixel up or down alike: two queries per direction. Uesato et al. 2018."""

    directions: int = param(128, 1, 100_000, "random directions", usual=(10, 1000), log=True)
    width: float = param(0.01, 1e-5, 1.0, "how far every pixel is moved", usual=(0.001, 0.1), log=True)


@dataclass(frozen=True)
class QueryAttack(AttackSpec):
    """An interactive black-box adversary, who may only ask the model. Tramèr et al. 2018, App. A, Definition 4."""

    returns: str = param(
        "scores",
        meaning="what a query returns; from labels alone these attacks cannot work",
        choices=("scores", "labels"),
    )


@dataclass(frozen=True)
class QueryRFGSM(QueryAttack):
    """R+FGSM with an estimated gradient. Tramèr et al. 2018, §5."""

    alpha: float = param(0.5, 0.0, 1.0, "the random step's share of eps")
    estimator: Estimator = param(FiniteDifferences(), meaning="how the gradient is estimated")
    objective: Objective = param(CrossEntropy(), meaning="the loss that is raised")


@dataclass(frozen=True)
class QueryPGD(QueryAttack):
    """Projected gradient steps with an estimated gradient. Tramèr et al. 2018, App. A; Uesato et al. 2018."""

    steps: int = param(40, 1, 10_000, "gradient steps", usual=(1, 100))
    step_size: float = param(0.02, 1e-5, 100.0, "length of a step, in the ball's norm", usual=(0.001, 0.5), log=True)
    random_start: bool = param(True, meaning="start from a random point of the ball instead of the image")
    estimator: Estimator = param(NES(), meaning="how the gradient is estimated")
    objective: Objective = param(CrossEntropy(), meaning="the loss that is raised")


@dataclass(frozen=True)
class Square(QueryAttack):
    """Random squares, kept when they lower the margin. Andriushchenko et al. 2020, Algorithms 1 to 3."""

    queries: int = param(1000, 1, 1_000_000, "most queries for an image", usual=(100, 10_000), log=True)
    fraction: float = param(0.3, 1e-4, 1.0, "share of the pixels in the first squares", usual=(0.01, 0.8), log=True)
