"""Optimisers, and the schedules of their learning rate."""

from dataclasses import dataclass
from typing import ClassVar

from lab.errors import FieldError
from lab.specs.spec import Spec, param


@dataclass(frozen=True)
class Optimiser(Spec):
    """A rule that moves the weights against their gradient; above ``high_rate`` it may let training diverge."""

    high_rate: ClassVar[float]

    learning_rate: float = param(1e-3, 1e-7, 10.0, "factor of each step of the weights", usual=(1e-5, 1.0), log=True)


@dataclass(frozen=True)
class Adam(Optimiser, title="Adam"):
    """Adam with its usual decay rates 0.9 and 0.999. Tramèr et al. 2018 and Madry et al. 2017 on MNIST."""

    high_rate: ClassVar[float] = 0.01  # ten times the usual one


@dataclass(frozen=True)
class SGD(Optimiser, title="SGD"):
    """Gradient descent with momentum. Na et al. 2018, App. A; Madry et al. 2017 on CIFAR-10."""

    high_rate: ClassVar[float] = 0.1  # the papers' first one

    learning_rate: float = param(0.1, 1e-7, 10.0, "factor of each step of the weights", usual=(1e-4, 1.0), log=True)
    momentum: float = param(0.9, 0.0, 0.999, "momentum: fraction of the previous step that is kept")


@dataclass(frozen=True)
class RMSProp(Optimiser, title="RMSProp"):
    """Steps divided by the gradient's running root mean square. Kurakin et al. 2017, §4, after Szegedy et al. 2015.

    PyTorch adds epsilon to the root; TensorFlow, which they used, to the mean square, which starts there at 1 instead
    of 0. With epsilon 1 that is √(ms + 1) against √ms + 1.
    """

    high_rate: ClassVar[float] = 0.045  # the papers' first one

    learning_rate: float = param(0.045, 1e-7, 10.0, "factor of each step of the weights", usual=(1e-5, 1.0), log=True)
    decay: float = param(0.9, 0.0, 0.9999, "smoothing constant of the mean square", label="Smoothing constant")
    momentum: float = param(0.9, 0.0, 0.999, "momentum: fraction of the previous step that is kept")
    epsilon: float = param(
        1.0, 1e-10, 10.0, "added to the denominator, for numerical stability", usual=(1e-8, 1.0), log=True
    )


@dataclass(frozen=True)
class Schedule(Spec):
    """Learning-rate schedule: factors of the optimiser's learning rate during training."""


@dataclass(frozen=True)
class Constant(Schedule, title="Constant"):
    """The learning rate stays."""


@dataclass(frozen=True)
class Piecewise(Schedule, title="Step decay"):
    """The learning rate is multiplied by one factor after another, as in Na et al.'s and Madry et al.'s code."""

    at: tuple[float, ...] = param(
        (0.5, 0.75), 0.0, 1.0, "fractions of all steps after which the next factor applies", label="Drops at"
    )
    factors: tuple[float, ...] = param(
        (0.1, 0.01), 0.0, 100.0, "factors of the initial learning rate, one for each", label="Drops to"
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.at) != len(self.factors) or list(self.at) != sorted(self.at):
            raise FieldError("Piecewise", "at", "must rise and have as many values as there are factors.")


@dataclass(frozen=True)
class Exponential(Schedule, title="Exponential decay"):
    """The learning rate falls by the same factor each epoch. Szegedy et al. 2015: 0.94 every two epochs."""

    factor: float = param(0.97, 0.1, 1.0, "factor of the learning rate each epoch")


@dataclass(frozen=True)
class OneCycle(Schedule, title="One-cycle"):
    """The learning rate rises linearly from 0 and falls back to 0. Wong et al. 2020, fast training."""

    peak: float = param(0.4, 0.01, 0.99, "fraction of all steps until the learning rate is highest")
