"""The loss over a plane, as a 3-D surface. Tramèr et al. 2018, Figures 1, 4 and 5."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go

from lab.links import Camera
from lab.results import SurfaceResult
from widgets.figures.drawing import Narrow, Stack, figure, room
from widgets.figures.surface.parts import (
    COLOURS,
    LEVELS,
    SYMBOLS,
    UNITS,
    WAITING,
    Marks,
    Panel,
    borders,
    colouring,
    headings,
    hover,
    in_grid,
    interpolated,
    label_in_legend,
    limits,
    line,
    marked,
    other_classes,
    panels,
)
from widgets.theme import INK, MUTED, PANEL, fade

_SCENE = 320  # pixels in which the numbers at the axes of a scene are not cut
_AROUND = 80  # pixels for the scale of colours, and beside a surface that is seen from closer
_PHONE = 256  # pixels of a scene's height on a phone
_LEGEND = 132  # pixels of the legend on a phone, and of the first heading below it
CAMERA = {"eye": {"x": -1.75, "y": -1.97, "z": 1.18}, "center": {"x": -0.11, "y": 0.11, "z": -0.22}}
"""From the corner where both ε are negative, a little from above; far enough for the words at the axes."""
CLOSE = {"eye": {"x": -1.26, "y": -1.42, "z": 0.85}, "center": {"x": -0.06, "y": 0.06, "z": -0.14}}
"""The same for one surface alone, which has the width of two."""


def surface_3d(
    result: SurfaceResult | None,
    quantity: str = "loss",
    by_class: bool = False,
    marks: bool = True,
    camera: Camera | None = None,
) -> go.Figure:
    """One scene for each model, all with one scale and, in the plot view, one camera.

    Attacks stand at their own images' values, above or below the surface, because they lie beside the plane.
    """
    places = panels(result, quantity)
    low, high = limits(places, quantity)
    classes = other_classes(result)
    traces: list[dict[str, object]] = []
    named: set[str] = set()
    for i, panel in enumerate(places):
        scene = {"scene": f"scene{i + 1}" if i else "scene"}
        traces.append(scene | _sheet(result, panel, quantity, by_class, (low, high), first=i == 0))
        traces += [scene | each for each in _boundaries(result, panel, classes, named)]
        traces.append(scene | _edge(result, panel, first=i == 0))
        traces += [scene | each for each in _marks(result, panel, quantity, marks, first=i == 0)]
    nowhere = {"type": "scatter3d", "x": [None], "y": [None], "z": [None]}
    traces.append(nowhere | label_in_legend(result, by_class))
    shown = max(len(result.models) if result else 1, 1)
    span = _heights(result if marks else None, places, low, high, quantity)
    layout: dict[str, object] = {}
    usual = CAMERA if shown > 1 else CLOSE
    for i in range(len(places)):
        domain = {"x": [i / shown, (i + 1) / shown] if i < shown else [0, 1], "y": [0, 1]}
        layout[f"scene{i + 1}" if i else "scene"] = _scene(result, domain, span, quantity) | {
            "camera": camera or usual,
            "uirevision": f"camera {camera}",
        }
    if result:
        layout["annotations"] = headings(places, tuple((i / shown, 0.97) for i in range(shown)))
    layout["margin"] = {"l": 0, "r": 56, "t": 28, "b": 0}
    layout |= room(_SCENE * shown + _AROUND, narrow=_below_each_other(places, shown, camera or CAMERA))
    return figure(traces, "" if result else WAITING, f"camera {camera}", **layout)


def _below_each_other(places: tuple[Panel, ...], shown: int, camera: Mapping[str, object]) -> Narrow:
    stack = Stack(shown, _PHONE, above=28)
    domains = [stack.domain(i) for i in range(shown)]
    scenes = {
        f"scene{i + 1}" if i else "scene": {"domain": {"x": [0, 1], "y": y}, "camera": camera}
        for i, y in enumerate(domains)
    }
    heads = headings(places, tuple((0, top) for _, top in domains))
    height = stack.height(_LEGEND, 0)
    return Narrow({**scenes, "annotations": heads, "margin": {"r": 44}, "height": height})


def _sheet(
    result: SurfaceResult | None,
    panel: Panel,
    quantity: str,
    by_class: bool,
    span: tuple[float, float],
    first: bool,
) -> dict[str, object]:
    base: dict[str, object] = {"type": "surface", "visible": panel.model is not None, "name": panel.name}
    if result is None or panel.model is None or panel.z is None:
        return base
    colour = (panel.model.answers.prediction % COLOURS) if by_class else panel.z
    return base | colouring(quantity, by_class, *span) | {
        "x": result.along,
        "y": result.across,
        "z": panel.z.astype(np.float32),
        "surfacecolor": colour.astype(np.float32),
        "showscale": first and not by_class,
        "colorbar": {"thickness": 10, "len": 0.8, "x": 1.0, "xpad": 6, "tickfont": {"size": 11}, "nticks": 6},
        "lighting": {"ambient": 0.75, "diffuse": 0.5, "specular": 0.05, "roughness": 0.9},
        "contours": {"x": {"highlight": False}, "y": {"highlight": False}, "z": _rings(*span)},
        "hovertemplate": f"ε₁ %{{x:.3g}}, ε₂ %{{y:.3g}}<br>{quantity}%{{z:.3g}}<extra>{panel.name}</extra>",
    }  # fmt: skip


def _rings(low: float, high: float) -> dict[str, object]:
    """Lines of equal height, which show the shape where colours hardly differ."""
    step = (high - low) / LEVELS
    style = {"color": fade(INK, 0.4), "width": 1, "usecolormap": False, "highlight": False}
    return {"show": True, "start": low + step, "end": high - step / 2, "size": step} | style


def _boundaries(
    result: SurfaceResult | None, panel: Panel, classes: list[int], named: set[str]
) -> list[dict[str, object]]:
    """The classes' boundaries on the surface; the first model that reads a class puts it into the legend."""
    found = []
    for name, colour, segments in borders(result, panel, classes):
        base = {"type": "scatter3d", "mode": "lines", "hoverinfo": "skip", "name": name, "legendgroup": name}
        style = {"line": {"color": colour, "width": 6}, "visible": len(segments) > 0}
        if result is not None and panel.z is not None and len(segments):
            x, y = np.meshgrid(result.along, result.across)
            style |= dict(zip("xyz", line(segments, x, y, panel.z), strict=True)) | {"showlegend": name not in named}
            named.add(name)
        found.append(base | style)
    return found


