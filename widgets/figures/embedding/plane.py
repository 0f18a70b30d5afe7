"""Embeddings of clean images, and arrows along their ways under attack. Na et al. 2018, Figure 4."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from lab.counts import percent
from lab.results import EmbeddingsResult, ModelEmbeddings
from lab.results.prediction import class_in_words, predictions
from lab.specs.threat import radius
from widgets.figures.drawing import Narrow, Stack, figure, room
from widgets.figures.embedding.names import spread
from widgets.figures.embedding.regions import outline
from widgets.figures.embedding.view import Seen, seen
from widgets.figures.slots import padded
from widgets.figures.tables import stacked
from widgets.theme import HEADING, INK, MUTED, PANEL, SMALL, TEXT, class_colour, fade, model_colour

if TYPE_CHECKING:
    import pandas as pd  # a page that only draws does without its 25 MB

SLOTS = 3
TRACES = 6
"""Traces of each of the slots: clean images, class names, ways, their starts, where they are now, the chosen one."""

WAITING = "Not computed yet"
LABELLED = 12
"""Classes whose names stand in the picture; of more, they would cover it."""

_PLOT = 600, 290  # pixels of all panels' plots together, and of each in height: as on a tablet
_PHONE = 240  # pixels of a panel's plot in width there, where the panels are below each other
_LETTER, _LINE = 0.62 * HEADING, 1.4 * HEADING  # pixels of a class's name in bold: a letter's width, its height
_GAP = 0.07  # between two panels, as a share of the width: room for the title of an axis at 1280 pixels


def embedding_plane(
    result: EmbeddingsResult | None, projection: str, level: int, image: int = 0, common: bool = False
) -> go.Figure:
    """A panel for each model: clean images in their label's colour, and the followed images' ways up to a level of eps.

    An arrowhead has the colour of the class that is read there, the last one is large, and crossed where it is not the
    label. Round the followed image number ``image`` is a ring. Behind them, where the plane decides, each class's
    region. ``common`` gives all panels one scale.
    """
    models = result.models if result else ()
    views = [seen(result, each, projection, image) for each in models] if result else []
    extents = [each.extent() for each in views if not each.missing]
    widest = max((half.max() for _, half in extents), default=1.0)
    traces: list[dict[str, object]] = []
    axes: dict[str, dict[str, object]] = {}
    shapes: list[dict[str, object]] = []
    words: list[dict[str, object]] = []
    for i, (model, view) in enumerate(zip(padded(models, SLOTS), padded(views, SLOTS), strict=True)):
        end = "" if i == 0 or model is None else str(i + 1)
        axis = {"xaxis": f"x{end}", "yaxis": f"y{end}"}
        drawn = model is not None and view is not None and not view.missing
        half = widest if common else 0.0
        traces += [each | axis for each in _traces(result, model if drawn else None, view, level, image, half)]
        if result and model and view:
            left, right = _domain(i, len(models))
            axes |= _axes(view, (left, right), end, widest if common else None)
            if i and view.titles[1] == views[0].titles[1]:
                axes[f"yaxis{end}"].pop("title", None)  # said at the first panel; between two there is little room
            words += _head(result, model, view, level, (left, right), (0, 1))
            shapes += [
                _region(label, polygon, end) for label, polygon in view.decided(widest if common else 0.0).items()
            ]
    names = "/".join(each.model for each in models)
    margin = {"l": 52, "r": 12, "t": 64, "b": 44}
    layout = {"showlegend": False, "shapes": shapes, "margin": margin}
    if not extents:
        missing = views[0].missing if views else WAITING
        return figure(traces, missing, projection, xaxis={}, yaxis={}, **layout)
    left, right = _domain(0, len(models))
    narrow = _below_each_other(result, models, views, level, widest if common else 0.0) if result else None
    needed = room(_PLOT[0] + margin["l"] + margin["r"], [right - left] * len(words), narrow=narrow)
    return figure(traces, "", f"{names}/{projection}/{image}/{common}", annotations=words, **layout, **axes, **needed)


def _below_each_other(
    result: EmbeddingsResult, models: Sequence[ModelEmbeddings], views: Sequence[Seen], level: int, half: float
) -> Narrow:
    stack = Stack(len(models), _PLOT[1], above=76, below=44)
    axes: dict[str, object] = {}
    words: list[dict[str, object]] = []
    for i, (model, view) in enumerate(zip(models, views, strict=True)):
        end = str(i + 1) if i else ""
        axes |= {f"xaxis{end}": {"domain": [0, 1]}, f"yaxis{end}": {"domain": stack.domain(i)}}
        words += _head(result, model, view, level, (0, 1), stack.domain(i))
    drawn = {} if len(models) == 1 else {**axes, "annotations": words, "height": stack.height(64, 44)}
    names = {
        i * TRACES + 1: _where(_middles(result, view, (_PHONE, _PLOT[1]), half))
        for i, view in enumerate(views)
        if not view.missing
    }
    return Narrow(drawn, [1] * len(words), names)


def embedding_frame(result: EmbeddingsResult, projection: str, image: int = 0) -> pd.DataFrame:
    """One row per model and drawn point: the clean images, then every level of the followed ones."""
    import pandas as pd

    rows = []
    for model in result.models:
        view = seen(result, model, projection, image)
        if view.missing:
            continue
        points = {"model": model.model, "x": view.layout.clean[:, 0], "y": view.layout.clean[:, 1], "eps": 0.0}
        about = {"image": result.positions, "label": result.y, "read": predictions(model.logits)}
        rows.append(pd.DataFrame({**points, **about, "followed": False}))
        for level, (eps, way) in enumerate(zip(result.spec.eps, view.layout.way, strict=False)):
            points = {"model": model.model, "x": way[:, 0], "y": way[:, 1], "eps": eps}
            about = {"image": result.positions[result.followed], "label": result.y[result.followed]}
            rows.append(
                pd.DataFrame({**points, **about, "read": predictions(model.way_logits[level]), "followed": True})
            )
    return stacked(rows)


def _traces(
    result: EmbeddingsResult | None,
    model: ModelEmbeddings | None,
    view: Seen | None,
    level: int,
    image: int,
    half: float,
) -> list[dict[str, object]]:
    """The :data:`TRACES` of a panel, which shows its points' extent or as much as ``half`` on each side."""
    if result is None or model is None or view is None:
        return [{"type": "scatter", "x": [], "y": [], "visible": False} for _ in range(TRACES)]
    way = view.layout.way[: level + 1]
    read = predictions(model.way_logits)
    return [
        _clean(result, model, view),
        _names(result, view, half),
        _ways(way, read),
        _starts(view, result),
        _heads(result, way[-1], read[model.reached(level)]),
        _ring(way[-1], image),
    ]


