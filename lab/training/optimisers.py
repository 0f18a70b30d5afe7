"""The rules that move the weights, as PyTorch computes them."""

from collections.abc import Iterable
from functools import singledispatch

import torch
from torch import nn

from lab.errors import LabError
from lab.specs.optimisers import SGD, Adam, Optimiser, RMSProp


@singledispatch
def optimiser_of(spec: Optimiser, parameters: Iterable[nn.Parameter], weight_decay: float) -> torch.optim.Optimizer:
    """The optimiser of these parameters. ``weight_decay`` w adds w / 2 · ‖weights‖² to the loss."""
    raise LabError(f"There is no optimiser called {type(spec).__name__}.")


@optimiser_of.register
def adam(spec: Adam, parameters: Iterable[nn.Parameter], weight_decay: float) -> torch.optim.Optimizer:
    """Kingma and Ba 2015, Algorithm 1."""
    return torch.optim.Adam(parameters, spec.learning_rate, weight_decay=weight_decay)


@optimiser_of.register
def sgd(spec: SGD, parameters: Iterable[nn.Parameter], weight_decay: float) -> torch.optim.Optimizer:
    """v ← momentum · v + gradient, w ← w - rate · v."""
    return torch.optim.SGD(parameters, spec.learning_rate, momentum=spec.momentum, weight_decay=weight_decay)


@optimiser_of.register
def rmsprop(spec: RMSProp, parameters: Iterable[nn.Parameter], weight_decay: float) -> torch.optim.Optimizer:
    """v ← momentum · v + gradient / (√mean square + epsilon), w ← w - rate · v."""
    return torch.optim.RMSprop(
        parameters, spec.learning_rate, spec.decay, spec.epsilon, weight_decay, momentum=spec.momentum
    )


def set_rate(optimiser: torch.optim.Optimizer, rate: float) -> None:
    """Let the next step be taken at this learning rate."""
    for group in optimiser.param_groups:
        group["lr"] = rate
