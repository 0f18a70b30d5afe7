"""Carlini and Wagner's attacks: the nearest adversarial image, found by trading distance against the margin."""

from dataclasses import dataclass

from lab.errors import SpecError
from lab.specs.attacks import AttackSpec
from lab.specs.spec import param

MNIST_C = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0)
MNIST_TAU = tuple(round(0.02 * i, 2) for i in range(1, 31))


@dataclass(frozen=True)
class MinimumDistance(AttackSpec):
    """An attack that looks for the nearest adversarial image; inside a ball it shows that image's projection."""

    kappa: float = param(0.0, 0.0, 1e6, "margin by which the image must be misread", usual=(0.0, 50.0))


@dataclass(frozen=True)
class CarliniWagnerLinf(MinimumDistance):
    """Least c · margin + Σ(|delta| - tau)₊ over many c and tau: the nearest image in L∞. Na et al. 2018, App. F.

    The defaults of c and tau are the paper's for MNIST; it takes 2000 steps for every pair. Unless ``exhaustive``, tau
    is found by bisection, which tries every c with about five values of tau.
    """

    c: tuple[float, ...] = param(MNIST_C, 1e-6, 1e6, "weights of the margin against the distance", log=True)
    tau: tuple[float, ...] = param(MNIST_TAU, 0.0, 1.0, "sizes of a pixel's change that cost nothing")
    steps: int = param(
        200, 1, 100_000, "steps of Adam for each c and tau, fewer once settled", usual=(10, 2000), log=True
    )
    learning_rate: float = param(0.01, 1e-6, 10.0, "Adam's learning rate times c", usual=(0.001, 0.1), log=True)
    exhaustive: bool = param(False, meaning="try every c with every tau, as the paper does")

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("c", "tau"):
            if not getattr(self, name):
                raise SpecError(f"CarliniWagnerLinf.{name} must hold at least one number.")


@dataclass(frozen=True)
class CarliniWagnerL2(MinimumDistance):
    """Least |delta|² + c · margin in tanh space, c by binary search: the nearest image in L2. Carlini & Wagner 2017.

    They take up to 10,000 steps of 0.01. On the shipped networks 300 of 0.05 come as near in less than half the time
    of 1000 of 0.01, since black and white pixels get moving sooner; smaller steps may come nearer where the image is
    very near.
    """

    c: float = param(0.01, 1e-6, 1e6, "first weight of the margin", usual=(0.001, 10.0), log=True)
    searches: int = param(9, 1, 50, "values of c tried for each image", usual=(1, 20))
    steps: int = param(300, 1, 100_000, "steps of Adam for each c, fewer once settled", usual=(10, 10_000), log=True)
    learning_rate: float = param(0.05, 1e-6, 10.0, "Adam's learning rate", usual=(0.001, 0.5), log=True)
