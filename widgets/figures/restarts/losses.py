"""Where the losses of many random starts end. Madry et al. 2017, §3.1, Figure 1."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go

from lab.counts import counted
from lab.results import RestartsResult
from widgets.figures.drawing import LOWEST_ON_LOG, Slot, caption, clipped, figure, label, loss_axis, slots
from widgets.figures.restarts.histogram import bin_edges, counts, line_trace, step_trace
from widgets.theme import INK, SMALL

if TYPE_CHECKING:
    import pandas as pd  # a page that only draws does without its 25 MB

PANELS = 4


def final_losses(
    result: RestartsResult | None, image: int = 0, bins: int | None = None, log: bool = False
) -> go.Figure:
    """How the final losses of all restarts are distributed, model by model. Madry et al. 2017, Figure 1.

    ``image`` is a position in the result's images; ``log`` makes the axis of losses logarithmic. Dashed: the mean.
    """
    kept = slots(result)
    samples = [slot.final(image) for slot in kept]
    traces = _overlaid(kept, samples, bin_edges(samples, bins, log), log)
    note = caption(result, image, "mean dashed and in brackets", clipped(samples, log))
    axes = {
        "xaxis": loss_axis("final loss (nats)", log),
        "yaxis": {"title": {"text": "restarts per bin"}, "rangemode": "tozero"},
    }
    return figure(traces, note, f"{image}/{log}", **axes)


def final_losses_by_image(result: RestartsResult | None, bins: int | None = None, log: bool = False) -> go.Figure:
    """:func:`final_losses` of up to four images side by side, with common axes. Madry et al. 2017, Figure 1."""
    kept = slots(result)
    shown = min(len(result.spec.images), PANELS) if result else 1
    samples = [[slot.final(i) if i < shown else np.zeros(0) for slot in kept] for i in range(PANELS)]
    edges = bin_edges([each for panel in samples for each in panel], bins, log)
    traces: list[dict[str, Any]] = []
    for i, panel in enumerate(samples):
        # A panel that is not shown must not have axes either: their background would cover the others.
        axis = _suffix(i) if i < shown else ""
        for trace in _overlaid(kept, panel, edges, log, named=False):
            first = i == 0 and trace["showlegend"]
            traces.append(trace | {"xaxis": f"x{axis}", "yaxis": f"y{axis}", "showlegend": first})
    left_out = result is not None and len(result.spec.images) > PANELS
    some = f"first {PANELS} of {counted(len(result.spec.images), 'image')}" if result and left_out else ""
    losses = [each for panel in samples for each in panel]
    note = caption(result, None, "dashed: mean", some, clipped(losses, log))
    axes = _panel_axes(shown, loss_axis("", log))
    return figure(traces, note, f"{log}", annotations=_headings(result, shown), **axes)


def final_losses_frame(result: RestartsResult, image: int, bins: int | None = None, log: bool = False) -> pd.DataFrame:
    """One row per model and bin: what :func:`final_losses` draws."""
    import pandas as pd

    samples = [slot.final(image) for slot in slots(result)]
    edges = bin_edges(samples, bins, log)
    rows = [
        pd.DataFrame({"model": model.model, "loss_from": edges[:-1], "loss_to": edges[1:], "restarts": heights})
        for model, heights in zip(result.models, [counts(each, edges) for each in samples], strict=False)
    ]
    return pd.concat(rows, ignore_index=True)


def final_losses_by_image_frame(result: RestartsResult, bins: int | None = None, log: bool = False) -> pd.DataFrame:
    """One row per image, model and bin: what :func:`final_losses_by_image` draws."""
    import pandas as pd

    shown = range(min(len(result.spec.images), PANELS))
    samples = [[slot.final(i) for slot in slots(result)] for i in shown]
    edges = bin_edges([each for panel in samples for each in panel], bins, log)
    columns = {"loss_from": edges[:-1], "loss_to": edges[1:]}
    rows = [
        pd.DataFrame(
            {"image": result.spec.images[i], "model": model.model, **columns, "restarts": counts(sample, edges)}
        )
        for i in shown
        for model, sample in zip(result.models, samples[i], strict=False)
    ]
    return pd.concat(rows, ignore_index=True)


def _mean(sample: np.ndarray) -> float:
    return float(sample.mean()) if len(sample) else float("nan")


def _overlaid(
    kept: Sequence[Slot], samples: Sequence[np.ndarray], edges: np.ndarray, log: bool, named: bool = True
) -> list[dict[str, Any]]:
    """A histogram for every slot, then a mean line for every slot; ``named`` gives the mean in the legend."""
    heights = [counts(each, edges) for each in samples]
    top = float(max(each.max() for each in heights)) * 1.05
    bars, means = [], []
    for slot, sample, height in zip(kept, samples, heights, strict=True):
        mean = _mean(sample)
        own = {"name": f"{slot.name} ({mean:.3g})" if named else slot.name, "legendgroup": slot.name}
        hover = f"%{{y}} restarts near %{{x:.3g}} nats<extra>{slot.name}</extra>"
        bars.append(step_trace(edges, height, slot.colour, log) | {"hovertemplate": hover} | own)
        drawn_at = max(mean, LOWEST_ON_LOG) if log else mean
        means.append(line_trace(drawn_at, top, slot.colour) | own)
        bars[-1].setdefault("showlegend", False)
    return bars + means


def _suffix(i: int) -> str:
    """What plotly appends to the names of a panel's axes."""
    return "" if i == 0 else str(i + 1)


