"""The loss over a plane, from above: contour lines, the classes' boundaries, the ball and the attacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from lab.results import SurfaceResult
from widgets.figures.drawing import Narrow, Stack, figure, room
from widgets.figures.surface.parts import (
    COLOURS,
    LEVELS,
    SYMBOLS,
    UNITS,
    WAITING,
    Panel,
    borders,
    colouring,
    headings,
    hover,
    label_in_legend,
    limits,
    line,
    marked,
    other_classes,
    panels,
    window_name,
)
from widgets.theme import INK, PANEL, fade

if TYPE_CHECKING:
    import pandas as pd  # a page that only draws does without its 25 MB


_MAP = 240  # pixels in which a map shows its marks apart
_LEGEND = 132  # pixels of the legend on a phone
_AROUND = 118  # pixels for the numbers at its axis and the scale of its colours


def contour_map(
    result: SurfaceResult | None, quantity: str = "loss", by_class: bool = False, marks: bool = True
) -> go.Figure:
    """A map for each model, all with one scale. Dragging moves the window; what is new there is then computed."""
    places = panels(result, quantity)
    low, high = limits(places, quantity)
    classes = other_classes(result)
    traces: list[dict[str, object]] = []
    named: set[str] = set()
    for i, panel in enumerate(places):
        axes = {"xaxis": f"x{i + 1}" if i and panel.model else "x", "yaxis": f"y{i + 1}" if i and panel.model else "y"}
        parts = [
            _ground(result, panel, quantity, by_class, (low, high), first=i == 0),
            _lines(result, panel, low, high),
        ]
        parts += [*_boundaries(result, panel, classes, named), _edge(panel, first=i == 0)]
        traces += [axes | each for each in [*parts, *_marks(panel, quantity, marks, first=i == 0)]]
    traces.append({"type": "scatter", "x": [None], "y": [None]} | label_in_legend(result, by_class))
    shown = max(len(result.models) if result else 1, 1)
    layout: dict[str, object] = {**_axes(result, shown)}
    if result:
        corner = {"x": 0.02, "y": 0.98}
        layout["annotations"] = [
            each | corner | {"xref": f"x{end} domain", "yref": f"y{end} domain"}
            for each, end in zip(headings(places, ((0, 0),) * shown), ("", "2"), strict=False)
        ]
    layout |= {"margin": {"l": 56, "r": 62, "t": 30, "b": 44}, "dragmode": "pan", "hovermode": "closest"}
    layout |= room(_AROUND + _MAP * shown, narrow=_below_each_other(shown))
    return figure(traces, "" if result else WAITING, window_name(result), **layout)


def _below_each_other(shown: int) -> Narrow:
    stack = Stack(shown, _MAP, above=12, below=44)
    axes: dict[str, object] = {}
    for i in range(shown):
        end = str(i + 1) if i else ""
        axes[f"xaxis{end}"] = {"domain": [0, 1]}
        axes[f"yaxis{end}"] = {"domain": stack.domain(i), "showticklabels": True, "title": {"text": "ε₂ along g⊥"}}
    return Narrow({**axes, "height": stack.height(_LEGEND, 44)})


def map_frame(result: SurfaceResult) -> pd.DataFrame:
    """One row per model and point: what the contour map and the 3-D surface draw."""
    return result.to_frame()


def _ground(
    result: SurfaceResult | None,
    panel: Panel,
    quantity: str,
    by_class: bool,
    span: tuple[float, float],
    first: bool,
) -> dict[str, object]:
    base: dict[str, object] = {"type": "heatmap", "visible": panel.model is not None, "name": panel.name}
    if result is None or panel.model is None or panel.z is None:
        return base
    colour = colouring(quantity, by_class, *span)
    z = (panel.model.answers.prediction % COLOURS) if by_class else panel.z
    return base | {
        "x": result.along,
        "y": result.across,
        "z": z.astype(np.float32),
        "customdata": panel.z.astype(np.float32),
        "colorscale": colour["colorscale"],
        "zmin": colour["cmin"],
        "zmax": colour["cmax"],
        "zsmooth": False if by_class else "best",
        "opacity": 0.45 if by_class else 1.0,
        "showscale": first and not by_class,
        "colorbar": {
            "thickness": 10, "xpad": 6, "nticks": 6, "tickfont": {"size": 11},
            "title": {"text": UNITS[quantity], "side": "right", "font": {"size": 11}},
        },
        "hovertemplate": f"ε₁ %{{x:.3g}}, ε₂ %{{y:.3g}}<br>{quantity}%{{customdata:.3g}}<extra>{panel.name}</extra>",
    }  # fmt: skip


def _lines(result: SurfaceResult | None, panel: Panel, low: float, high: float) -> dict[str, object]:
    base: dict[str, object] = {"type": "contour", "hoverinfo": "skip", "showscale": False, "showlegend": False}
    base["visible"] = panel.z is not None
    if result is None or panel.z is None:
        return base
    step = (high - low) / LEVELS
    return base | {
        "x": result.along,
        "y": result.across,
        "z": panel.z.astype(np.float32),
        "autocontour": False,
        "contours": {"coloring": "none", "start": low + step, "end": high - step / 2, "size": step},
        "line": {"color": fade(INK, 0.35), "width": 0.7},
    }


def _boundaries(
    result: SurfaceResult | None, panel: Panel, classes: list[int], named: set[str]
) -> list[dict[str, object]]:
    """The classes' boundaries; the first model that reads a class puts it into the legend."""
    found = []
    for name, colour, segments in borders(result, panel, classes):
        base = {"type": "scatter", "mode": "lines", "hoverinfo": "skip", "name": name, "legendgroup": name}
        style = {"line": {"color": colour, "width": 3}, "visible": len(segments) > 0}
        if result is not None and len(segments):
            x, y = line(segments, *np.meshgrid(result.along, result.across))
            style |= {"x": x, "y": y, "showlegend": name not in named}
            named.add(name)
        found.append(base | style)
    return found


