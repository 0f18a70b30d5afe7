"""Data augmentation of training images, against overfitting."""

from dataclasses import dataclass

from lab.specs.spec import Spec, param


@dataclass(frozen=True)
class Augmentation(Spec):
    """A random change of every training image each time it is read. Its label stays."""


@dataclass(frozen=True)
class Unchanged(Augmentation, title="Unchanged"):
    """Images as they are: MNIST and the digits."""


@dataclass(frozen=True)
class PadCropFlip(Augmentation, title="Pad, crop and flip"):
    """Padded with black, cropped back to size at a random position, mirrored half of the time. He et al. 2016, §4.2."""

    pad: int = param(4, 0, 64, "black pixels added at each side", unit="pixels", label="Padding")
    flip: bool = param(True, meaning="mirror left and right half of the time")


@dataclass(frozen=True)
class RandomShift(Augmentation, title="Random shift"):
    """Shifted by up to so many pixels.

    For an architecture that crops to 24 pixels, a shift of 4 with mirroring is the random crop and flip of Na et al.
    2018, App. A.
    """

    most: int = param(
        2, 0, 64, "largest shift in each direction; the edge is repeated", unit="pixels", label="Largest shift"
    )
    flip: bool = param(False, meaning="mirror left and right half of the time")
