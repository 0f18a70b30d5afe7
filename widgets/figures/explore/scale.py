"""PGD over the scale of the logits: with the plain gradient of the cross-entropy, and with one that stays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from lab.results import ExploreResult, ScaleSweep
from lab.specs.explore import SCALES, STARTS
from widgets.figures.drawing import figure
from widgets.figures.explore.attack import SLOTS, WAITING
from widgets.figures.slots import Slot, slots
from widgets.figures.tables import stacked
from widgets.theme import INK

if TYPE_CHECKING:
    import pandas as pd  # a page that only draws does without its 25 MB

_LINES = {"ours": ("solid", "circle"), "plain": ("dash", "x-thin-open")}


def success_by_scale(result: ExploreResult | None) -> go.Figure:
    """Percent of the random starts that end in another class."""
    axis = {"title": {"text": "starts that fool the model (%)"}, "range": [-4, 104]}
    return _by_scale(result, "fooled", 100.0, axis, "%{y:.0f}% of the starts fool")


def loss_by_scale(result: ExploreResult | None) -> go.Figure:
    """Mean cross-entropy at the end, of the model without the factor, so that all scales compare."""
    axis = {"title": {"text": "loss without the factor (nats)"}, "rangemode": "tozero"}
    return _by_scale(result, "loss", 1.0, axis, "loss %{y:.3g} nats")


def scale_frame(result: ExploreResult) -> pd.DataFrame:
    """One row per model and scale: what both figures draw."""
    import pandas as pd

    columns = ("fooled_ours", "fooled_plain", "loss_ours", "loss_plain")
    rows = [
        pd.DataFrame({"model": each.model, "scale": SCALES, **{name: getattr(each, name) for name in columns}})
        for each in result.sweeps
    ]
    return stacked(rows)


def _by_scale(
    result: ExploreResult | None, quantity: str, unit: float, y_axis: Mapping[str, object], hover: str
) -> go.Figure:
    sweeps = result.sweeps if result else ()
    traces = []
    highest = 0.0
    for which in _LINES:
        for slot in slots(sweeps, SLOTS):
            values = unit * getattr(slot.shown, f"{quantity}_{which}") if slot.shown else np.zeros(0)
            highest = max([highest, *values.tolist()])
            traces.append(_line(slot, which, values, hover))
    traces.append(_chosen(result, highest if quantity == "loss" else 100.0))
    note = f"solid: our gradient, dashed: plain gradient · {STARTS} random starts" if sweeps else _missing(result)
    ticks = {"tickvals": list(SCALES), "ticktext": ["1", "10", "100", "1,000", "10⁴", "10⁵"]}
    x_axis = {"title": {"text": "factor of the logits"}, "type": "log", **ticks}
    return figure(traces, note, quantity, xaxis=x_axis, yaxis=y_axis)


def _missing(result: ExploreResult | None) -> str:
    return "PGD follows a gradient in L∞ and L2 only" if result and result.done == 1 else WAITING


def _line(slot: Slot[ScaleSweep], which: str, values: np.ndarray, hover: str) -> dict[str, object]:
    dash, symbol = _LINES[which]
    return {
        "type": "scatter",
        "cliponaxis": False,  # a loss of zero keeps its mark whole
        "mode": "lines+markers",
        "x": np.array(SCALES[: len(values)]),
        "y": values,
        "line": {"color": slot.colour, "width": 2.5, "dash": dash},
        "marker": {"symbol": symbol, "size": 8, "color": slot.colour, "line": {"width": 2, "color": slot.colour}},
        "name": slot.name,
        "legendgroup": slot.name,
        "showlegend": slot.shown is not None and which == "ours",
        "visible": slot.shown is not None,
        "hovertemplate": f"× %{{x:,}}: {hover}<extra>{slot.name}, {which} gradient</extra>",
    }


def _chosen(result: ExploreResult | None, top: float) -> dict[str, object]:
    """The scale that the slider is set to."""
    scale = result.spec.logit_scale if result else 1.0
    return {
        "type": "scatter",
        "mode": "lines",
        "x": [scale, scale],
        "y": [0, top],
        "line": {"color": INK, "width": 1, "dash": "dot"},
        "hoverinfo": "skip",
        "showlegend": False,
        "visible": bool(result and result.sweeps),
    }
