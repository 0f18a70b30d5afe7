"""The weights that a network starts from: one rule for each kind of layer."""

import math
from functools import singledispatch

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from lab.errors import ModelError
from lab.specs.initial import GLOROT, HE, OWN, TRUNCATED

_KEPT = 0.87962566103423978  # standard deviation of N(0, 1) that is redrawn beyond 2

Side = int | tuple[int, int]


class HeConv2d(nn.Conv2d):
    """A convolution without bias whose weights start as N(0, 2/n). He et al. 2015, eq. 10.

    n counts the connections that leave a pixel, k²·outputs: eq. 14's choice, and that of the ResNets' public code.
    """

    def __init__(self, inputs: int, outputs: int, kernel_size: Side, stride: Side = 1, padding: Side = 0) -> None:
        super().__init__(inputs, outputs, kernel_size, stride, padding, bias=False)


def initialise(network: nn.Module, generator: torch.Generator, rule: str = OWN) -> None:
    """Draw all weights anew, each layer's by its own rule: see :func:`draw`; or convolutions and linear layers by one.

    Raises :class:`ModelError` for a layer without a rule: its parameters would stay uninitialised.
    """
    for name, module in network.named_modules():
        own = dict(module.named_parameters(recurse=False)) | dict(module.named_buffers(recurse=False))
        if own and draw.dispatch(type(module)) is draw.dispatch(object):
            raise ModelError(
                f"There is no rule to initialise {name} ({type(module).__name__}): choose an architecture of "
                "convolutions, linear layers and norms."
            )
        if own and rule != OWN and isinstance(module, nn.Conv2d | nn.Linear):
            RULES[rule](module, generator)
        elif own:
            draw(module, generator)


@singledispatch
def draw(layer: nn.Module, generator: torch.Generator) -> None:
    """Give the parameters and buffers of one layer, not of those inside it, their first values."""
    raise NotImplementedError(type(layer).__name__)


@draw.register(nn.Conv2d)
@draw.register(nn.Linear)
def as_pytorch(layer: nn.Conv2d | nn.Linear, generator: torch.Generator) -> None:
    """He et al. 2015 with a = √5 and uniform biases: PyTorch's default."""
    nn.init.kaiming_uniform_(layer.weight, a=math.sqrt(5), generator=generator)
    if layer.bias is not None:
        bound = 1 / math.sqrt(layer.weight[0].numel())
        nn.init.uniform_(layer.bias, -bound, bound, generator=generator)


@draw.register
def as_he(layer: HeConv2d, generator: torch.Generator) -> None:
    """N(0, 2/n)."""
    nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu", generator=generator)


@draw.register(_BatchNorm)
@draw.register(nn.LayerNorm)
@draw.register(nn.GroupNorm)
def as_identity(layer: _BatchNorm | nn.LayerNorm | nn.GroupNorm, generator: torch.Generator) -> None:
    """Scale 1 and shift 0; a batch norm's running mean 0 and variance 1."""
    layer.reset_parameters()


def as_glorot(layer: nn.Conv2d | nn.Linear, generator: torch.Generator) -> None:
    """U(±√(6 / (connections in + out))) and biases 0: Glorot and Bengio 2010, eq. 16, Keras' default."""
    nn.init.xavier_uniform_(layer.weight, generator=generator)
    fill_bias(layer, 0.0)


def as_he_normal(layer: nn.Conv2d | nn.Linear, generator: torch.Generator) -> None:
    """N(0, 2 / connections in), redrawn beyond two standard deviations, and biases 0: Keras' he_normal."""
    deviation = math.sqrt(2 / layer.weight[0].numel()) / _KEPT
    nn.init.trunc_normal_(layer.weight, 0.0, deviation, -2 * deviation, 2 * deviation, generator=generator)
    fill_bias(layer, 0.0)


def as_truncated_normal(layer: nn.Conv2d | nn.Linear, generator: torch.Generator) -> None:
    """N(0, 0.1²), redrawn beyond two standard deviations, and biases 0.1: Madry et al.'s MNIST code."""
    nn.init.trunc_normal_(layer.weight, 0.0, 0.1, -0.2, 0.2, generator=generator)
    fill_bias(layer, 0.1)


def fill_bias(layer: nn.Conv2d | nn.Linear, value: float) -> None:
    """Give all biases one value, where the layer has any."""
    if layer.bias is not None:
        nn.init.constant_(layer.bias, value)


RULES = {GLOROT: as_glorot, HE: as_he_normal, TRUNCATED: as_truncated_normal}
"""What one rule for all convolutions and linear layers can be."""
