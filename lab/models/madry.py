"""Madry's MNIST network at any width. Madry et al. 2017, §4 (capacity) and §5."""

from torch import nn

from lab.models.build import Network, Shape, hidden, make, with_head
from lab.specs.models import MadryMNIST


@make.register
def madry_mnist(architecture: MadryMNIST, shape: Shape, classes: int) -> Network:
    """Two padded 5×5 convolutions of 32w and 64w filters, each max-pooled 2×2, and 1024w hidden units.

    w = 1 is §5's network. §4 starts at 2 and 4 filters, w = 1/16, and doubles; the 8 hidden units it names
    there do not double to §5's 1024, so the hidden layer is scaled from §5's: 64 units at w = 1/16.
    """
    first, second, units = (max(1, round(architecture.width * each)) for each in (32, 64, 1024))
    features = nn.Sequential(
        nn.Conv2d(shape[0], first, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(first, second, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        *hidden(second * (shape[1] // 4) * (shape[2] // 4), units),
    )
    return with_head(features, shape, classes)
