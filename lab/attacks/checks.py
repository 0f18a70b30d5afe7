"""What an attack can work with: images in [0, 1], a label for each, a model that returns logits."""

import torch
from torch import Tensor, nn

from lab.errors import AttackError

_RANGE_TOLERANCE = 1e-5  # what normalising and de-normalising in float32 may add to a pixel


def check_images(x: Tensor, y: Tensor) -> None:
    """Refuse images outside [0, 1] and labels of another number or type, in one sentence."""
    if not x.is_floating_point() or x.dim() < 2:
        raise AttackError(
            f"Images must be floating-point tensors (n, …), but they are {x.dtype} of shape {tuple(x.shape)}."
        )
    if y.shape != x.shape[:1] or y.is_floating_point():
        raise AttackError(
            f"There must be one whole-number label for each of the {len(x)} images, "
            f"but the labels are {y.dtype} of shape {tuple(y.shape)}."
        )
    if not len(x):
        return
    low, high = x.min().item(), x.max().item()
    if not (low >= -_RANGE_TOLERANCE and high <= 1 + _RANGE_TOLERANCE):  # also refuses NaN
        raise AttackError(
            f"Images must lie in [0, 1], but they reach from {low:g} to {high:g}: "
            "put the normalisation inside the model (lab.models.Normalised)."
        )


def check_logits(model: nn.Module, x: Tensor, y: Tensor) -> None:
    """Refuse a model that does not return (n, classes) logits with room for every label."""
    with torch.no_grad():
        logits = model(x)
    if not isinstance(logits, Tensor) or logits.dim() != 2 or len(logits) != len(x):
        shape = tuple(logits.shape) if isinstance(logits, Tensor) else type(logits).__name__
        raise AttackError(
            f"The model must return logits of shape (n, classes), but for {len(x)} images it returns {shape}."
        )
    classes = logits.shape[1]
    if len(y) and not 0 <= int(y.min()) <= int(y.max()) < classes:
        raise AttackError(
            f"Labels must lie between 0 and {classes - 1}, the classes of the model, "
            f"but they reach from {int(y.min())} to {int(y.max())}."
        )


def check_pictures(x: Tensor, method: str) -> None:
    """Refuse images without height and width, for an attack that moves in the plane."""
    if x.dim() != 4:
        raise AttackError(f"{method} needs images (n, channels, height, width), but they have shape {tuple(x.shape)}.")
