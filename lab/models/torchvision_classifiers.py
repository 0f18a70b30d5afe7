"""torchvision's image classifiers: their networks, for any data, with the normalisation inside.

torchvision is imported where it is needed: that takes longer than importing PyTorch, and few models are built of it.
"""

import difflib
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from lab.errors import ModelError
from lab.models.build import Shape, make
from lab.models.dropout import Dropout
from lab.models.initial import draw
from lab.specs.models import Torchvision

if TYPE_CHECKING:
    from torchvision.models import WeightsEnum

_WITHOUT_AUXILIARY: dict[str, object] = {"aux_logits": False, "init_weights": False, "transform_input": True}


class Standardise(nn.Module):
    """``(x - mean) / std`` for three channels, ImageNet's unless its weights say otherwise; grey becomes three.

    Unlike :class:`lab.models.Normalised` its numbers belong to the weights and are saved with them.
    """

    mean: Tensor
    std: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(1, 3, 1, 1))
        self.register_buffer("std", torch.ones(1, 3, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Images (N, 3, H, W) with about mean 0 and standard deviation 1."""
        return (x - self.mean) / self.std


@draw.register
def imagenet(layer: Standardise, generator: torch.Generator) -> None:
    """ImageNet's mean and standard deviation."""
    layer.mean.copy_(torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1))
    layer.std.copy_(torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1))


@make.register
def torchvision_classifier(architecture: Torchvision, shape: Shape, classes: int) -> nn.Sequential:
    """Standardised images into torchvision's network, without auxiliary classifiers.

    Its dropouts are the lab's own, so that training can be resumed; what else is random in training (stochastic
    depth) draws from PyTorch's global generator.
    """
    from torchvision import models

    check_name(architecture.name)
    classifier = models.get_model(architecture.name, num_classes=classes, **_options(architecture.name, shape))
    for module in list(classifier.modules()):
        for name, child in module.named_children():
            if type(child) is nn.Dropout:
                setattr(module, name, Dropout(child.p))
    network = nn.Sequential(Standardise(), classifier)
    network.eval()(torch.empty(1, *shape))  # refuses images that are too small for it
    return network.train()


def classifiers() -> list[str]:
    """The names of torchvision's image classifiers."""
    from torchvision import models

    found: list[str] = models.list_models(module=models)
    return found


def published(name: str) -> "WeightsEnum":
    """torchvision's default weights of a classifier: where they are, and which images they take. Nothing is fetched."""
    from torchvision import models

    return models.get_model_weights(name).DEFAULT


def check_name(name: str) -> None:
    """Raise :class:`ModelError`, naming the ones that come close, unless torchvision has such a classifier.

    RegNets are none of those that can be built here: they draw random numbers while they are made.
    """
    known = [each for each in classifiers() if not each.startswith("regnet")]
    if name not in known:
        close = difflib.get_close_matches(name, known, n=3)
        hint = f"there is {' or '.join(close)}" if close else "see torchvision.models"
        raise ModelError(f"'{name}' is not one of torchvision's classifiers that the lab can build: {hint}.")


def _options(name: str, shape: Shape) -> dict[str, object]:
    """Return the arguments of an architecture besides its classes."""
    return _WITHOUT_AUXILIARY if name in ("googlenet", "inception_v3") else sized(name, shape[1])


def sized(name: str, side: int) -> dict[str, object]:
    """Return the size argument of an architecture that takes a single size; nothing for those that take any."""
    if name.startswith("vit"):
        return {"image_size": side}
    return {"input_size": (side, side)} if name == "maxvit_t" else {}
