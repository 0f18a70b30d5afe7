"""From the results of analyses to the cells of a table: percentages with their 95 % intervals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from lab.exhibits.exhibit import Cell
from lab.exhibits.networks import models
from lab.exhibits.scales import Scale
from lab.results.curves import CurvesResult
from lab.results.intervals import wilson
from lab.results.transfer import ACCURACY, ERROR, TransferResult
from lab.specs.attacks import FGSM, AttackSpec
from lab.specs.balls import Ball
from lab.specs.curves import RobustnessCurves
from lab.specs.transfer import TransferMatrix

SIXTEENTHS = (2, 4, 8, 16)
"""The ε of Kurakin et al.'s and Na et al.'s tables, in 1/255 there and in sixteenths of the scale's largest here."""


def percentage(hits: float, of: float) -> Cell:
    """So many of so many, in %; NaN of nothing."""
    low, high = wilson(np.array(hits), np.array(of))
    share = hits / of if of else float("nan")
    return 100 * share, 100 * float(low), 100 * float(high)


def mean(values: ArrayLike) -> Cell:
    """The mean of independent values that are numbers, with ± 1.96 standard errors."""
    known = np.asarray(values, float).ravel()
    known = known[np.isfinite(known)]
    if not len(known):
        return (float("nan"),) * 3
    half = 1.96 * known.std(ddof=1) / np.sqrt(len(known)) if len(known) > 1 else float("nan")
    return float(known.mean()), float(known.mean() - half), float(known.mean() + half)


def matrix(
    names: Sequence[str],
    attacks: Sequence[AttackSpec],
    scale: Scale,
    sixteenths: Sequence[float] = (),
    ball: Ball | None = None,
    images: int | None = None,
) -> TransferMatrix:
    """Every network's examples shown to every other one, at the largest ε and at so many sixteenths of it."""
    return TransferMatrix(
        data=scale.data,
        models=models(names, scale),
        attacks=tuple(attacks),
        ball=ball or scale.ball(),
        eps=tuple(scale.ball(each).eps for each in sixteenths if each != 16),
        images=images or scale.images,
    )


def shown(
    result: TransferResult,
    attack: AttackSpec,
    source: int,
    target: int,
    eps: float | None = None,
    measure: str = ERROR,
    k: int = 1,
) -> Cell:
    """A measure of the source's examples, by its position among the models, on the target."""
    found = result.at(attack, eps)
    if found is None:
        return (float("nan"),) * 3
    hits, of = result.counts(found, measure, k)
    return percentage(int(hits[source, target]), int(of[source, target]))


def clean(result: TransferResult, target: int, measure: str = ERROR, k: int = 1) -> Cell:
    """Error rate or accuracy of a model on the clean images."""
    wrong = result.clean[target] >= k
    return percentage(int((~wrong if measure == ACCURACY else wrong).sum()), len(wrong))


def accuracies(result: TransferResult, attack: AttackSpec, place: int, scale: Scale, k: int = 1) -> list[Cell]:
    """A row of Kurakin et al.'s tables: a model's accuracy on clean images, then under an attack at each ε."""
    levels = [shown(result, attack, place, place, scale.ball(each).eps, ACCURACY, k) for each in SIXTEENTHS]
    return [clean(result, place, ACCURACY, k), *levels]


def nearest(names: tuple[str, ...], scale: Scale, images: int = 40) -> RobustnessCurves:
    """The distances of the nearest adversarial examples that Carlini and Wagner's attack finds."""
    return RobustnessCurves(
        data=scale.data,
        models=models(names, scale),
        attacks=(FGSM(),),
        ball=scale.ball(),
        levels=1,
        images=images,
        searched=images,
    )


def beyond(found: CurvesResult, place: int, eps: float) -> Cell:
    """The share of the searched images whose nearest adversarial example is farther than ε."""
    distance = found.models[place].distance
    return percentage(int((distance > eps).sum()), len(distance))
