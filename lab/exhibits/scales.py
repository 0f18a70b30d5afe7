"""Scales at which the papers' exhibits are measured: on which images, how many of them, with which largest ε."""

from dataclasses import dataclass

from lab.specs.balls import Linf
from lab.specs.data import CIFAR10, MNIST, DataSpec, Digits


@dataclass(frozen=True)
class Scale:
    """A scale: ``images`` of the test images of ``data``, and ``eps``, the largest ε, as a fraction of the pixel range.

    ``about`` says what a person needs for it.
    """

    name: str
    data: DataSpec
    images: int
    eps: float
    about: str

    def ball(self, sixteenths: float = 16) -> Linf:
        """The L∞ ball of so many sixteenths of the largest ε: Kurakin's and Na's ε of 16 is the largest one here."""
        return Linf(self.eps * sixteenths / 16)


SCALES = {
    each.name: each
    for each in (
        Scale("digits", Digits(), 200, 0.3, "Shipped with the lab: seconds to minutes."),
        Scale("mnist", MNIST(), 2000, 0.3, "MNIST in LAB_DATA: minutes to hours of training for each model."),
        Scale("cifar", CIFAR10(), 1000, 16 / 255, "CIFAR-10 in LAB_DATA: 5 to 30 minutes of training for each model."),
    )
}
"""The scales by name. At the digits' and MNIST's the papers' ε of 16/255 becomes 0.3, with 8 as 0.15 and so on."""
