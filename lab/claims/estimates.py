"""Estimates with 95% intervals, over test images and over seeds.

Two models are compared image by image, on the same images under the same attack. Where trainings are compared, every
one is repeated with several seeds, and the interval is the wider of two: Student's t over the seeds' differences, which
knows how trainings vary, and the normal one over the images, which knows how few there are.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from lab.results.intervals import wilson

_STUDENT = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365)
"""97.5% points of Student's t with 1, 2, … degrees of freedom."""

_NORMAL = 1.959963984540054


@dataclass(frozen=True)
class IntervalEstimate:
    """A value with its 95% interval, from so many seeds (1: shipped models) and images."""

    value: float
    low: float
    high: float
    seeds: int = 1
    images: int = 0


def of_images(values: np.ndarray) -> IntervalEstimate:
    """The mean of (S, n) values of n images under S seeds, or of (n,) values of shipped models."""
    values = np.atleast_2d(np.asarray(values, float))
    each = values.mean(0)
    half = _NORMAL * _spread(each)
    if len(values) > 1:
        half = max(half, _student(len(values)) * _spread(values.mean(1)))
    middle = float(each.mean())
    return IntervalEstimate(middle, middle - half, middle + half, *values.shape)


def of_seeds(values: np.ndarray) -> IntervalEstimate:
    """The mean of one number from each of S seeds, such as a ratio of accuracies."""
    values = np.asarray(values, float)
    half = _student(len(values)) * _spread(values) if len(values) > 1 else math.inf
    middle = float(values.mean())
    return IntervalEstimate(middle, middle - half, middle + half, len(values))


def of_fraction(hits: np.ndarray) -> IntervalEstimate:
    """The fraction of images (n,), or (S, n) of all seeds' together, that are hits, with Wilson's interval.

    Its end is exactly 0 where nothing is a hit, and 1 where all are, whatever rounding makes of it.
    """
    hits = np.asarray(hits, bool)
    low, high = map(float, wilson(np.array(hits.sum()), np.array(hits.size)))
    low, high = low if hits.any() else 0.0, 1.0 if hits.all() else high
    seeds = 1 if hits.ndim == 1 else len(hits)
    return IntervalEstimate(float(hits.mean()), low, high, seeds, hits.shape[-1])


def _spread(values: np.ndarray) -> float:
    """The standard error of a mean."""
    return float(values.std(ddof=1) / math.sqrt(len(values))) if len(values) > 1 else 0.0


def _student(count: int) -> float:
    return _STUDENT[min(count - 2, len(_STUDENT) - 1)]
