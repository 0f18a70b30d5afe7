"""A user's model's logits of fixed images: what decides them without being in its weights or its code is seen in them.

As a value that a class, a closure or another program holds, or a file that only the forward pass opens.
"""

import copy
import hashlib

import numpy as np
import torch
from torch import Tensor, nn

from lab.context import Cancelled
from lab.models.adapter import adapted, core_of
from lab.models.aside import users_code

_IMAGES = 8
_DIGITS = 4  # of the largest logit; what is beyond them is rounding, which differs from machine to machine


def logits_hash(model: nn.Module, shape: tuple[int, ...]) -> str:
    """A hash over a model's logits of fixed images of that shape; empty where there are none that last.

    A copy of the model is asked, so that one that counts its calls is as it was. There are none where it cannot be
    copied or fails, which is said where it is attacked, nor where two copies differ: its predictions are random.
    """
    x = _images(shape)
    try:
        with users_code(), torch.no_grad(), torch.random.fork_rng():  # which the second goes on drawing from
            first, second = (_hash_of(model, x) for _ in range(2))
    except (Cancelled, KeyboardInterrupt):
        raise
    except BaseException:  # a user's own code may raise anything
        return ""
    return first if first == second else ""


def _hash_of(model: nn.Module, x: Tensor) -> str:
    logits = adapted(copy.deepcopy(core_of(model)))(x)
    return hashlib.sha256(_rounded(logits.double().cpu().numpy()).tobytes()).hexdigest()


def _images(shape: tuple[int, ...]) -> Tensor:
    """(8, *shape) images of noise, from dark to bright."""
    noise = torch.rand(_IMAGES, *shape, generator=torch.Generator().manual_seed(0))
    gamma = torch.logspace(2, -2, _IMAGES, base=2.0).reshape(-1, *[1] * len(shape))
    return noise**gamma


def _rounded(logits: np.ndarray) -> np.ndarray:
    largest = np.abs(logits[np.isfinite(logits)]).max(initial=0.0)
    digits = _DIGITS - 1 - int(np.floor(np.log10(largest))) if largest > 0 else 0
    return np.round(logits, digits) + 0.0  # which makes −0 the same as 0
