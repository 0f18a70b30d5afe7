"""Final losses of many random starts. Madry et al. 2017, §3.1, Figure 1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from lab.counts import counted
from lab.results import RestartsResult
from widgets.figures.drawing import figure
from widgets.figures.restarts.histogram import bin_edges, counts, line_trace, step_trace
from widgets.figures.restarts.parts import LOWEST_ON_LOG, SLOTS, caption, clipped, label, loss_axis
from widgets.figures.slots import padded, slots
from widgets.figures.tables import stacked
from widgets.theme import INK, SMALL

if TYPE_CHECKING:
    import pandas as pd  # a page that only draws does without its 25 MB

PANELS = 4


@dataclass(frozen=True, eq=False)
class Bars:
    """The histogram of one model and image: ``losses`` (R,) in nats, ``restarts`` (bins,) how many end in each bin."""

    model: str
    losses: np.ndarray
    restarts: np.ndarray

    @property
    def mean(self) -> float:
        """The mean loss in nats; NaN without a restart."""
        return float(self.losses.mean()) if len(self.losses) else float("nan")


@dataclass(frozen=True, eq=False)
class Histograms:
    """Final losses in common bins: what is drawn on the page and in print, and what the table of numbers holds.

    ``images`` are positions in the result, ``edges`` (bins + 1,) in nats; ``bars`` has a row for each image, and in it
    every model.
    """

    images: tuple[int, ...]
    edges: np.ndarray
    bars: tuple[tuple[Bars, ...], ...]

    def losses(self) -> list[np.ndarray]:
        """The losses of every histogram."""
        return [each.losses for row in self.bars for each in row]


def histograms(
    result: RestartsResult | None, images: Sequence[int], bins: int | None = None, log: bool = False
) -> Histograms:
    """The final losses of some images, by their positions; without a result there is no image."""
    models = result.models if result else ()
    losses = [[each.final_loss[:, i] for each in models] for i in (images if result else ())]
    edges = bin_edges([each for row in losses for each in row], bins, log)
    bars = [
        tuple(Bars(model.model, each, counts(each, edges)) for model, each in zip(models, row, strict=True))
        for row in losses
    ]
    return Histograms(tuple(images), edges, tuple(bars))


def first_images(result: RestartsResult | None) -> range:
    """The positions of the images that have a panel beside each other."""
    return range(min(len(result.spec.images), PANELS) if result else 0)


def final_losses(
    result: RestartsResult | None, image: int = 0, bins: int | None = None, log: bool = False
) -> go.Figure:
    """Plot histograms of the final losses of all restarts, model by model. Madry et al. 2017, Figure 1.

    ``image`` is a position in the result's images; ``log`` makes the axis of losses logarithmic. Dashed: the mean.
    """
    shown = histograms(result, [image], bins, log)
    traces = _overlaid(shown.bars[0] if shown.bars else (), shown.edges, log)
    note = caption(result, image, "mean dashed and in brackets", clipped(shown.losses(), log))
    axes = {
        "xaxis": loss_axis("final loss (nats)", log),
        "yaxis": {"title": {"text": "restarts per bin"}, "rangemode": "tozero"},
    }
    return figure(traces, note, f"{image}/{log}", **axes)


def final_losses_by_image(result: RestartsResult | None, bins: int | None = None, log: bool = False) -> go.Figure:
    """:func:`final_losses` of up to four images side by side, with common axes. Madry et al. 2017, Figure 1."""
    shown = histograms(result, first_images(result), bins, log)
    traces: list[dict[str, object]] = []
    for i, bars in enumerate(padded(shown.bars, PANELS)):
        # A panel that is not shown must not have axes either: their background would cover the others.
        axis = _suffix(i) if bars else ""
        for trace in _overlaid(bars or (), shown.edges, log, named=False):
            first = i == 0 and trace["showlegend"]
            traces.append(trace | {"xaxis": f"x{axis}", "yaxis": f"y{axis}", "showlegend": first})
    left_out = result is not None and len(result.spec.images) > PANELS
    some = f"first {PANELS} of {counted(len(result.spec.images), 'image')}" if result and left_out else ""
    note = caption(result, None, "dashed: mean", some, clipped(shown.losses(), log))
    panels = max(len(shown.bars), 1)
    axes = _panel_axes(panels, loss_axis("", log))
    return figure(traces, note, f"{log}", annotations=_headings(result, panels), **axes)


def final_losses_frame(result: RestartsResult, image: int, bins: int | None = None, log: bool = False) -> pd.DataFrame:
    """One row per model and bin: what :func:`final_losses` draws."""
    return _rows(result, histograms(result, [image], bins, log)).drop(columns="image", errors="ignore")


def final_losses_by_image_frame(result: RestartsResult, bins: int | None = None, log: bool = False) -> pd.DataFrame:
    """One row per image, model and bin: what :func:`final_losses_by_image` draws."""
    return _rows(result, histograms(result, first_images(result), bins, log))


def _rows(result: RestartsResult, shown: Histograms) -> pd.DataFrame:
    import pandas as pd

    between = {"loss_from": shown.edges[:-1], "loss_to": shown.edges[1:]}
    rows = [
        pd.DataFrame({"image": result.spec.images[i], "model": each.model, **between, "restarts": each.restarts})
        for i, bars in zip(shown.images, shown.bars, strict=True)
        for each in bars
    ]
    return stacked(rows)


def _overlaid(bars: Sequence[Bars], edges: np.ndarray, log: bool, named: bool = True) -> list[dict[str, object]]:
    """A histogram for every slot, then a mean line for every slot; ``named`` gives the mean in the legend."""
    top = 1.05 * max((float(each.restarts.max()) for each in bars), default=0.0)
    drawn, means = [], []
    for slot in slots(bars, SLOTS):
        mean, heights = (slot.shown.mean, slot.shown.restarts) if slot.shown else (float("nan"), np.zeros(0))
        own = {"name": f"{slot.name} ({mean:.3g})" if named else slot.name, "legendgroup": slot.name}
        hover = f"%{{y}} restarts near %{{x:.3g}} nats<extra>{slot.name}</extra>"
        drawn.append(step_trace(edges, heights, slot.colour, log) | {"hovertemplate": hover} | own)
        drawn_at = max(mean, LOWEST_ON_LOG) if log else mean
        means.append(line_trace(drawn_at, top, slot.colour) | own)
        drawn[-1].setdefault("showlegend", False)
    return drawn + means


def _suffix(i: int) -> str:
    """Return what plotly appends to the names of a panel's axes."""
    return "" if i == 0 else str(i + 1)


def _grid(shown: int) -> tuple[int, int]:
    """Rows and columns of the panels: two by two for four, else one row."""
    return (2, 2) if shown == PANELS else (1, max(shown, 1))


def _domains(i: int, shown: int) -> tuple[list[float], list[float]]:
    """Return the domain of a panel in the figure, from 0 to 1; above it there is room for its heading."""
    rows, columns = _grid(shown)
    row, column = divmod(i, columns)
    gap, heading, below = 0.03, 0.085, 0.03
    width, height = (1 - gap * (columns - 1)) / columns, (1 - below * (rows - 1)) / rows
    left, top = column * (width + gap), 1 - row * (height + below)
    return [left, min(left + width, 1.0)], [max(top - height, 0.0), top - heading]


def _panel_axes(shown: int, losses: dict[str, object]) -> dict[str, object]:
    """Axes of the shown panels, with numbers at the outer edges only."""
    rows, columns = _grid(shown)
    axes: dict[str, object] = {}
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


def _headings(result: RestartsResult | None, shown: int) -> list[dict[str, object]]:
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
