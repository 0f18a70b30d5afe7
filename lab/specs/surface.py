"""The loss on a plane through an image: which plane, which part of it, how finely."""

from dataclasses import dataclass

from lab.errors import FieldError, SpecError
from lab.specs.analyses import Analysis
from lab.specs.attacks import FGSM, PGD, AttackSpec
from lab.specs.balls import Ball, Linf
from lab.specs.capabilities import NORM_BALLS
from lab.specs.data import DataSpec, Digits
from lab.specs.models import ModelSpec, Trained
from lab.specs.spec import Spec, param

DEEPEST = 1024
"""The strongest zoom. Powers of two, so that a zoomed picture keeps the points that it shares with the last."""


@dataclass(frozen=True)
class Direction(Spec):
    """A direction in image space; wherever it comes from, it gets the length 1 in the ball's norm."""


@dataclass(frozen=True)
class Along(Direction):
    """The first axis of the plane: g of Tramèr et al. 2018, Figure 1."""


@dataclass(frozen=True)
class SignedGradient(Along, title="Signed gradient"):
    """The sign of the loss's gradient at the image. Tramèr et al. 2018, Figures 1, 4 and 5."""


@dataclass(frozen=True)
class RawGradient(Along, title="Raw gradient"):
    """The loss's gradient at the image itself, not only its signs."""


@dataclass(frozen=True)
class TowardAttack(Along, title="Toward an attack"):
    """From the image to where an attack on the model ends."""

    attack: AttackSpec = param(PGD(steps=20), meaning="attack whose end, seen from the image, is the direction")


@dataclass(frozen=True)
class Across(Direction):
    """The second axis, g⊥: what it has in common with the first is taken away."""


@dataclass(frozen=True)
class SourceGradient(Across, title="Source's signed gradient"):
    """The signed gradient of another model, the source. Tramèr et al. 2018, §4 and Figures 4 and 5."""


@dataclass(frozen=True)
class RandomSigns(Across, title="Random signs"):
    """A random sign for every pixel, half of them against the first axis; the seed decides which."""


@dataclass(frozen=True)
class HadamardSigns(Across, title="Hadamard row"):
    """The gradient's signs times two rows of a regular Hadamard matrix. After Tramèr et al. 2018, App. E."""

    order: int = param(16, 4, 100, "order of the matrix: 4, 16, 36, 64 or 100")
    row: int = param(1, 1, 99, "row of the matrix that the gradient's signs are multiplied by")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.order not in (4, 16, 36, 64, 100) or self.row >= self.order:
            raise SpecError(
                f"HadamardSigns takes the orders 4, 16, 36, 64 and 100 and a row below the order, "
                f"but not order {self.order} with row {self.row}."
            )


@dataclass(frozen=True)
class TowardSecondAttack(Across, title="Toward a second attack"):
    """From the image to where a second attack on the model ends."""

    attack: AttackSpec = param(FGSM(), meaning="the second attack")


@dataclass(frozen=True)
class LossSurface(Analysis, title="Loss surface"):
    """The loss at x + ε₁ · g + ε₂ · g⊥, on a square of ε₁ and ε₂. Tramèr et al. 2018, Figures 1, 4 and 5.

    At zoom 1 the square reaches from -ε to ε; its centre is given in fractions of ε. The figures' captions mention
    no clipping to [0, 1], so ``clip`` is off by default; without it, much of the plane shows pixels that no
    image has.
    """

    data: DataSpec = param(Digits(), meaning="data set the image comes from")
    models: tuple[ModelSpec, ...] = param(
        (Trained("fgsm-trained"),), meaning="one or two models, each in its own plane"
    )
    image: int = param(3, 0, 10_000_000, "index of the test image")
    ball: Ball = param(Linf(0.3), meaning="threat model", choices=NORM_BALLS, label="Norm")
    along: Along = param(SignedGradient(), meaning="direction of the first axis", label="First axis, g")
    across: Across = param(
        SourceGradient(), meaning="second axis, g⊥: orthogonal to the first", label="Second axis, g⊥"
    )
    source: ModelSpec = param(Trained("standard-b"), meaning="model whose signed gradient can be the second axis")
    zoom: int = param(1, 1, DEEPEST, "magnification, a power of two: 1 shows the whole ball", log=True)
    centre_along: float = param(0.0, -1.0, 1.0, "centre of the window on the first axis, as a fraction of ε")
    centre_across: float = param(0.0, -1.0, 1.0, "centre of the window on the second axis, as a fraction of ε")
    points: int = param(101, 11, 101, "points on a side: 11, 21, … 101", step=10)
    clip: bool = param(False, meaning="clip every point to pixels between 0 and 1, which the papers' figures do not")
    pgd: PGD = param(PGD(steps=20), meaning="PGD attack whose path is drawn", label="PGD")
    seed: int = param(0, 0, 2**31 - 1, "seed of the random signs and starts")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 1 <= len(self.models) <= 2 or len(set(self.models)) != len(self.models):
            raise FieldError(
                "LossSurface", "models", f"must be 1 or 2 different ones, but there are {len(self.models)}."
            )
        if self.ball.eps <= 0:
            raise FieldError("LossSurface", "ball", "must have ε above 0, because the plane is as wide as the ball.")
        if self.zoom & (self.zoom - 1):
            raise FieldError("LossSurface", "zoom", f"must be a power of two, but is {self.zoom}.")
