"""A user's model asked about fixed images: what decides it without being in its weights or its code is seen in them.

As a value that a class, a closure or another program holds, or a file that only the forward pass opens. What cannot be
seen: a change that comes after the second call, that these images do not show, or that another thread makes.
"""

import copy
import hashlib
import math
from collections.abc import Iterable
from dataclasses import dataclass
from types import ModuleType

import numpy as np
import torch
from torch import Tensor, nn

from lab.context import Cancelled
from lab.models.adapter import adapted, core_of, name_of
from lab.models.aside import users_code
from lab.models.memory import require_room
from lab.models.moments import asked_of_the_moment
from lab.models.repeatable import Draws

_IMAGES = 8
_VALUES = 2**24  # in all images together, of which there is one at least
_DIGITS = 4  # of the largest logit; what is beyond them is rounding, which differs from machine to machine


@dataclass(frozen=True)
class Probe:
    """``hash`` of a model's logits of fixed images, empty where there are none; ``changing`` why they do not last."""

    hash: str = ""
    changing: str = ""


def probe(model: nn.Module, shape: tuple[int, ...], modules: Iterable[ModuleType] = ()) -> Probe:
    """Ask a model twice about fixed images of that shape, with the same random draws.

    The logits of a random model that way are the same, but are others next time, so it has none that last. Those of a
    model that follows the clock or counts its calls differ. ``modules`` are the user's, which may hold generators. A
    copy of the model is asked, so that the model stays as it was. One that cannot be copied, or fails, has no logits:
    that is said where it is attacked.
    """
    try:
        with users_code(), torch.no_grad():
            core = copy.deepcopy(core_of(model))
            require_room(core, shape, torch.device("cpu"), name_of(model))
            x = _images(shape)
            asked, draws = adapted(core), Draws(core, modules)
            with draws.again(core) as after, asked_of_the_moment() as found:
                first = _logits(asked, x)
            with draws.again(core):
                second = _logits(asked, x)
    except (Cancelled, KeyboardInterrupt):
        raise
    except BaseException:  # a user's own code may raise anything
        return Probe()
    if found:
        return Probe(changing=f"its predictions may depend on the moment, as they read {min(found):.60}.")
    if first.shape != second.shape or not np.allclose(first, second, 0, 10.0 ** -_digits(first), equal_nan=True):
        return Probe(changing="its predictions change from call to call, and not by random draws alone.")
    return Probe(hashlib.sha256(_rounded(first).tobytes()).hexdigest() if after == [draws] else "")


def _logits(model: nn.Module, x: Tensor) -> np.ndarray:
    logits: np.ndarray = model(x).double().cpu().numpy()
    return logits


def _images(shape: tuple[int, ...]) -> Tensor:
    """(n, *shape) images of noise, from dark to bright: 8, or fewer large ones."""
    n = max(1, min(_IMAGES, _VALUES // max(1, math.prod(shape))))
    noise = torch.rand(n, *shape, generator=torch.Generator().manual_seed(0))
    gamma = torch.logspace(2, -2, n, base=2.0).reshape(-1, *[1] * len(shape))
    return noise**gamma


def _rounded(logits: np.ndarray) -> np.ndarray:
    return np.round(logits, _digits(logits)) + 0.0  # which makes −0 the same as 0


def _digits(logits: np.ndarray) -> int:
    """Return how many digits after the point of these logits are not rounding."""
    largest = np.abs(logits[np.isfinite(logits)]).max(initial=0.0)
    return _DIGITS - 1 - int(np.floor(np.log10(largest))) if largest > 0 else 0
