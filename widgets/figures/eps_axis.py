"""The axis of ε that all figures over ε share, and what a point over it says."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from lab.specs import Ball
from lab.specs.threat import in_grey_levels, length

AT_EPS = "ε %{hovertext}: "
"""What the hover template of a trace begins with that :func:`with_eps` completes."""

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
    if not _counts_grey_levels(balls):
        return axis | {"nticks": most}
    step = 0.25
    while 255 * reach / step > most:
        step *= 2
    levels = np.arange(0, 255 * reach, step)
    return axis | {"tickvals": levels / 255, "ticktext": [f"{level:g}/255" if level else "0" for level in levels]}


def with_eps(traces: Iterable[Mapping[str, object]], balls: Sequence[Ball]) -> list[dict[str, object]]:
    """The traces, of which each that begins with :data:`AT_EPS` says the ε of its points as the axis does."""
    ball = balls[0] if balls and _counts_grey_levels(balls) else None
    return [dict(each) | _said(each, ball) for each in traces]


def _counts_grey_levels(balls: Sequence[Ball]) -> bool:
    return all(in_grey_levels(each.eps) for each in balls)


def _said(trace: Mapping[str, object], ball: Ball | None) -> dict[str, object]:
    if not str(trace.get("hovertemplate", "")).startswith(AT_EPS):
        return {}
    radii = np.asarray(trace["x"], float)
    return {"hovertext": [length(each, ball) if ball else f"{each:.3g}" for each in radii.tolist()]}
