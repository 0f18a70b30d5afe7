"""``build``: an architecture's network with fresh weights."""

import math
from functools import singledispatch

import torch
from torch import Tensor, nn

from lab.errors import ModelError
from lab.specs.models import Architecture

Shape = tuple[int, int, int]


class Network(nn.Module):
    """A classifier in two parts: ``features``, whose output is the embedding, and the linear ``head``."""

    def __init__(self, features: nn.Module, head: nn.Linear) -> None:
        super().__init__()
        self.features = features
        self.head = head

    def forward(self, x: Tensor) -> Tensor:
        """Logits (N, classes) of images (N, C, H, W)."""
        return self.head(self.features(x))


def build(
    architecture: Architecture,
    shape: Shape = (1, 28, 28),
    classes: int = 10,
    generator: torch.Generator | None = None,
) -> nn.Module:
    """A network with fresh weights drawn from ``generator`` only (a CPU one; None: a new one, seed 0).

    ``shape`` is (channels, height, width). Raises :class:`ModelError` when the images are too small for it.
    """
    with torch.device("meta"):  # shapes without memory, and without a draw from the global generator
        try:
            network = make(architecture, shape, classes)
        except (RuntimeError, ValueError) as error:
            raise ModelError(
                f"{type(architecture).__name__} cannot be built for images of shape {shape}: take larger images or "
                "another network."
            ) from error
    network = network.to_empty(device="cpu")
    initialise(network, generator or torch.Generator().manual_seed(0))
    return network


@singledispatch
def make(architecture: Architecture, shape: Shape, classes: int) -> nn.Module:
    """The modules of a network; their weights mean nothing yet."""
    raise ModelError(f"There is no network called {type(architecture).__name__}.")


def hidden(inputs: int, units: int) -> tuple[nn.Module, ...]:
    """A hidden layer of relu units on everything that is left of the image."""
    if inputs < 1:
        raise ValueError("nothing is left of the image before the hidden layer")
    return nn.Flatten(), nn.Linear(inputs, units), nn.ReLU()


def with_head(features: nn.Sequential, shape: Shape, classes: int) -> Network:
    """The network of these features and a linear layer of the width that they come to."""
    width = features(torch.empty(1, *shape)).shape[1]
    return Network(features, nn.Linear(width, classes))


def initialise(network: nn.Module, generator: torch.Generator) -> None:
    """Draw all weights anew as PyTorch does by default: He et al. 2015 with a = √5, uniform biases.

    Raises :class:`ModelError` for a parameter of another kind of layer: it would stay uninitialised.
    """
    for name, module in network.named_modules():
        own = dict(module.named_parameters(recurse=False)) | dict(module.named_buffers(recurse=False))
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            nn.init.kaiming_uniform_(module.weight, a=math.sqrt(5), generator=generator)
            if module.bias is not None:
                bound = 1 / math.sqrt(module.weight[0].numel())
                nn.init.uniform_(module.bias, -bound, bound, generator=generator)
        elif own:
            raise ModelError(f"There is no rule to initialise {name} ({type(module).__name__}).")