def _clean(result: EmbeddingsResult, model: ModelEmbeddings, view: Seen) -> dict[str, object]:
    names = result.class_names
    read = predictions(model.logits)
    said = [
        f"image {position}, label {escape(names[label])}, predicted {escape(class_in_words(now, names))}"
        for position, label, now in zip(result.positions, result.y, read, strict=True)
    ]
    return {
        "type": "scatter",
        "mode": "markers",
        "x": view.layout.clean[:, 0],
        "y": view.layout.clean[:, 1],
        "marker": {"size": 6, "color": [class_colour(int(label)) for label in result.y], "opacity": 0.75},
        "customdata": np.arange(len(result.positions)),
        "text": said,
        "hovertemplate": "%{text}<br>click to follow<extra></extra>",
    }


def _names(result: EmbeddingsResult, view: Seen, half: float) -> dict[str, object]:
    """The classes' names near the medians of their clean images, readable before dots and arrows, and one another."""
    left, right = _domain(0, len(result.models))
    return {
        "type": "scatter",
        "mode": "text",
        **_where(_middles(result, view, ((right - left) * _PLOT[0], _PLOT[1]), half)),
        "text": [f"<b>{escape(result.class_names[label])}</b>" for label in _named(result)],
        "textfont": {"size": HEADING, "color": INK, "shadow": ", ".join([f"0 0 3px {PANEL}"] * 3)},
        "zorder": 1,
        "hoverinfo": "skip",
    }


def _named(result: EmbeddingsResult) -> list[int]:
    """The labels whose names are written."""
    labels = np.unique(result.y).tolist()
    return labels if len(labels) <= LABELLED else []


def _middles(result: EmbeddingsResult, view: Seen, plot: tuple[float, float], half: float) -> np.ndarray:
    """(labels, 2) middles of the names where the panel's plot has so many pixels in width and height."""
    middles = [np.median(view.layout.clean[result.y == label], axis=0) for label in _named(result)]
    pixel = (2 * np.maximum(view.extent()[1], half) / plot).max()  # in units of the axes, which are equal
    widths = np.array([_LETTER * len(result.class_names[label]) for label in _named(result)])
    return spread(np.array(middles).reshape(-1, 2), pixel * widths, pixel * _LINE)


def _where(points: np.ndarray) -> dict[str, object]:
    return {"x": points[:, 0], "y": points[:, 1]}


def _ways(way: np.ndarray, read: np.ndarray) -> dict[str, object]:
    """All ways in one trace, a gap after each; an arrowhead at every level but the first."""
    levels, images = way.shape[:2]
    gap = np.full((1, images, 2), np.nan)
    points = np.concatenate([way, gap]).transpose(1, 0, 2).reshape(-1, 2)
    colours = [
        class_colour(int(read[min(level, levels - 1), image])) for image in range(images) for level in range(levels + 1)
    ]
    sizes = np.tile([0, *[8] * (levels - 1), 0], images)
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "x": points[:, 0],
        "y": points[:, 1],
        "line": {"color": INK, "width": 1.5},
        "marker": {"symbol": "arrow", "angleref": "previous", "size": sizes, "color": colours, "line": {"width": 0}},
        "hoverinfo": "skip",
        "connectgaps": False,
    }


