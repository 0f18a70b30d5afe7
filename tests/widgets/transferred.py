"""A plausible answer to :class:`lab.specs.TransferMatrix`, made without PyTorch."""

from itertools import combinations

import numpy as np

from lab.results import Example, Shown, TransferResult
from lab.specs import TransferMatrix
from lab.specs.models import name_of


def transferred(spec: TransferMatrix, sources: int | None = None) -> TransferResult:
    """Every source fools itself at all n images and the target j places away at n / (1 + j), whatever the attack.

    With ``sources`` the first matrix only is there, with that many of its rows.
    """
    count, n = len(spec.models), spec.images
    clean = np.zeros((count, n), np.int16)
    shown = []
    for eps in spec.radii:
        for attack in spec.attacks:
            shown.append(_shown(spec, attack, eps, sources if sources is not None else count))
    shown = shown[:1] if sources is not None else shown
    names = tuple(map(name_of, spec.models))
    done = 1.0 if sources is None else 0.1
    return TransferResult(spec, names, np.arange(n) % 10, tuple("0123456789"), clean, tuple(shown), done)


def _shown(spec, attack, eps: float, sources: int) -> Shown:
    count, n = len(spec.models), spec.images
    rank = np.zeros((sources, count, n), np.int16)
    for i in range(sources):
        for j in range(count):
            rank[i, j, : n // (1 + abs(i - j))] = 1
    picture = np.full((1, 28, 28), 60, np.uint8)
    prediction = np.arange(count) + 1  # the label of image 0 is 0
    examples = tuple((Example(0, picture, picture + 50, prediction),) for _ in range(sources))
    pairs = list(combinations(range(sources), 2))
    correlation = np.full((len(pairs), n), 0.3, np.float32)
    return Shown(attack, eps, rank, examples if eps == spec.ball.eps else ((),) * sources, correlation)
