"""Data sets, by name or by path."""

from dataclasses import dataclass

from lab.specs.spec import Spec, param


@dataclass(frozen=True)
class DataSpec(Spec):
    """Images in [0, 1] with labels, split into training and test images."""


@dataclass(frozen=True)
class Digits(DataSpec):
    """scikit-learn's 1,797 handwritten digits, enlarged to 28×28: embedded, so that nothing is downloaded."""


@dataclass(frozen=True)
class MNIST(DataSpec):
    """60,000 + 10,000 handwritten digits, 28×28, grey."""


@dataclass(frozen=True)
class FashionMNIST(DataSpec):
    """60,000 + 10,000 pieces of clothing, 28×28, grey."""


@dataclass(frozen=True)
class CIFAR10(DataSpec):
    """50,000 + 10,000 small photographs, 32×32, colour."""


@dataclass(frozen=True)
class NpzFile(DataSpec):
    """A person's own arrays: ``x_train, y_train, x_test, y_test`` in one .npz file."""

    path: str = param("", meaning="the .npz file")


@dataclass(frozen=True)
class ImageFolder(DataSpec):
    """A person's own pictures: ``train/CLASS/*.png`` and ``test/CLASS/*.png``, resized to one size."""

    path: str = param("", meaning="the folder that holds train/ and test/")
    size: int = param(32, 8, 512, "height and width every picture is resized to", unit="px")
