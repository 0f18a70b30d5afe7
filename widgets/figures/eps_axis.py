"""The axis of ε that all figures over ε share."""

from collections.abc import Sequence

import numpy as np

from lab.specs import Ball
from lab.specs.threat import in_grey_levels

_MOST = 8  # numbers at an axis
_ROOM = 0.03  # of the largest ε, for the markers at both ends


def eps_axis(balls: Sequence[Ball], most: int = _MOST) -> dict[str, object]:
    """An axis from 0 to the largest of these radii, with ``most`` numbers: in grey levels where they are written so.

    Without radii, of a figure that has no data yet, only the title is known.
    """
    axis: dict[str, object] = {"title": {"text": "ε"}}
    if not balls:
        return axis
    largest = max(each.eps for each in balls) or 1.0
    reach = (1 + _ROOM) * largest
    axis |= {"range": [-_ROOM * largest, reach]}
    if not all(in_grey_levels(each.eps) for each in balls):
        return axis | {"nticks": most}
    step = 0.25
    while 255 * reach / step > most:
        step *= 2
    levels = np.arange(0, 255 * reach, step)
    return axis | {"tickvals": levels / 255, "ticktext": [f"{level:g}/255" if level else "0" for level in levels]}
