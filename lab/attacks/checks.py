"""Checks of an attack's input: images in [0, 1], a label for each, a threat model, a model that returns logits."""

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from lab.errors import AttackError
from lab.specs.attacks import AttackSpec
from lab.specs.balls import Ball

_WHOLE = {torch.bool, torch.int8, torch.int16, torch.int32, torch.uint8, torch.uint16, torch.uint32, torch.uint64}
_FIRST_OF_BYTES = 16.0  # no normalisation leads so far above 0 without leading below it
_RANGE_TOLERANCE = 1e-5  # what normalising and de-normalising in float32 may add to a pixel


def taken(x: ArrayLike, y: ArrayLike, device: torch.device | None = None) -> tuple[Tensor, Tensor]:
    """Checked images (n, …) and their labels (n,), whatever holds them: tensors, arrays or lists.

    The images come in float64 if they are that, else in float32, where no rounding leads out of a ball; the labels as
    int64; both on the device, or where the images are. Raises :class:`AttackError`, in one sentence, for images outside
    [0, 1] and labels of another number or type.
    """
    images, labels = tensor_of(x, "images"), tensor_of(y, "labels")
    if images.dtype == torch.uint8:
        raise AttackError("Images must be floating-point numbers in [0, 1], but they are uint8: divide them by 255.")
    if images.is_floating_point() and images.dtype != torch.float64:
        images = images.float()
    if labels.dtype in _WHOLE:
        labels = labels.long()
    check_images(images, labels)
    device = images.device if device is None else device
    return images.to(device), labels.to(device)


def tensor_of(values: object, what: str) -> Tensor:
    """The values as a tensor without a gradient. Raises :class:`AttackError` when they are not numbers."""
    try:
        if isinstance(values, list | tuple) and values and all(isinstance(each, Tensor) for each in values):
            values = torch.stack(list(values))
        if isinstance(values, np.ndarray):
            values = _native(values)
        found = values if isinstance(values, Tensor) else torch.as_tensor(values)
    except (TypeError, ValueError, RuntimeError) as error:
        raise AttackError(
            f"The {what} must be a tensor, an array or a list of numbers, not a value of type {type(values).__name__}."
        ) from error
    if found.is_meta:
        raise AttackError(f"The {what} are on the meta device and have no values: give them on the CPU or a GPU.")
    found = found.detach() if found.layout is torch.strided else found.detach().to_dense()
    return found.clone() if found.is_inference() else found


def _native(values: np.ndarray) -> np.ndarray:
    """The array as PyTorch takes one: it has no long doubles, foreign byte orders, nor steps backwards in memory."""
    kind = np.dtype(np.float64) if values.dtype.char == "g" else values.dtype.newbyteorder("=")
    fits = values.flags.writeable and min(values.strides, default=0) >= 0
    return values.astype(kind, copy=not fits)


def check_images(x: Tensor, y: Tensor) -> None:
    """Refuse images outside [0, 1] and labels of another number or type, in one sentence."""
    if not x.is_floating_point() or x.dim() < 2:
        raise AttackError(
            f"Images must be floating-point tensors (n, …), but they are {x.dtype} of shape {tuple(x.shape)}."
        )
    if y.shape != x.shape[:1] or y.dtype != torch.int64:
        raise AttackError(
            f"There must be one whole-number label for each of the {len(x)} images, "
            f"but the labels are {y.dtype} of shape {tuple(y.shape)}."
        )
    if not len(x):
        return
    if strange := int((~x.isfinite()).flatten(1).any(1).sum()):
        raise AttackError(
            f"Images must lie in [0, 1], but {strange} of {len(x)} hold NaN or infinity: replace or remove them."
        )
    low, high = x.min().item(), x.max().item()
    if low < -_RANGE_TOLERANCE or high > 1 + _RANGE_TOLERANCE:
        bytes_ = low >= 0 and _FIRST_OF_BYTES < high <= 255
        remedy = "divide them by 255" if bytes_ else "put the normalisation inside the model (lab.models.Normalised)"
        raise AttackError(f"Images must lie in [0, 1], but they reach from {low:g} to {high:g}: {remedy}.")


def check_attack(spec: object) -> None:
    """Refuse what is not an attack, such as its name or its class."""
    if not isinstance(spec, AttackSpec):
        kind = f"the class {spec.__name__}" if isinstance(spec, type) else f"a value of type {type(spec).__name__}"
        raise AttackError(f"The attack must be one such as PGD(steps=40), not {kind}.")


def check_ball(ball: object) -> None:
    """Refuse what is not a threat model, such as a radius without its norm."""
    if isinstance(ball, Ball):
        return
    if isinstance(ball, int | float):
        raise AttackError(f"The radius {ball:g} needs its norm: write Linf({ball:g}) or L2({ball:g}).")
    raise AttackError(f"The threat model must be a ball such as Linf(0.3), not a value of type {type(ball).__name__}.")


def check_classes(logits: Tensor, y: Tensor) -> None:
    """Refuse logits (n, classes) of fewer than two classes, and labels beyond them."""
    classes = logits.shape[1]
    if not classes:
        raise AttackError("The model has no outputs, but needs one for each class: give its last layer that width.")
    if classes == 1:
        sigmoid = "leave out its sigmoid and " if bool(((logits >= 0) & (logits <= 1)).all()) else ""
        raise AttackError(
            f"The model has 1 output, but two are needed, one for each class: {sigmoid}return "
            "torch.cat([-z, z], 1) / 2 for its logit z (n, 1)."
        )
    if len(y) and not 0 <= int(y.min()) <= int(y.max()) < classes:
        raise AttackError(
            f"Labels must lie between 0 and {classes - 1}, the classes of the model, "
            f"but they reach from {int(y.min())} to {int(y.max())}."
        )


def check_pictures(x: Tensor, method: str) -> None:
    """Refuse images without height and width, for an attack that moves in the plane."""
    if x.dim() != 4:
        raise AttackError(f"{method} needs images (n, channels, height, width), but they have shape {tuple(x.shape)}.")
