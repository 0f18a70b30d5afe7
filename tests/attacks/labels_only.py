"""What attacks that see labels alone are tried on."""

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from tests.attacks.conftest import Linear


class Labels(nn.Module):
    """One at the predicted class, and the points that were asked for."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model, self.seen = model, []

    def forward(self, pixels: Tensor) -> Tensor:
        self.seen.append(pixels.clone())
        return one_hot(self.model(pixels).argmax(1), 10).to(pixels.dtype)


def parted(x: Tensor, weight: Tensor, below: float) -> tuple[nn.Module, Tensor, Tensor]:
    """A linear model of two classes, the labels that it gives images (n, …), and how far their scores are from its
    boundary, which lies ``below`` their mean score: divided by the dual norm of ``weight``, the distance to it."""
    score = x.flatten(1) @ weight
    shift = score.mean() - below
    net = Linear(torch.stack([weight, -weight]) / 2, torch.stack([-shift, shift]) / 2)
    return net, (score < shift).long(), (score - shift).abs()
