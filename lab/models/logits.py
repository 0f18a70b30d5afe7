"""The logits in what a model returned: unwrapped where that is unambiguous, else refused in a sentence."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from lab.errors import AttackError


def logits_in(output: object, images: int) -> Tensor:
    """(n, classes) logits in a model's output for ``images`` images.

    Taken as such: a tensor or NumPy array (n, classes, 1, …), of a single image also (classes,); a tuple, list or
    mapping with one of them, beside nothing or ``None``; a mapping or object with an entry ``logits``. Raises
    :class:`AttackError` for anything else, such as several tensors, and for whole or complex numbers.
    """
    logits = _unwrapped(output)
    if not isinstance(logits, Tensor):
        raise AttackError(
            f"The model must return logits of shape (n, classes), but for {images} images it returns "
            f"{_kind(output)}: return the logits alone."
        )
    if images == 1 and logits.dim() == 1:
        logits = logits.unsqueeze(0)
    while logits.dim() > 2 and logits.shape[-1] == 1:
        logits = logits.squeeze(-1)
    if logits.dim() != 2 or len(logits) != images:
        raise AttackError(
            f"The model must return logits of shape (n, classes), but for {images} images it returns "
            f"{tuple(logits.shape)}{': give it an output for each class' if logits.shape == (images,) else ''}."
        )
    if not logits.is_floating_point():
        raise AttackError(
            f"The model must return logits, one real number for each class, but it returns {logits.dtype}."
        )
    return logits


def _unwrapped(output: object) -> Tensor | None:
    if isinstance(output, Tensor):
        output = output if type(output) is Tensor else output.as_subclass(Tensor)
        return output if output.layout is torch.strided else output.to_dense()
    if isinstance(output, np.ndarray) and output.dtype.kind in "fiu":
        return torch.as_tensor(output)
    if isinstance(output, Mapping) and "logits" in output:
        return _unwrapped(output["logits"])
    if isinstance(named := getattr(output, "logits", None), Tensor):
        return named
    if isinstance(output, Mapping | tuple | list):
        entries = output.values() if isinstance(output, Mapping) else output
        given = [each for each in entries if each is not None]
        return _unwrapped(given[0]) if len(given) == 1 and isinstance(given[0], Tensor | np.ndarray) else None
    return None


def _kind(output: object) -> str:
    if isinstance(output, Mapping):
        return f"a mapping with the entries {', '.join(map(str, list(output)[:4]))}"
    if isinstance(output, tuple | list):
        return f"a {type(output).__name__} of {len(output)}"
    return type(output).__name__