def _edge(panel: Panel, first: bool) -> dict[str, object]:
    x, y = panel.model.edge.T if panel.model else ([], [])
    style = {"line": {"color": INK, "dash": "dash", "width": 1.5}, "hoverinfo": "skip", "name": "edge of the ball"}
    shown = {"visible": panel.model is not None, "showlegend": first, "legendgroup": "edge"}
    return {"type": "scatter", "mode": "lines", "x": x, "y": y} | style | shown


def _marks(panel: Panel, quantity: str, marks: bool, first: bool) -> list[dict[str, object]]:
    """The image itself, then every attack; PGD with its path."""
    ring = {"symbol": "circle", "size": 9, "color": PANEL, "line": {"color": INK, "width": 2}}
    clean = {"x": [0.0], "y": [0.0], "marker": ring, "hoverinfo": "name", "mode": "markers", "name": "image"}
    shown = {"visible": marks and panel.model is not None, "showlegend": first, "legendgroup": "image"}
    found = [{"type": "scatter"} | clean | shown]
    for name, symbol in SYMBOLS.items():
        about = marked(panel, name, quantity)
        del about["z"]
        sizes = [4.0] * (len(about["x"]) - 1) + [10.0] if len(about["x"]) else []
        style = {
            "mode": "lines+markers" if name == "PGD" else "markers",
            "marker": {"symbol": symbol, "size": sizes, "color": INK, "line": {"color": PANEL, "width": 1}},
            "line": {"color": INK, "width": 1.5},
        }
        shown = {"visible": marks and len(about["x"]) > 0, "showlegend": first, "legendgroup": name}
        found.append({"type": "scatter", "name": name, "hovertemplate": hover(name, quantity)} | about | style | shown)
    return found


def _axes(result: SurfaceResult | None, shown: int) -> dict[str, dict[str, object]]:
    """Square maps beside each other that move together."""
    gap = 0.03 if shown > 1 else 0.0
    base: dict[str, object] = {"showgrid": False, "nticks": 5, "uirevision": window_name(result)}
    if result:
        x_range, y_range = ([float(values[0]), float(values[-1])] for values in (result.along, result.across))
        x = base | {"title": {"text": "ε₁ along g"}, "range": x_range, "constrain": "domain"}
        y = base | {"title": {"text": "ε₂ along g⊥"}, "range": y_range, "constrain": "domain", "scaleanchor": "x"}
    else:
        x = y = base
    axes = {"xaxis": x | {"domain": [0, 1 / shown - gap / 2]}, "yaxis": y}
    if shown > 1:
        axes["xaxis2"] = x | {"domain": [0.5 + gap / 2, 1], "anchor": "y2", "matches": "x"}
        axes["yaxis2"] = y | {"anchor": "x2", "matches": "y", "showticklabels": False, "title": {"text": ""}}
        axes["yaxis2"].pop("scaleanchor", None)
    return axes
