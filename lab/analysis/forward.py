"""Forward passes in batches."""

from torch import Tensor, nn

from lab.attacks.batches import logits_of
from lab.attacks.gradient import frozen


def predict_logits(model: nn.Module, x: Tensor) -> Tensor:
    """(n, classes) logits of images (n, …), in float32 or wider, on the CPU; without autograd, from a frozen model."""
    with frozen(model):
        return logits_of(model, x).cpu()
