"""Carlini and Wagner's attacks: the nearest adversarial image, found by trading distance against the margin."""

from dataclasses import dataclass
from typing import Self

from lab.errors import FieldError
from lab.specs.attacks import AttackSpec
from lab.specs.capabilities import NORM_BALLS, Capabilities
from lab.specs.spec import param, preset

MNIST_C = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0)
MNIST_TAU = tuple(round(0.02 * i, 2) for i in range(1, 31))


@dataclass(frozen=True)
class MinimumDistance(AttackSpec):
    """An attack that looks for the nearest adversarial image; inside a ball it shows that image's projection."""

    kappa: float = param(0.0, 0.0, 1e6, "margin by which the image must be misclassified", usual=(0.0, 50.0), label="κ")


@dataclass(frozen=True)
class CarliniWagner(MinimumDistance):
    """Adam on the distance plus a weight times the margin, from the image itself, for several weights."""

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            balls=NORM_BALLS,
            gradient=True,
            deterministic=True,
            eps_per_image=False,
            retried=False,
            to_cross=0,
        )


@dataclass(frozen=True)
class CarliniWagnerLinf(CarliniWagner, title="Carlini–Wagner, L∞"):
    """Least c · margin + Σ(|delta| - tau)₊ over many c and tau: the nearest image in L∞. Na et al. 2018, App. F.

    The defaults of c and tau are the paper's for MNIST; it takes 2000 steps for every pair. Unless ``exhaustive``, tau
    is found by bisection, which tries every c with about five values of tau.
    """

    c: tuple[float, ...] = param(
        MNIST_C, 1e-6, 1e6, "c: weight of the margin against the distance", log=True, label="Weight c"
    )
    tau: tuple[float, ...] = param(
        MNIST_TAU, 0.0, 1.0, "τ: perturbations of a pixel up to this size are not penalised", label="τ"
    )
    steps: int = param(
        200, 1, 100_000, "steps of Adam for each c and τ, fewer on convergence", usual=(10, 2000), log=True, brief=100
    )
    learning_rate: float = param(0.01, 1e-6, 10.0, "Adam's learning rate times c", usual=(0.001, 0.1), log=True)
    exhaustive: bool = param(False, meaning="try every c with every τ, as the paper does")

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("c", "tau"):
            if not getattr(self, name):
                raise FieldError("CarliniWagnerLinf", name, "must hold at least one number.")

    @classmethod
    @preset
    def na_mnist(cls) -> Self:
        """Every c with every tau, 2000 steps for each pair. Na et al. 2018, App. F (MNIST)."""
        return cls(steps=2000, exhaustive=True)


@dataclass(frozen=True)
class CarliniWagnerL2(CarliniWagner, title="Carlini–Wagner, L2"):
    """Least |delta|² + c · margin in tanh space, c by binary search: the nearest image in L2. Carlini & Wagner 2017.

    They take up to 10,000 steps of 0.01. On the shipped models 300 of 0.05 come as near in less than half the time
    of 1000 of 0.01, since black and white pixels get moving sooner; smaller steps may come nearer where the image is
    very near.
    """

    c: float = param(0.01, 1e-6, 1e6, "first weight c of the margin", usual=(0.001, 10.0), log=True, label="Weight c")
    searches: int = param(9, 1, 50, "values of c tried for each image", usual=(1, 20), label="Values of c", brief=5)
    steps: int = param(
        300, 1, 100_000, "steps of Adam for each c, fewer on convergence", usual=(10, 10_000), log=True, brief=100
    )
    learning_rate: float = param(0.05, 1e-6, 10.0, "Adam's learning rate", usual=(0.001, 0.5), log=True)
