"""Logits and embedding as ε grows, averaged over images. Na et al. 2018, Figure 7 and §4.2."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from lab.counts import counted
from lab.results import EmbeddingsResult, ModelEmbeddings
from widgets.figures.drawing import figure
from widgets.figures.embedding.plane import SLOTS, WAITING
from widgets.figures.slots import Slot, padded, slots
from widgets.theme import INK, MUTED, PANEL, SMALL, fade, model_colour

if TYPE_CHECKING:
    import pandas as pd  # a page that only draws does without its 25 MB

_GAP = 0.07  # between two panels, as a share of the width


def logits_over_eps(result: EmbeddingsResult | None, level: int, common: bool = False) -> go.Figure:
    """The label's logit and the mean of the others over ε, ± one standard deviation. Na et al., Figure 7.

    A panel for each model; ``common`` gives all panels one scale.
    """
    models = _measured(result)
    traces: list[dict[str, object]] = []
    axes: dict[str, object] = {}
    words = []
    for i, model in enumerate(padded(models, SLOTS)):
        end = "" if i == 0 or model is None else str(i + 1)
        axis = {"xaxis": f"x{end}", "yaxis": f"y{end}", "visible": model is not None}
        for which, colour, dash, name in (
            ("true", INK, "solid", "logit of the label"),
            ("others", MUTED, "dash", "mean of the other logits"),
        ):
            values = getattr(model, which) if model else np.zeros((0, 0))
            band, line = _mean_and_band(_eps(result, values), values, colour, dash)
            about = {"name": name, "legendgroup": name}
            traces.append(band | axis | about | {"showlegend": False})
            hover = f"ε %{{x:.3g}}: {name}%{{y:.3g}}<extra>{escape(model.model) if model else ''}</extra>"
            traces.append(line | axis | about | {"showlegend": model is not None and i == 0, "hovertemplate": hover})
        if model:
            axes |= _panel_axes(i, len(models), end, common)
            words.append(_title(model, _domain(i, len(models))))
    note = f"{_images(result)} · shaded: ± one standard deviation" if models else WAITING
    layout = axes or {"xaxis": {}, "yaxis": {}}
    shapes = _now(result, level, [str(i + 1) if i else "" for i in range(len(models))])
    names = "/".join(each.model for each in models)
    return figure(traces, note, f"{names}/{common}", annotations=words, shapes=shapes, **layout)


def distance_over_eps(result: EmbeddingsResult | None, level: int, relative: bool = True) -> go.Figure:
    """Plot the distance of embeddings from the clean ones over ε: the median and the middle half of the images.

    ``relative``: in units of the mean distance between two classes of the same model, because a model that makes all
    its embeddings small (Na et al. 2018, §4.2, of the pivot loss) has small distances without being more robust.
    """
    models = _measured(result)
    traces = [trace for slot in slots(models, SLOTS) for trace in _distance(result, slot, relative)]
    unit = "distance / distance between classes" if relative else "distance of the embeddings"
    axes = {
        "xaxis": {"title": {"text": "ε"}, "rangemode": "tozero"},
        "yaxis": {"title": {"text": unit}, "rangemode": "tozero"},
    }
    note = f"{_images(result)} · median, shaded: the middle half" if models else WAITING
    shapes = _now(result, level, [""]) if models else []
    return figure(traces, note, f"{relative}", shapes=shapes, **axes)


def curves_frame(result: EmbeddingsResult) -> pd.DataFrame:
    """One row per model, level of eps and image: what both figures summarise."""
    return result.to_frame()


def _measured(result: EmbeddingsResult | None) -> tuple[ModelEmbeddings, ...]:
    """The models, once some images were averaged over."""
    return result.models if result and len(result.averaged_y) else ()


def _images(result: EmbeddingsResult | None) -> str:
    if result is None:
        return ""
    asked, found = result.spec.averaged, len(result.averaged_y)
    return counted(found, "image") if result.done >= 1 else f"{found} of {counted(asked, 'image')} so far"


def _eps(result: EmbeddingsResult | None, values: np.ndarray) -> np.ndarray:
    return np.array(result.spec.eps[: len(values)] if result else [])


def _mean_and_band(
    eps: np.ndarray, values: np.ndarray, colour: str, dash: str
) -> tuple[dict[str, object], dict[str, object]]:
    middle, spread = (values.mean(1), values.std(1)) if values.size else (np.zeros(0), np.zeros(0))
    return _band(eps, middle - spread, middle + spread, colour), _line(eps, middle, colour, dash)


def _distance(result: EmbeddingsResult | None, slot: Slot[ModelEmbeddings], relative: bool) -> list[dict[str, object]]:
    name, colour, model = slot.name, slot.colour, slot.shown
    values = model.distance / (model.between if relative else 1.0) if model else np.zeros((0, 0))
    eps = _eps(result, values)
    low, middle, high = np.percentile(values, (25, 50, 75), axis=1) if values.size else np.zeros((3, 0))
    shared = {"name": name, "legendgroup": name, "visible": model is not None}
    hover = {"hovertemplate": f"ε %{{x:.3g}}: median %{{y:.3g}}<extra>{name}</extra>", "showlegend": model is not None}
    band = _band(eps, low, high, colour) | {"showlegend": False}
    return [band | shared, _line(eps, middle, colour, "solid") | shared | hover]


def _band(eps: np.ndarray, low: np.ndarray, high: np.ndarray, colour: str) -> dict[str, object]:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": np.concatenate([eps, eps[::-1]]),
        "y": np.concatenate([high, low[::-1]]),
        "line": {"width": 0},
        "fill": "toself",
        "fillcolor": fade(colour, 0.18),
        "hoverinfo": "skip",
    }


def _line(eps: np.ndarray, values: np.ndarray, colour: str, dash: str) -> dict[str, object]:
    line = {"color": colour, "width": 2.5, "dash": dash}
    return {"type": "scatter", "mode": "lines", "x": eps, "y": values, "line": line}


def _domain(place: int, count: int) -> list[float]:
    width = (1 - _GAP * (count - 1)) / count
    return [place * (width + _GAP), place * (width + _GAP) + width]


def _panel_axes(place: int, count: int, end: str, common: bool) -> dict[str, object]:
    x_axis = {"title": {"text": "ε"}, "domain": _domain(place, count), "anchor": f"y{end}", "nticks": 5}
    y_axis: dict[str, object] = {"anchor": f"x{end}", "nticks": 6}
    if place == 0:
        y_axis["title"] = {"text": "logit"}
    elif common:
        y_axis["matches"] = "y"
    return {f"xaxis{end}": x_axis, f"yaxis{end}": y_axis}


def _title(model: ModelEmbeddings, domain: list[float]) -> dict[str, object]:
    """The model's name inside its panel: above it stands the legend."""
    place = {"xref": "paper", "yref": "paper", "x": domain[1], "y": 1, "xanchor": "right", "yanchor": "top"}
    font = {"size": SMALL, "color": model_colour(model.model)}
    text = f"<b>{escape(model.model)}</b>"
    return {"text": text, "showarrow": False, "font": font, "bgcolor": PANEL} | place


def _now(result: EmbeddingsResult | None, level: int, ends: list[str]) -> list[dict[str, object]]:
    """A dotted line at the eps that the pictures show."""
    if result is None:
        return []
    eps = result.spec.eps[min(level, result.spec.levels)]
    line = {"type": "line", "x0": eps, "x1": eps, "y0": 0, "y1": 1, "line": {"color": INK, "width": 1, "dash": "dot"}}
    return [line | {"xref": f"x{end}", "yref": f"y{end} domain"} for end in ends]
