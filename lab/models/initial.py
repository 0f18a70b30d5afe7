"""The weights that a network starts from: one rule for each kind of layer."""

import math
from functools import singledispatch

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from lab.errors import ModelError

Side = int | tuple[int, int]


class HeConv2d(nn.Conv2d):
    """A convolution without bias whose weights start as N(0, 2/n). He et al. 2015, eq. 10.

    n counts the connections that leave a pixel, k²·outputs: eq. 14's choice, and that of the ResNets' public code.
    """

    def __init__(self, inputs: int, outputs: int, kernel_size: Side, stride: Side = 1, padding: Side = 0) -> None:
        super().__init__(inputs, outputs, kernel_size, stride, padding, bias=False)


def initialise(network: nn.Module, generator: torch.Generator) -> None:
    """Draw all weights anew, each layer's by its own rule: see :func:`draw`.

    Raises :class:`ModelError` for a layer without a rule: its parameters would stay uninitialised.
    """
    for name, module in network.named_modules():
        own = dict(module.named_parameters(recurse=False)) | dict(module.named_buffers(recurse=False))
        if own and draw.dispatch(type(module)) is draw.dispatch(object):
            raise ModelError(f"There is no rule to initialise {name} ({type(module).__name__}).")
        if own:
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