def _grid(shown: int) -> tuple[int, int]:
    """Rows and columns of the panels: two by two for four, else one row."""
    return (2, 2) if shown == PANELS else (1, max(shown, 1))


def _domains(i: int, shown: int) -> tuple[list[float], list[float]]:
    """Where a panel lies on the figure, from 0 to 1; above it there is room for its heading."""
    rows, columns = _grid(shown)
    row, column = divmod(i, columns)
    gap, heading, below = 0.03, 0.085, 0.03
    width, height = (1 - gap * (columns - 1)) / columns, (1 - below * (rows - 1)) / rows
    left, top = column * (width + gap), 1 - row * (height + below)
    return [left, min(left + width, 1.0)], [max(top - height, 0.0), top - heading]


def _panel_axes(shown: int, losses: dict[str, Any]) -> dict[str, Any]:
    """Axes of the shown panels, with numbers at the outer edges only."""
    rows, columns = _grid(shown)
    axes: dict[str, Any] = {}
    for i in range(shown):
        name = _suffix(i)
        across, up = _domains(i, shown)
        bottom, left = i // columns == rows - 1, i % columns == 0
        x = {"domain": across, "anchor": f"y{name}", "showticklabels": bottom}
        y = {"domain": up, "anchor": f"x{name}", "showticklabels": left, "rangemode": "tozero"}
        if i:
            x, y = x | {"matches": "x"}, y | {"matches": "y"}
        axes[f"xaxis{name}"] = losses | x | {"title": {"text": "final loss (nats)" if bottom else ""}}
        axes[f"yaxis{name}"] = y | {"title": {"text": "restarts per bin" if left else ""}}
    return axes


def _headings(result: RestartsResult | None, shown: int) -> list[dict[str, Any]]:
    """Above every panel its image and label."""
    if result is None:
        return []
    places = [_domains(i, shown) for i in range(shown)]
    return [
        {
            "text": f"image {result.spec.images[i]} · label {label(result, i)}",
            "xref": "paper",
            "yref": "paper",
            "x": across[0],
            "y": up[1],
            "xanchor": "left",
            "yanchor": "bottom",
            "showarrow": False,
            "font": {"size": SMALL, "color": INK},
        }
        for i, (across, up) in enumerate(places)
    ]
