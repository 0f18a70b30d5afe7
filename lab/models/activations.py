"""Activations by their specs. Kurakin et al. 2017, App. D."""

from functools import singledispatch

import torch
from torch import Tensor, nn

from lab.errors import ModelError
from lab.specs.models import ELU, Activation, Relu, Relu6, ReluDecay, Tanh


@singledispatch
def nonlinearity(activation: Activation) -> nn.Module:
    """The layer that follows every convolution."""
    raise ModelError(f"There is no activation called {type(activation).__name__}.")


nonlinearity.register(Relu, lambda _: nn.ReLU())
nonlinearity.register(Relu6, lambda _: nn.ReLU6())
nonlinearity.register(ELU, lambda _: nn.ELU())
nonlinearity.register(Tanh, lambda _: nn.Tanh())


class Decay(nn.Module):
    """relu(x) / (1 + β relu(x)²), which falls again beyond 1/√β. Kurakin et al. 2017, App. D."""

    def __init__(self, beta: float) -> None:
        super().__init__()
        self.beta = beta

    def forward(self, x: Tensor) -> Tensor:
        """The activation of each value."""
        positive = torch.relu(x)
        return positive / (1 + self.beta * positive.square())


@nonlinearity.register
def decay(activation: ReluDecay) -> Decay:
    """ReluDecay with its β."""
    return Decay(activation.beta)
