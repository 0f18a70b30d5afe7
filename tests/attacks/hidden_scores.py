"""Defences that hide by their scores how near a decision is: the gradient is that of the scores."""

import hashlib

import numpy as np
import torch
from torch import Tensor, nn

from tests.attacks.wrapping import Before, Defence


def label_alone(logits: Tensor) -> Tensor:
    return torch.from_numpy(np.eye(logits.shape[1], dtype=np.float32)[logits.detach().numpy().argmax(1)])


def top_label(logits: Tensor) -> Tensor:
    return torch.zeros_like(logits).scatter(1, logits.argmax(1, keepdim=True), 1.0)


def confidence_in_tenths(logits: Tensor) -> Tensor:
    return torch.from_numpy(logits.softmax(1).detach().numpy().round(1))


def top(logits: Tensor) -> Tensor:
    """(n, classes) True for the largest logit of each image."""
    return torch.zeros_like(logits, dtype=torch.bool).scatter(1, logits.argmax(1, keepdim=True), True)


def constant_winner(logits: Tensor) -> Tensor:
    """The true gradient of the others, but a margin that stays where it is up to the decision boundary."""
    return torch.where(top(logits), 5.0, (1e-4 * logits).tanh())


def reversed_losers(logits: Tensor) -> Tensor:
    """The true gradient of scores that rise as the logits fall."""
    return torch.where(top(logits), 5.0, -(1e-2 * logits).tanh())


def losers_in_proportion(logits: Tensor) -> Tensor:
    return torch.where(top(logits), 1.0, 1e-3 * logits.masked_fill(top(logits), -1e9).softmax(1))


def ranks_and_slope(logits: Tensor) -> Tensor:
    return logits.argsort(1).argsort(1).float() + 1e-4 * logits.tanh()


def constant_losers(logits: Tensor) -> Tensor:
    return torch.where(top(logits), 5 + 1e-4 * logits.tanh(), 0.0)


def margin_divided_out(logits: Tensor) -> Tensor:
    """Scores relative to the margin, which is one everywhere."""
    return (logits - logits.amax(1, keepdim=True)) / _lead(logits).clamp(min=1e-12)


def moat(logits: Tensor) -> Tensor:
    """A margin that rises up to close before the decision boundary, with its true gradient, and falls to zero there."""
    return (logits - logits.amax(1, keepdim=True)) / (_lead(logits).square() + 0.09)


def _lead(logits: Tensor) -> Tensor:
    first, second = logits.topk(2, 1).values.split(1, 1)
    return first - second


class Multiplied(nn.Module):
    """Logits, or what is made of them, times a number between 1/20 and 20 that a hash of the image decides."""

    def __init__(self, network: nn.Module, gradient: bool, labels: bool = False) -> None:
        super().__init__()
        self.network, self.gradient, self.labels = network, gradient, labels

    def forward(self, x: Tensor) -> Tensor:
        """(n, classes) what the network says of (n, …) images, multiplied."""
        logits = self.network(x)
        scores = top_label(logits) if self.labels else logits
        digests = [hashlib.sha256(each.numpy().tobytes()).digest() for each in x.detach().cpu()]
        numbers = torch.tensor([int.from_bytes(each[:4], "little") / 2**31 - 1 for each in digests])
        multiplied = scores * (20**numbers).unsqueeze(1).to(scores)
        return multiplied if self.gradient else torch.from_numpy(multiplied.detach().numpy())


COARSE: dict[str, Defence] = {
    "label alone": lambda network: Before(network, label_alone),
    "top label": lambda network: Before(network, top_label),
    "confidence in tenths": lambda network: Before(network, confidence_in_tenths),
    "ranks": lambda network: Before(network, lambda logits: logits.argsort(1).argsort(1).float()),
    "ranks by sorting": lambda network: Before(network, lambda logits: logits.sort(1).indices.argsort(1).float()),
    "overflowing softmax": lambda network: Before(network, lambda logits: (logits * 100).softmax(1).log()),
}
"""Defences whose scores say hardly more than the label."""

JUMPING: dict[str, Defence] = {
    "constant winner": lambda network: Before(network, constant_winner),
    "reversed losers": lambda network: Before(network, reversed_losers),
    "losers in proportion": lambda network: Before(network, losers_in_proportion),
    "constant losers": lambda network: Before(network, constant_losers),
    "ranks and slope": lambda network: Before(network, ranks_and_slope),
    "margin divided out": lambda network: Before(network, margin_divided_out),
    "moat": lambda network: Before(network, moat),
}
"""Defences whose margin jumps at the decision boundary, or is the largest close to it, with the true gradient of what
they return."""

MULTIPLIED: dict[str, Defence] = {
    "multiplied by a hash": lambda network: Multiplied(network, gradient=True),
    "multiplied, no gradient": lambda network: Multiplied(network, gradient=False),
    "label multiplied": lambda network: Multiplied(network, gradient=False, labels=True),
}
"""Defences that keep the proportions of what they return, but not its size."""

STEEP: dict[str, Defence] = {
    "exponentials": lambda network: Before(network, lambda logits: 1e-10 * logits.exp()),
    "exponentials of twice": lambda network: Before(network, lambda logits: 1e-15 * (2 * logits).exp()),
    "powers": lambda network: Before(network, lambda logits: 1e-9 * logits.pow(9)),
}
"""Defences whose margin falls with the score of the own class long before another's rises."""
