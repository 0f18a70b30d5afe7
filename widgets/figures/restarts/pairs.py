"""Distances between the maxima of many random starts. Madry et al. 2017, §3.1, third observation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from lab.results import RestartsResult
from widgets.figures.drawing import figure
from widgets.figures.restarts.histogram import bin_edges, counts, line_trace, step_trace
from widgets.figures.restarts.parts import SLOTS, caption
from widgets.figures.slots import slots
from widgets.figures.tables import stacked
from widgets.theme import FAINT, INK

if TYPE_CHECKING:
    import pandas as pd  # a page that only draws does without its 25 MB

RANDOM = "random in ball"
RIGHT_ANGLE = 90.0


@dataclass(frozen=True, eq=False)
class Pairs:
    """How many of the pairs between a model's maxima, or between random points, fall into each bin."""

    model: str
    pairs: np.ndarray
    total: int

    @property
    def percent(self) -> np.ndarray:
        """(bins,) percent of the pairs: samples of different size stay comparable."""
        return self.pairs * (100 / max(self.total, 1))


@dataclass(frozen=True, eq=False)
class Spread:
    """What a figure of pairs draws: ``edges`` (bins + 1,), every model, and random points where they are compared."""

    edges: np.ndarray
    models: tuple[Pairs, ...]
    random: Pairs | None = None

    @property
    def remark(self) -> str:
        """How many pairs there are, in words."""
        most = max((each.total for each in self.models), default=0)
        return f"{most:,} pairs" if most else "one restart makes no pair"


def distances(result: RestartsResult | None, image: int) -> Spread:
    """Distances between the maxima of an image, and between random points, which are the same for all models."""
    models = [(each.model, _finite(each.distance[image])) for each in result.models] if result else []
    random = _finite(result.random_distance[image]) if result else np.zeros(0)
    edges = bin_edges([random, *[sample for _, sample in models]])
    return Spread(edges, tuple(_pairs(*each, edges) for each in models), _pairs(RANDOM, random, edges))


def angles(result: RestartsResult | None, image: int) -> Spread:
    """Angles in degrees between the changes that lead to two maxima of an image."""
    models = [(each.model, _finite(each.angle[image])) for each in result.models] if result else []
    edges = bin_edges([sample for _, sample in models])
    return Spread(edges, tuple(_pairs(*each, edges) for each in models))


def pair_distances(result: RestartsResult | None, image: int = 0) -> go.Figure:
    """Distances between pairs of maxima; grey: between pairs of random points of the ball, Madry's yardstick."""
    shown = distances(result, image)
    traces = [
        _rate_trace(shown.random, shown.edges, RANDOM, FAINT, "distance %{x:.2f}"),
        *_model_traces(shown, "distance %{x:.2f}"),
    ]
    axes = {
        "xaxis": _axis("Euclidean distance (pixel units, 0 to 1)", shown.edges[-1] * 1.03),
        "yaxis": {"title": {"text": "fraction of pairs (%)"}, "rangemode": "tozero"},
    }
    return figure(traces, caption(result, image, shown.remark), f"{image}", **axes)


def pair_angles(result: RestartsResult | None, image: int = 0) -> go.Figure:
    """Angles between the changes that lead to two maxima; the line at 90° is where unrelated directions lie."""
    shown = angles(result, image)
    traces = _model_traces(shown, "%{x:.1f}°")
    top = max((float(each.percent.max()) for each in shown.models if each.total), default=float("nan"))
    line = line_trace(RIGHT_ANGLE if top > 0 else float("nan"), top * 1.05, INK)
    traces.append(line | {"name": "90°", "showlegend": line["visible"]})
    axes = {
        "xaxis": _axis("angle between two perturbations (degrees)", max(shown.edges[-1], RIGHT_ANGLE) * 1.03),
        "yaxis": {"title": {"text": "fraction of pairs (%)"}, "rangemode": "tozero"},
    }
    return figure(traces, caption(result, image, shown.remark), f"{image}", **axes)


def pair_distances_frame(result: RestartsResult, image: int) -> pd.DataFrame:
    """One row per model (or random points) and bin: what :func:`pair_distances` draws."""
    return _frame(distances(result, image), "distance")


def pair_angles_frame(result: RestartsResult, image: int) -> pd.DataFrame:
    """One row per model and bin: what :func:`pair_angles` draws."""
    return _frame(angles(result, image), "angle")


def _pairs(name: str, sample: np.ndarray, edges: np.ndarray) -> Pairs:
    return Pairs(name, counts(sample, edges), len(sample))


def _finite(values: np.ndarray) -> np.ndarray:
    return values[np.isfinite(values)]


def _axis(title: str, end: float) -> dict[str, object]:
    """An axis from zero, where two maxima are the same, to a little beyond the data."""
    return {"title": {"text": title}, "rangemode": "tozero", "autorangeoptions": {"include": end}}


def _model_traces(shown: Spread, where: str) -> list[dict[str, object]]:
    return [_rate_trace(slot.shown, shown.edges, slot.name, slot.colour, where) for slot in slots(shown.models, SLOTS)]


def _rate_trace(shown: Pairs | None, edges: np.ndarray, name: str, colour: str, where: str) -> dict[str, object]:
    hover = f"{where}: %{{y:.1f}}% of the pairs<extra>{name}</extra>"
    heights = shown.percent if shown else np.zeros(0)
    return step_trace(edges, heights, colour) | {"name": name, "hovertemplate": hover}


def _frame(shown: Spread, unit: str) -> pd.DataFrame:
    import pandas as pd

    between = {f"{unit}_from": shown.edges[:-1], f"{unit}_to": shown.edges[1:]}
    rows = [
        pd.DataFrame({"points": each.model, **between, "pairs": each.pairs, "percent": each.percent})
        for each in ([shown.random] if shown.random else []) + list(shown.models)
    ]
    return stacked(rows)
