"""The images that decide an evaluation: those it nearly did not break, and those it nearly broke."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lab.results.evaluation import UNBROKEN, ModelEvaluation


@dataclass(frozen=True, eq=False)
class Deciding:
    """Positions of images: ``broken`` by the last attacks, the latest first; ``nearly``, survivors by their margin."""

    broken: np.ndarray
    nearly: np.ndarray


def deciding(model: ModelEvaluation, most: int = 10) -> Deciding:
    """At most so many of each. Of the images that one attack broke those come first whose margin is nearest to 0."""
    broken, left = np.flatnonzero(model.broken_by >= 0), np.flatnonzero(model.broken_by == UNBROKEN)
    late = np.lexsort((-model.margin[broken], -model.broken_by[broken]))
    return Deciding(broken[late][:most], left[np.argsort(model.margin[left], kind="stable")][:most])
