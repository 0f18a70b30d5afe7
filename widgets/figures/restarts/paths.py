"""Loss over the gradient steps. Madry et al. 2017, §3.1, Figure 2."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from lab.results import RestartsResult
from widgets.figures.drawing import figure
from widgets.figures.restarts.parts import LOWEST_ON_LOG, SLOTS, caption, clipped, loss_axis
from widgets.figures.slots import Slot, slots
from widgets.figures.tables import stacked
from widgets.theme import fade

if TYPE_CHECKING:
    import pandas as pd  # a page that only draws does without its 25 MB

PATHS = 60
"""Restarts drawn one by one; more lines only cover each other."""


@dataclass(frozen=True, eq=False)
class Paths:
    """The losses of one image and model over the steps, in nats: ``loss`` (R, T + 1) of every restart."""

    model: str
    loss: np.ndarray

    @property
    def drawn(self) -> np.ndarray:
        """The restarts that are drawn one by one."""
        return self.loss[:PATHS]


def paths(result: RestartsResult | None, image: int) -> tuple[Paths, ...]:
    """What is drawn of each model, and what the table of numbers holds."""
    return tuple(Paths(each.model, each.loss[:, :, image]) for each in result.models) if result else ()


def loss_paths(result: RestartsResult | None, image: int = 0, log: bool = False) -> go.Figure:
    """The loss over the gradient steps, one thin line a restart, their mean in bold. Madry et al. 2017, Figure 2."""
    shown = paths(result, image)
    kept = slots(shown, SLOTS)
    traces = [_paths(slot, log) for slot in kept]
    traces += [_mean_path(slot, log) for slot in kept]
    most = max((len(each.loss) for each in shown), default=0)
    few = f"thin: the first {PATHS}, bold: mean of all" if most > PATHS else "bold: mean"
    note = caption(result, image, few, clipped([each.loss for each in shown], log))
    axes = {
        "xaxis": {"title": {"text": "gradient step"}, "rangemode": "tozero"},
        "yaxis": loss_axis("loss (nats)", log) | ({} if log else {"rangemode": "tozero"}),
    }
    return figure(traces, note, f"{image}/{log}", **axes)


def loss_paths_frame(result: RestartsResult, image: int) -> pd.DataFrame:
    """One row per model, drawn restart and step: what :func:`loss_paths` draws, without the mean."""
    import pandas as pd

    rows = []
    for each in paths(result, image):
        restarts, points = each.drawn.shape
        which = {"restart": np.repeat(np.arange(restarts), points), "step": np.tile(np.arange(points), restarts)}
        rows.append(pd.DataFrame({"model": each.model, **which, "loss": each.drawn.ravel()}))
    return stacked(rows)


def _paths(slot: Slot[Paths], log: bool) -> dict[str, object]:
    """All drawn restarts in one trace, a gap after each: far cheaper for the browser than a trace a restart."""
    loss = (slot.shown.drawn if slot.shown else np.zeros((0, 0))).astype(np.float32)
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
        "visible": len(loss) > 0,
    }


def _mean_path(slot: Slot[Paths], log: bool) -> dict[str, object]:
    loss = slot.shown.loss if slot.shown else np.zeros((0, 0))
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
        "showlegend": len(loss) > 0,
        "visible": len(loss) > 0,
    }
