"""How far apart the maxima of many random starts lie. Madry et al. 2017, §3.1, third observation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go

from lab.results import RestartsResult
from widgets.figures.drawing import caption, figure, slots
from widgets.figures.restarts.histogram import bin_edges, counts, line_trace, step_trace
from widgets.theme import FAINT, INK

if TYPE_CHECKING:
    import pandas as pd  # a page that only draws does without its 25 MB

RANDOM = "random in ball"
RIGHT_ANGLE = 90.0


def pair_distances(result: RestartsResult | None, image: int = 0) -> go.Figure:
    """Distances between pairs of maxima; grey: between pairs of random points of the ball, Madry's yardstick."""
    samples, random = _distances(result, image)
    edges = bin_edges([random, *samples])
    traces = [_share_trace(random, edges, RANDOM, FAINT, "distance %{x:.2f}")]
    for slot, sample in zip(slots(result), samples, strict=True):
        traces.append(_share_trace(sample, edges, slot.name, slot.colour, "distance %{x:.2f}"))
    axes = {
        "xaxis": _axis("Euclidean distance (pixel units, black to white = 1)", edges[-1] * 1.03),
        "yaxis": {"title": {"text": "fraction of pairs (%)"}, "rangemode": "tozero"},
    }
    return figure(traces, caption(result, image, _compared(samples)), f"{image}", **axes)


def pair_angles(result: RestartsResult | None, image: int = 0) -> go.Figure:
    """Angles between the changes that lead to two maxima; the line at 90° is where unrelated directions lie."""
    samples = _angles(result, image)
    edges = bin_edges(samples)
    traces = [
        _share_trace(sample, edges, slot.name, slot.colour, "%{x:.1f}°")
        for slot, sample in zip(slots(result), samples, strict=True)
    ]
    top = max((float(each["y"].max()) for each in traces if len(each["y"])), default=float("nan"))
    line = line_trace(RIGHT_ANGLE if top > 0 else float("nan"), top * 1.05, INK)
    traces.append(line | {"name": "90°", "showlegend": line["visible"]})
    axes = {
        "xaxis": _axis("angle between two changes (degrees)", max(edges[-1], RIGHT_ANGLE) * 1.03),
        "yaxis": {"title": {"text": "fraction of pairs (%)"}, "rangemode": "tozero"},
    }
    return figure(traces, caption(result, image, _compared(samples)), f"{image}", **axes)


def pair_distances_frame(result: RestartsResult, image: int) -> pd.DataFrame:
    """One row per model (or random points) and bin: what :func:`pair_distances` draws."""
    samples, random = _distances(result, image)
    names = [RANDOM, *[each.model for each in result.models]]
    return _frame(names, [random, *samples], bin_edges([random, *samples]), "distance")


def pair_angles_frame(result: RestartsResult, image: int) -> pd.DataFrame:
    """One row per model and bin: what :func:`pair_angles` draws."""
    samples = _angles(result, image)
    return _frame([each.model for each in result.models], samples, bin_edges(samples), "angle")


def _distances(result: RestartsResult | None, image: int) -> tuple[list[np.ndarray], np.ndarray]:
    """For every slot the distances between its maxima; and those between random points, the same for all models."""
    models = [slot.model for slot in slots(result)]
    samples = [_finite(each.distance[image]) if each else np.zeros(0) for each in models]
    random = _finite(result.random_distance[image]) if result else np.zeros(0)
    return samples, random


def _angles(result: RestartsResult | None, image: int) -> list[np.ndarray]:
    return [_finite(slot.model.angle[image]) if slot.model else np.zeros(0) for slot in slots(result)]


def _axis(title: str, end: float) -> dict[str, Any]:
    """An axis from zero, where two maxima are the same, to a little beyond the data."""
    return {"title": {"text": title}, "rangemode": "tozero", "autorangeoptions": {"include": end}}


def _finite(values: np.ndarray) -> np.ndarray:
    return values[np.isfinite(values)]


def _shares(sample: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Percent of the pairs in each bin: samples of different size stay comparable."""
    return counts(sample, edges) * (100 / max(len(sample), 1))


def _share_trace(sample: np.ndarray, edges: np.ndarray, name: str, colour: str, where: str) -> dict[str, Any]:
    hover = f"{where}: %{{y:.1f}} % of the pairs<extra>{name}</extra>"
    return step_trace(edges, _shares(sample, edges), colour) | {"name": name, "hovertemplate": hover}


def _compared(samples: Sequence[np.ndarray]) -> str:
    pairs = max(len(each) for each in samples)
    return f"{pairs:,} pairs" if pairs else "one restart makes no pair"


def _frame(names: list[str], samples: Sequence[np.ndarray], edges: np.ndarray, unit: str) -> pd.DataFrame:
    import pandas as pd

    rows = [
        pd.DataFrame(
            {
                "points": name,
                f"{unit}_from": edges[:-1],
                f"{unit}_to": edges[1:],
                "pairs": counts(sample, edges),
                "percent": _shares(sample, edges),
            }
        )
        for name, sample in zip(names, samples, strict=False)
    ]
    return pd.concat(rows, ignore_index=True)
