"""The MNIST networks A to D and B*. Tramèr et al. 2018, Appendix C.2, Table 5.

Table 5 leaves strides and padding open: they are those of the authors' published code, stride 1 without padding
unless a line says otherwise. That code's model C differs from Table 5 (no pooling, dropout instead); here it is
the table's. The softmax is left out: the networks return logits.
"""

from torch import nn

from lab.models.build import Network, Shape, hidden, make, with_head
from lab.models.dropout import Dropout
from lab.specs.models import TramerA, TramerB, TramerBStar, TramerC, TramerD


@make.register
def model_a(_: TramerA, shape: Shape, classes: int) -> Network:
    """Model A: two convolutions and a hidden layer."""
    features = nn.Sequential(
        nn.Conv2d(shape[0], 64, 5),
        nn.ReLU(),
        nn.Conv2d(64, 64, 5),
        nn.ReLU(),
        Dropout(0.25),
        *hidden(64 * (shape[1] - 8) * (shape[2] - 8), 128),
        Dropout(0.5),
    )
    return with_head(features, shape, classes)


@make.register
def model_b(_: TramerB, shape: Shape, classes: int) -> Network:
    """Model B: dropout on the input and three convolutions."""
    return with_head(nn.Sequential(Dropout(0.2), *_convolutions_of_b(shape)), shape, classes)


@make.register
def model_b_star(_: TramerBStar, shape: Shape, classes: int) -> Network:
    """Model B*: model B without the dropout on the input."""
    return with_head(nn.Sequential(*_convolutions_of_b(shape)), shape, classes)


@make.register
def model_c(_: TramerC, shape: Shape, classes: int) -> Network:
    """Model C: two tanh convolutions, each pooled, and a hidden layer."""
    height, width = (((side - 2) // 2 - 2) // 2 for side in shape[1:])
    features = nn.Sequential(
        nn.Conv2d(shape[0], 128, 3),
        nn.Tanh(),
        nn.MaxPool2d(2),
        nn.Conv2d(128, 64, 3),
        nn.Tanh(),
        nn.MaxPool2d(2),
        *hidden(64 * height * width, 128),
    )
    return with_head(features, shape, classes)


@make.register
def model_d(_: TramerD, shape: Shape, classes: int) -> Network:
    """Model D: four hidden layers, dropout after each (as in the authors' code)."""
    widths = (shape[0] * shape[1] * shape[2], 300, 300, 300, 300)
    layers = [layer for i, units in enumerate(widths[1:]) for layer in (*hidden(widths[i], units), Dropout(0.5))]
    return with_head(nn.Sequential(*layers), shape, classes)


def _convolutions_of_b(shape: Shape) -> tuple[nn.Module, ...]:
    return (
        nn.Conv2d(shape[0], 64, 8, stride=2, padding=3),  # padded so that an even side halves exactly
        nn.ReLU(),
        nn.Conv2d(64, 128, 6, stride=2),
        nn.ReLU(),
        nn.Conv2d(128, 128, 5),
        nn.ReLU(),
        Dropout(0.5),
        nn.Flatten(),
    )
