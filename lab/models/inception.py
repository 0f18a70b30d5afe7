"""Inception v3 at any number of filters and with other activations. Kurakin et al. 2017, §4.3 and App. D.

The blocks are torchvision's; the network is Szegedy et al. 2016's without the auxiliary classifier. Ours: the
stem for small images, and the initial weights, which are He et al. 2015's.
"""

from collections.abc import Callable, Iterator

from torch import nn

from lab.errors import ModelError
from lab.models.activations import nonlinearity
from lab.models.build import Network, Shape, make
from lab.models.dropout import Dropout
from lab.models.initial import HeConv2d, Side
from lab.models.inputs import Rescale
from lab.specs.models import Activation, Inception

SMALLEST = {"v3": 75, "small": 7}
"""Sides of the smallest images that the stems leave something of."""


class Filters:
    """Makes convolutions with ρ times the filters that Inception v3 has, each with batch norm and activation.

    All of v3's numbers of filters are multiples of 16, so ρ counts in sixteenths.
    """

    def __init__(self, scale: float, activation: Activation) -> None:
        self.sixteenths = round(16 * scale)
        self.activation = activation

    def count(self, v3: int) -> int:
        """Return how many filters replace so many of v3's."""
        return v3 // 16 * self.sixteenths

    def on_pixels(self, channels: int, outputs: int, **window: Side) -> nn.Module:
        """A convolution of an image's channels, which ρ does not change."""
        return self._make_convolution(channels, self.count(outputs), window)

    def __call__(self, inputs: int, outputs: int, **window: Side) -> nn.Module:
        """A convolution between v3's numbers of filters, scaled; ``window`` are Conv2d's size, stride, padding."""
        return self._make_convolution(self.count(inputs), self.count(outputs), window)

    def _make_convolution(self, inputs: int, outputs: int, window: dict[str, Side]) -> nn.Module:
        convolution = HeConv2d(inputs, outputs, **window)
        return nn.Sequential(convolution, nn.BatchNorm2d(outputs, eps=1e-3), nonlinearity(self.activation))


@make.register
def inception(architecture: Inception, shape: Shape, classes: int) -> Network:
    """Stem, three blocks at the first size, five at the second, three at the third, and an average over the image."""
    least = SMALLEST[architecture.stem]
    if min(shape[1:]) < least:
        raise ModelError(
            f"Inception's {architecture.stem} stem needs images of at least {least}×{least} pixels, not "
            f"{shape[1]}×{shape[2]}: take larger ones or the small stem."
        )
    filters = Filters(architecture.scale, architecture.activation)
    features = nn.Sequential(
        Rescale(),
        *_stem(shape[0], filters, small=architecture.stem == "small"),
        *_blocks(filters, architecture.more_blocks),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        Dropout(architecture.dropout),
    )
    return Network(features, nn.Linear(filters.count(2048), classes))


def _stem(channels: int, filters: Filters, small: bool) -> Iterator[nn.Module]:
    """v3's five convolutions shrink images of 299 pixels to 35; the small stem's keep their size."""
    stride, padding = (1, 1) if small else (2, 0)
    yield filters.on_pixels(channels, 32, kernel_size=3, stride=stride, padding=padding)
    yield filters(32, 32, kernel_size=3, padding=padding)
    yield filters(32, 64, kernel_size=3, padding=1)
    if not small:
        yield nn.MaxPool2d(3, stride=2)
    yield filters(64, 80, kernel_size=1)
    yield filters(80, 192, kernel_size=3, padding=padding)
    if not small:
        yield nn.MaxPool2d(3, stride=2)


def _blocks(filters: Callable[..., nn.Module], more: int) -> list[nn.Module]:
    """v3's eleven blocks; additional ones stand after the eighth and are like it."""
    # See lab.models.torchvision_classifiers for why here.
    from torchvision.models.inception import InceptionA, InceptionB, InceptionC, InceptionD, InceptionE

    return [
        InceptionA(192, pool_features=32, conv_block=filters),
        InceptionA(256, pool_features=64, conv_block=filters),
        InceptionA(288, pool_features=64, conv_block=filters),
        InceptionB(288, conv_block=filters),
        InceptionC(768, channels_7x7=128, conv_block=filters),
        InceptionC(768, channels_7x7=160, conv_block=filters),
        InceptionC(768, channels_7x7=160, conv_block=filters),
        InceptionC(768, channels_7x7=192, conv_block=filters),
        *(InceptionC(768, channels_7x7=192, conv_block=filters) for _ in range(more)),
        InceptionD(768, conv_block=filters),
        InceptionE(1280, conv_block=filters),
        InceptionE(2048, conv_block=filters),
    ]
