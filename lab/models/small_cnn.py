"""The digits' network."""

from torch import nn

from lab.models.activations import nonlinearity
from lab.models.build import Network, Shape, make, with_head
from lab.specs.models import SmallCNN


@make.register
def small_cnn(architecture: SmallCNN, shape: Shape, classes: int) -> Network:
    """Three 3×3 convolutions, two of stride 2, and one linear layer: small enough to train in seconds on a CPU."""
    width = architecture.width
    features = nn.Sequential(
        nn.Conv2d(shape[0], width, 3, stride=2, padding=1),
        nonlinearity(architecture.activation),
        nn.Conv2d(width, 2 * width, 3, stride=2, padding=1),
        nonlinearity(architecture.activation),
        nn.Conv2d(2 * width, 2 * width, 3, padding=1),
        nonlinearity(architecture.activation),
        nn.Flatten(),
    )
    return with_head(features, shape, classes, architecture.embedding)