def _starts(view: Seen, result: EmbeddingsResult) -> dict[str, object]:
    start = view.layout.way[0]
    return {
        "type": "scatter",
        "mode": "markers",
        "x": start[:, 0],
        "y": start[:, 1],
        "marker": {
            "size": 9,
            "color": [class_colour(int(label)) for label in result.y[result.followed]],
            "line": {"color": INK, "width": 1.5},
        },
        "hoverinfo": "skip",
    }


def _heads(result: EmbeddingsResult, now: np.ndarray, read: np.ndarray) -> dict[str, object]:
    names = result.class_names
    labels = result.y[result.followed]
    said = [
        f"image {position}, label {escape(names[label])}, predicted {escape(class_in_words(there, names))}"
        for position, label, there in zip(result.positions[result.followed], labels, read, strict=True)
    ]
    return {
        "type": "scatter",
        "mode": "markers",
        "x": now[:, 0],
        "y": now[:, 1],
        "marker": {
            "symbol": ["circle" if right else "x" for right in read == labels],
            "size": 12,
            "color": [class_colour(int(each)) for each in read],
            "line": {"color": INK, "width": 1.5},
        },
        "customdata": result.followed,
        "text": said,
        "hovertemplate": "%{text}<br>click to choose<extra></extra>",
    }


def _ring(now: np.ndarray, image: int) -> dict[str, object]:
    """Round the chosen image, where it is now."""
    x, y = now[min(image, len(now) - 1)]
    marker = {"symbol": "circle-open", "size": 21, "color": INK, "line": {"width": 2}}
    return {"type": "scatter", "mode": "markers", "x": [x], "y": [y], "marker": marker, "hoverinfo": "skip"}


def _domain(place: int, count: int) -> tuple[float, float]:
    width = (1 - _GAP * (count - 1)) / count
    return place * (width + _GAP), place * (width + _GAP) + width


def _axes(view: Seen, domain: tuple[float, float], end: str, half: float | None) -> dict[str, dict[str, object]]:
    """Both axes of a panel, of equal units: a distance is as long in every direction."""
    shared: dict[str, object] = {"zeroline": False, "showgrid": not len(view.weight), "nticks": 6}
    if view.missing:
        return {f"xaxis{end}": {"visible": False, "domain": domain}, f"yaxis{end}": {"visible": False}}
    middle, own = view.extent()
    reach = np.full(2, half) if half is not None else own
    across, up = ([float(middle[i] - reach[i]), float(middle[i] + reach[i])] for i in (0, 1))
    titles = [{"text": text, "font": {"size": SMALL}} for text in view.titles]
    x_axis = {"domain": domain, "range": across, "anchor": f"y{end}", "title": titles[0]}
    y_axis = {"range": up, "anchor": f"x{end}", "title": titles[1], "scaleanchor": f"x{end}"}
    return {f"xaxis{end}": shared | x_axis, f"yaxis{end}": shared | y_axis}


def _head(
    result: EmbeddingsResult,
    model: ModelEmbeddings,
    view: Seen,
    level: int,
    across: Sequence[float],
    up: Sequence[float],
) -> list[dict[str, object]]:
    """Over the panel there: the model, which plane it is, and how many images are correctly classified at this ε."""
    eps = result.spec.eps[level]
    share = result.accuracy(model)[level]
    right = (
        f"at ε {radius(eps)}, {percent(share)} of {len(result.averaged_y)} images correctly classified"
        if share == share
        else ""
    )
    lines = [f'<b><span style="color:{model_colour(model.model)}">{escape(model.model)}</span></b>', view.words, right]
    place = {"xref": "paper", "yref": "paper", "x": across[0], "y": up[1], "xanchor": "left", "yanchor": "bottom"}
    font = {"size": SMALL, "color": MUTED}
    words = {"text": "<br>".join(lines), "showarrow": False, "align": "left", "font": font, "yshift": 4}
    head: dict[str, object] = words | place
    if not view.missing:
        return [head]
    middle = {"x": sum(across) / 2, "y": sum(up) / 2, "xanchor": "center", "yanchor": "middle"}
    return [head, head | middle | {"text": view.missing, "font": {"size": TEXT, "color": MUTED}, "yshift": 0}]


def _region(label: int, polygon: np.ndarray, end: str) -> dict[str, object]:
    edge = {"color": PANEL, "width": 2}
    place = {"xref": f"x{end}", "yref": f"y{end}", "layer": "below"}
    return {
        "type": "path",
        "path": outline(polygon),
        "fillcolor": fade(class_colour(label), 0.16),
        "line": edge,
        **place,
    }
