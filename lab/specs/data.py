"""Data sets, by name or by path."""

from dataclasses import dataclass

from lab.specs.spec import Spec, param


@dataclass(frozen=True)
class DataSpec(Spec):
    """Images in [0, 1] with labels, split into training and test images."""


@dataclass(frozen=True)
class Digits(DataSpec, title="Digits"):
    """scikit-learn's 1,797 handwritten digits, enlarged to 28×28: embedded, so that nothing is downloaded."""


@dataclass(frozen=True)
class MNIST(DataSpec, title="MNIST"):
    """60,000 + 10,000 handwritten digits, 28×28, grey."""


@dataclass(frozen=True)
class FashionMNIST(DataSpec, title="Fashion-MNIST"):
    """60,000 + 10,000 pieces of clothing, 28×28, grey."""


@dataclass(frozen=True)
class CIFAR10(DataSpec, title="CIFAR-10"):
    """50,000 + 10,000 small photographs, 32×32, colour."""


@dataclass(frozen=True)
class NpzFile(DataSpec, title=".npz file"):
    """Custom arrays in one .npz file: ``x_test, y_test`` and, to train on them, ``x_train, y_train``."""

    path: str = param("", meaning="the .npz file")


@dataclass(frozen=True)
class LiveData(DataSpec, title="Images of this notebook"):
    """Test images that a notebook or program holds, by the name it registered them under.

    Made by ``lab.live_data``. They can be read only in the process that registered them.
    """

    name: str = param("", meaning="name they were registered under in this process")
    sha256: str = param("", meaning="hash over images and labels")


@dataclass(frozen=True)
class ImageFolder(DataSpec, title="Folder of images"):
    """Custom images: ``train/CLASS/*.png`` and ``test/CLASS/*.png``, scaled to one size.

    Without train/, they serve for everything but training. Labels count the class folders in order; without train/,
    class folders called by numbers with gaps, such as those of some of ImageNet's classes, are labels themselves.
    """

    path: str = param("", meaning="the folder that holds train/ and test/")
    size: int = param(32, 8, 512, "height and width every image is scaled to", unit="px")
    labels: str = param(
        "automatic",
        choices=("automatic", "in order", "numbers"),
        meaning="whether labels count the class folders, or are the numbers by which these are called",
    )
