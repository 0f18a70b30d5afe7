"""Models whose adversarial examples are known, and small networks without training."""

import pytest
import torch
from torch import Tensor, nn

from lab.models import load
from lab.specs import Trained


class Linear(nn.Module):
    """logits = W x + b on flattened images: every adversarial optimum has a closed form."""

    def __init__(self, weight: Tensor, bias: Tensor) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(weight), nn.Parameter(bias)

    def forward(self, x: Tensor) -> Tensor:
        return x.flatten(1) @ self.weight.T + self.bias


def network(channels: int = 1, classes: int = 10, seed: int = 0, side: int = 12) -> nn.Module:
    """A small network with random weights in float64, so that oracles agree to rounding."""
    generator = torch.Generator().manual_seed(seed)
    net = nn.Sequential(nn.Conv2d(channels, 6, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.LazyLinear(classes))
    net(torch.zeros(1, channels, side, side))
    for parameter in net.parameters():
        parameter.data = torch.randn(parameter.shape, generator=generator).mul_(0.3)
    return net.double()


def images(n: int, channels: int = 1, side: int = 12, seed: int = 1) -> Tensor:
    return torch.rand(n, channels, side, side, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.fixture
def model() -> nn.Module:
    return network()


@pytest.fixture
def x() -> Tensor:
    return images(12)


@pytest.fixture
def y(model: nn.Module, x: Tensor) -> Tensor:
    """Labels that the model gets right, but for the last two images."""
    with torch.no_grad():
        labels = model(x).argmax(1)
    labels[-2:] = (labels[-2:] + 1) % 10
    return labels


@pytest.fixture(scope="module")
def undefended() -> nn.Module:
    """A model of digits, trained on images as they are."""
    return load(Trained("standard"))
