"""``build``: an architecture's network with fresh weights."""

from functools import singledispatch

import torch
from torch import Tensor, nn

from lab.errors import ModelError
from lab.models.initial import initialise
from lab.specs.initial import OWN
from lab.specs.models import Architecture
from lab.specs.spec import title_of

Shape = tuple[int, int, int]


class Network(nn.Module):
    """A classifier in two parts: ``features``, whose output is the embedding, and the linear ``head``.

    It is ``harmless``: it leaves the images it is given as they are, and returns logits and nothing else.
    """

    harmless = True

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
    initial: str = OWN,
) -> nn.Module:
    """A network with fresh weights drawn from ``generator`` only (a CPU one; None: a new one, seed 0).

    ``initial`` names the rule, one of :data:`lab.specs.initial.INITIAL`. ``shape`` is (channels, height, width). Raises
    :class:`ModelError` when the images are too small for it.
    """
    network = blank(architecture, shape, classes).to_empty(device="cpu")
    initialise(network, generator or torch.Generator().manual_seed(0), initial)
    return network


def blank(architecture: Architecture, shape: Shape, classes: int) -> nn.Module:
    """The network on PyTorch's meta device: its layers and their shapes, without weights or memory for them."""
    with torch.device("meta"):  # no memory, and no draw from the global generator
        try:
            return make(architecture, shape, classes)
        except ModelError:
            raise
        except (RuntimeError, ValueError, AssertionError) as error:  # torchvision asserts
            raise ModelError(
                f"{title_of(architecture)} cannot be built for images of shape {shape}: use larger images or "
                "another architecture."
            ) from error


@singledispatch
def make(architecture: Architecture, shape: Shape, classes: int) -> nn.Module:
    """The modules of a network; their weights mean nothing yet."""
    raise ModelError(f"There is no architecture called {type(architecture).__name__}.")


def hidden(inputs: int, units: int) -> tuple[nn.Module, ...]:
    """A hidden layer of relu units on everything that is left of the image."""
    if inputs < 1:
        raise ValueError("nothing is left of the image before the hidden layer")
    return nn.Flatten(), nn.Linear(inputs, units), nn.ReLU()


def with_head(features: nn.Sequential, shape: Shape, classes: int, embedding: int = 0) -> Network:
    """The network of these features and a linear layer of the width that they come to.

    ``embedding`` puts a linear layer of that many units between the two: Na et al. 2018, §4.2, take 2.
    """
    training = features.training
    width = features.eval()(torch.empty(1, *shape)).shape[1]  # batch norm trains on no single image
    features.train(training)
    if embedding:
        features.append(nn.Linear(width, embedding))
    return Network(features, nn.Linear(embedding or width, classes))