def _edge(result: SurfaceResult | None, panel: Panel, first: bool) -> dict[str, object]:
    base: dict[str, object] = {"type": "scatter3d", "mode": "lines", "hoverinfo": "skip", "name": "edge of the ball"}
    if result is None or panel.model is None or panel.z is None:
        return base | {"visible": False}
    x, y = panel.model.edge.T
    z = interpolated(panel.z, in_grid(result, x, y))
    shown = ~np.isnan(z)
    where = {"x": np.where(shown, x, np.nan), "y": np.where(shown, y, np.nan), "z": z}
    style = {"line": {"color": INK, "width": 4, "dash": "dash"}, "legendgroup": "edge"}
    return base | where | style | {"visible": True, "showlegend": first and bool(shown.any())}


def _marks(
    result: SurfaceResult | None, panel: Panel, quantity: str, marks: bool, first: bool
) -> list[dict[str, object]]:
    """The image itself, then every attack; PGD with its path."""
    found = [_clean(result, panel, marks, first)]
    for name, symbol in SYMBOLS.items():
        path = marked(panel, name, quantity)
        about = _seen(result, path)
        sizes = [5.5 if each == path["x"][-1] else 2.5 for each in about["x"]]
        style = {
            "mode": "lines+markers" if name == "PGD" else "markers",
            "marker": {"symbol": symbol, "size": sizes, "color": INK, "line": {"color": PANEL, "width": 1}},
            "line": {"color": INK, "width": 3},
        }
        shown = {"visible": marks and len(about["x"]) > 0, "showlegend": first, "legendgroup": name, "name": name}
        found.append({"type": "scatter3d", "hovertemplate": hover(name, quantity)} | about | style | shown)
    return found


def _clean(result: SurfaceResult | None, panel: Panel, marks: bool, first: bool) -> dict[str, object]:
    style = {"mode": "markers", "marker": {"size": 5, "color": PANEL, "line": {"color": INK, "width": 2}}}
    base: dict[str, object] = {
        "type": "scatter3d",
        "name": "image",
        "legendgroup": "image",
        "showlegend": first,
    } | style
    if result is None or panel.z is None or not marks:
        return base | {"visible": False}
    height = interpolated(panel.z, in_grid(result, np.zeros(1), np.zeros(1)))
    return base | {"x": [0.0], "y": [0.0], "z": height, "visible": not np.isnan(height[0]), "hoverinfo": "name"}


def _heights(
    result: SurfaceResult | None, places: tuple[Panel, ...], low: float, high: float, quantity: str
) -> list[float]:
    """The upright axis: the common scale, and higher or lower where a mark in sight is."""
    if result is None:
        return [low, high]
    seen = [low, high]
    for panel in places:
        for name in SYMBOLS:
            seen += np.asarray(_seen(result, marked(panel, name, quantity))["z"], float).tolist()
    room = 0.04 * (max(seen) - min(seen))
    return [min(seen) - room, max(seen) + room]


def _seen(result: SurfaceResult | None, about: Marks) -> Marks:
    """The marks in the window; a scene draws those outside of it, too."""
    if result is None or not len(about["x"]):
        return about
    places = in_grid(result, np.asarray(about["x"]), np.asarray(about["y"]))
    inside = ((places >= 0) & (places <= len(result.along) - 1)).all(-1)
    return {name: np.asarray(values)[inside] for name, values in about.items()}


def _scene(
    result: SurfaceResult | None,
    domain: Mapping[str, object],
    span: list[float],
    quantity: str,
) -> dict[str, object]:
    axis: dict[str, object] = {"nticks": 5, "color": MUTED, "showspikes": False}
    sides = {"xaxis": ("ε₁ · g", result.along), "yaxis": ("ε₂ · g⊥", result.across)} if result else {}
    axes = {
        name: axis | {"title": {"text": title}, "range": [float(values[0]), float(values[-1])]}
        for name, (title, values) in sides.items()
    }
    upright: dict[str, object] = {"zaxis": axis | {"title": {"text": UNITS[quantity]}, "range": span}}
    look = {"aspectmode": "manual", "aspectratio": {"x": 1, "y": 1, "z": 0.72}}
    return {"domain": domain} | axes | upright | look
