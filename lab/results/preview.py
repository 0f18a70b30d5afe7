"""Test images to look at."""

from dataclasses import dataclass

import numpy as np

from lab.results.result import Result
from lab.specs.analyses import Preview


@dataclass(frozen=True, eq=False)
class PreviewResult(Result):
    """The answer to :class:`lab.specs.Preview`: ``x`` (n, height, width, channels) in 0..255, ``y`` (n,) labels.

    ``available`` is how many test images the data set has; asked-for images beyond it are left out.
    """

    spec: Preview
    x: np.ndarray
    y: np.ndarray
    class_names: tuple[str, ...]
    available: int
