"""How the loss rises over the gradient steps. Madry et al. 2017, §3.1, Figure 2."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go

from lab.results import RestartsResult
from widgets.figures.drawing import LOWEST_ON_LOG, Slot, caption, clipped, figure, loss_axis, slots
from widgets.theme import fade

if TYPE_CHECKING:
    import pandas as pd  # a page that only draws does without its 25 MB

PATHS = 60
"""Restarts drawn one by one; more lines only cover each other."""


def loss_paths(result: RestartsResult | None, image: int = 0, log: bool = False) -> go.Figure:
    """The loss over the gradient steps, one thin line a restart, their mean in bold. Madry et al. 2017, Figure 2."""
    kept = slots(result)
    traces = [_paths(slot, image, log) for slot in kept]
    traces += [_mean_path(slot, image, log) for slot in kept]
    most = max((len(slot.model.loss) for slot in kept if slot.model), default=0)
    few = f"thin: the first {PATHS}, bold: mean of all" if most > PATHS else "bold: mean"
    losses = [slot.loss(image) for slot in kept]
    note = caption(result, image, few, clipped(losses, log))
    axes = {
        "xaxis": {"title": {"text": "gradient step"}, "rangemode": "tozero"},
        "yaxis": loss_axis("loss (nats)", log) | ({} if log else {"rangemode": "tozero"}),
    }
    return figure(traces, note, f"{image}/{log}", **axes)


def loss_paths_frame(result: RestartsResult, image: int) -> pd.DataFrame:
    """One row per model, drawn restart and step: what :func:`loss_paths` draws, without the mean."""
    import pandas as pd

    rows = []
    for model in result.models:
        loss = model.loss[:PATHS, :, image]
        restarts, points = loss.shape
        which = {"restart": np.repeat(np.arange(restarts), points), "step": np.tile(np.arange(points), restarts)}
        rows.append(pd.DataFrame({"model": model.model, **which, "loss": loss.ravel()}))
    return pd.concat(rows, ignore_index=True)


def _paths(slot: Slot, image: int, log: bool) -> dict[str, Any]:
    """All drawn restarts in one trace, a gap after each: far cheaper for the browser than a trace a restart."""
    loss = slot.loss(image)[:PATHS].astype(np.float32)
    if log:
        loss = np.maximum(loss, np.float32(LOWEST_ON_LOG))
    points = loss.shape[1]
    gaps = np.full((len(loss), 1), np.nan, np.float32)
    return {
        "type": "scatter",
        "mode": "lines",
        "x": np.tile(np.arange(points + 1, dtype=np.uint16), len(loss)),
        "y": np.hstack([loss, gaps]).ravel(),
        "line": {"color": fade(slot.colour, 0.25), "width": 1},
        "connectgaps": False,
        "hoverinfo": "skip",
        "name": slot.name,
        "legendgroup": slot.name,
        "showlegend": False,
        "visible": slot.model is not None,
    }


def _mean_path(slot: Slot, image: int, log: bool) -> dict[str, Any]:
    loss = slot.loss(image)
    mean = loss.mean(0) if len(loss) else np.zeros(0)
    return {
        "type": "scatter",
        "mode": "lines",
        "x": np.arange(len(mean), dtype=np.uint16),
        "y": np.maximum(mean, LOWEST_ON_LOG) if log else mean,
        "line": {"color": slot.colour, "width": 3},
        "hovertemplate": f"step %{{x}}: mean %{{y:.3g}} nats<extra>{slot.name}</extra>",
        "name": slot.name,
        "legendgroup": slot.name,
        "showlegend": slot.model is not None,
        "visible": slot.model is not None,
    }
