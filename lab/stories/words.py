"""Numbers as the sentences of stories say them."""

import numpy as np


def of(images: np.ndarray) -> str:
    """How many of the images: "38 of 100 images", "none of 100 images", "all 100 images"."""
    hits, count = int(images.sum()), len(images)
    if hits == count:
        return f"all {count} images"
    return f"{hits or 'none'} of {count} images"


def fooled(right: np.ndarray) -> np.ndarray:
    """(n,) whether an image is fooled at the largest ε: an image that is misclassified without an attack, too, is not.

    ``right`` (L + 1, n) as :class:`lab.results.curves.ModelCurves` has it of one attack.
    """
    found: np.ndarray = right[0] & ~right[-1]
    return found


def leading(values: list[float], within: float) -> int:
    """The position of the largest value, or the number of values where another one comes ``within`` reach of it."""
    best = int(np.argmax(values))
    alike = sum(value >= values[best] - within for value in values)
    return best if alike == 1 else len(values)
