"""Normalisation inside the model, so that everything outside sees pixels in [0, 1]."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from lab.errors import ModelError


class Normalised(nn.Module):
    """``model((x - mean) / std)``, with one mean and standard deviation for each channel of x in [0, 1].

    Raises :class:`ModelError` when the two differ in length or a standard deviation is not positive.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, model: nn.Module, mean: Sequence[float], std: Sequence[float]) -> None:
        super().__init__()
        if len(mean) != len(std) or not mean or min(std) <= 0:
            raise ModelError(
                f"Normalised needs one mean and one positive standard deviation per channel, not "
                f"{list(mean)} and {list(std)}."
            )
        self.model = model
        self.register_buffer("mean", torch.tensor(mean, dtype=torch.float32).view(1, -1, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std, dtype=torch.float32).view(1, -1, 1, 1), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Logits of images in [0, 1]."""
        return self.model((x - self.mean) / self.std)
