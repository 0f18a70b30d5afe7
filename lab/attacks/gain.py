"""What an attack gains on images that others left: it should be nothing, and what it is counts all the same."""

from collections.abc import Callable

import torch
from torch import Tensor

from lab.attacks.rounds import Rounds
from lab.results.evaluation import FAILED, NOT_NEEDED, PASSED, UNBROKEN, UNCLEAR, Check

FEW = 0.05
"""Fraction of the images that an attack left which a weaker one may break on a sound model."""


def gained(
    rounds: Rounds, kind: str, images: Tensor, run: Callable[[Tensor], None], detail: str, few: float | None = None
) -> Check:
    """Check an attack that should find nothing new. ``value``: robust accuracy after it, ``reference``: before.

    Where it breaks more than ``few`` of the images tried (:data:`FEW` of them), it goes on all that are left.
    """
    standing, before = rounds.standing, accuracy(rounds)
    if not len(images):
        return Check(kind, NOT_NEEDED, before, before, 0, detail)
    run(images)
    gain = int((standing.broken_by[images] != UNBROKEN).sum())
    state = state_of(gain, FEW * len(images) if few is None else few)
    rest = standing.left[~torch.isin(standing.left, images)]
    if state == FAILED and len(rest):
        run(rest)
    return Check(kind, state, accuracy(rounds), before, len(images), detail)


def state_of(gain: int, few: float) -> str:
    """Return the state of a check whose attack, which should find nothing new, broke so many images more."""
    return FAILED if gain > max(few, 2) else UNCLEAR if gain else PASSED


def accuracy(rounds: Rounds) -> float:
    """Return the robust accuracy so far."""
    return (rounds.standing.broken_by == UNBROKEN).float().mean().item()
