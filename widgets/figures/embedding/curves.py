"""Logits and embedding as ε grows, averaged over images. Na et al. 2018, Figure 7 and §4.2."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from lab.counts import counted, percent
from lab.results import EmbeddingsResult, ModelEmbeddings
from lab.results.intervals import interval_of
from lab.specs import Ball
from widgets.figures.drawing import Narrow, Stack, figure, room
from widgets.figures.embedding.plane import SLOTS, WAITING
from widgets.figures.eps_axis import AT_EPS, eps_axis, with_eps
from widgets.figures.slots import Slot, padded, slots
from widgets.figures.tables import stacked
from widgets.theme import INK, MUTED, PANEL, SMALL, fade, model_colour

if TYPE_CHECKING:
    import pandas as pd  # a page that only draws does without its 25 MB

_GAP = 0.07  # between two panels, as a share of the width
_PANEL = 95  # pixels that a panel of logits needs for its model's name
_LOGITS = {"logit of the label": (INK, "solid"), "mean of the other logits": (MUTED, "dash")}


@dataclass(frozen=True, eq=False)
class Band:
    """A quantity of a model over the L levels of ``eps``: a ``middle`` line between ``low`` and ``high``, (L,) each."""

    model: str
    quantity: str
    eps: np.ndarray
    low: np.ndarray
    middle: np.ndarray
    high: np.ndarray


def logit_bands(result: EmbeddingsResult | None) -> list[Band]:
    """Of each model the label's logit, then the mean of the others: mean ± one standard deviation over the images."""
    found = []
    for model in _measured(result):
        for quantity, values in zip(_LOGITS, (model.true, model.others), strict=True):
            middle, spread = (values.mean(1), values.std(1)) if values.size else np.zeros((2, 0))
            found.append(Band(model.model, quantity, _eps(result, middle), middle - spread, middle, middle + spread))
    return found


def distance_bands(result: EmbeddingsResult | None, relative: bool = True) -> list[Band]:
    """Of each model the distance of embeddings from the clean ones: the median and the middle half of the images.

    ``relative``: in units of the mean distance between two classes of the same model, because a model that makes all
    its embeddings small (Na et al. 2018, §4.2, of the pivot loss) has small distances without being more robust.
    """
    found = []
    for model in _measured(result):
        values = model.distance / (model.between if relative else 1.0)
        low, middle, high = np.percentile(values, (25, 50, 75), axis=1) if values.size else np.zeros((3, 0))
        found.append(Band(model.model, _unit(relative), _eps(result, middle), low, middle, high))
    return found


def accuracy_bands(result: EmbeddingsResult | None) -> list[Band]:
    """Of each model the share of the images that are classified correctly, with its 95% interval."""
    found = []
    for model in _measured(result):
        hits = model.prediction == (result.averaged_y if result else ())
        middle = hits.mean(1) if hits.size else np.zeros(0)
        low, high = interval_of(hits) if hits.size else np.zeros((2, 0))
        found.append(Band(model.model, "accuracy", _eps(result, middle), low, middle, high))
    return found


def accuracy_over_eps(result: EmbeddingsResult | None, level: int) -> go.Figure:
    """Plot :func:`accuracy_bands`; the note says each model's accuracy before the attack and at this level of eps."""
    found = accuracy_bands(result)
    traces = [trace for slot in slots(found, SLOTS) for trace in _one_line(slot)]
    balls = [result.spec.ball] if result else []
    axes = {
        "xaxis": eps_axis(balls),
        "yaxis": {"title": {"text": "accuracy"}, "range": [0, 1.02], "tickformat": ".0%", "hoverformat": ".1%"},
    }
    changes = [
        f"{escape(each.model)} {percent(each.middle[0])} → {percent(each.middle[min(level, len(each.middle) - 1)])}"
        for each in found
        if len(each.middle)
    ]
    note = " · ".join([_images(result), *changes]) if found else WAITING
    shapes = _now(result, level, [""]) if found else []
    return figure(with_eps(traces, balls), note, "accuracy", shapes=shapes, **axes)


def logits_over_eps(result: EmbeddingsResult | None, level: int, common: bool = False) -> go.Figure:
    """Plot :func:`logit_bands`, a panel for each model; ``common`` gives all panels one scale. Na et al., Figure 7."""
    found = logit_bands(result)
    shown = list(zip(found[::2], found[1::2], strict=True))
    traces: list[dict[str, object]] = []
    axes: dict[str, object] = {}
    words = []
    for i, pair in enumerate(padded(shown, SLOTS)):
        end = "" if i == 0 or pair is None else str(i + 1)
        axis = {"xaxis": f"x{end}", "yaxis": f"y{end}", "visible": pair is not None}
        for (name, (colour, dash)), band in zip(_LOGITS.items(), pair or (None, None), strict=True):
            about = axis | {"name": name, "legendgroup": name}
            hover = f"{AT_EPS}{name}%{{y:.3g}}<extra>{escape(band.model) if band else ''}</extra>"
            legend = {"showlegend": band is not None and i == 0, "hovertemplate": hover}
            traces += [
                _band(band, colour) | about | {"showlegend": False},
                _line(band, colour, dash) | about | legend,
            ]
        if result and pair:
            axes |= _panel_axes(result.spec.ball, i, len(shown), end, common)
            words.append(_title(pair[0].model, _domain(i, len(shown))[1], 1))
    note = f"{_images(result)} · shaded: ± one standard deviation" if shown else WAITING
    layout = axes or {"xaxis": {}, "yaxis": {}}
    shapes = _now(result, level, [str(i + 1) if i else "" for i in range(len(shown))])
    names = "/".join(label.model for label, _ in shown)
    needed = room(_PANEL * len(shown) + 64, narrow=_below_each_other(names.split("/")) if len(shown) > 1 else None)
    drawn = with_eps(traces, [result.spec.ball] if result else [])
    return figure(drawn, note, f"{names}/{common}", annotations=words, shapes=shapes, **layout, **needed)


def _below_each_other(models: Sequence[str]) -> Narrow:
    stack = Stack(len(models), 130, above=8, below=40)
    axes: dict[str, object] = {}
    for i in range(len(models)):
        end = str(i + 1) if i else ""
        axes |= {f"xaxis{end}": {"domain": [0, 1]}, f"yaxis{end}": {"domain": stack.domain(i)}}
    words = [_title(model, 1, stack.domain(i)[1]) for i, model in enumerate(models)]
    return Narrow({**axes, "annotations": words, "height": stack.height(96, 48)})


def distance_over_eps(result: EmbeddingsResult | None, level: int, relative: bool = True) -> go.Figure:
    """Plot :func:`distance_bands`."""
    found = distance_bands(result, relative)
    traces = [trace for slot in slots(found, SLOTS) for trace in _one_line(slot)]
    balls = [result.spec.ball] if result else []
    axes = {
        "xaxis": eps_axis(balls),
        "yaxis": {"title": {"text": _unit(relative)}, "rangemode": "tozero", "hoverformat": ".3g"},
    }
    note = f"{_images(result)} · median, shaded: the middle half" if found else WAITING
    shapes = _now(result, level, [""]) if found else []
    return figure(with_eps(traces, balls), note, f"{relative}", shapes=shapes, **axes)


def bands_frame(bands: Sequence[Band]) -> pd.DataFrame:
    """One row per model, quantity and level of eps: what a figure of these bands draws."""
    import pandas as pd

    return stacked([pd.DataFrame(vars(each)) for each in bands])


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


def _unit(relative: bool) -> str:
    return "distance / distance between classes" if relative else "distance of the embeddings"


def _one_line(slot: Slot[Band]) -> list[dict[str, object]]:
    name, colour, band = slot.name, slot.colour, slot.shown
    shared = {"name": name, "legendgroup": name, "visible": band is not None}
    hover = {"hovertemplate": f"{AT_EPS}%{{y}}<extra>{name}</extra>", "showlegend": band is not None}
    return [_band(band, colour) | {"showlegend": False} | shared, _line(band, colour, "solid") | shared | hover]


def _band(band: Band | None, colour: str) -> dict[str, object]:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": np.concatenate([band.eps, band.eps[::-1]]) if band else np.zeros(0),
        "y": np.concatenate([band.high, band.low[::-1]]) if band else np.zeros(0),
        "line": {"width": 0},
        "fill": "toself",
        "fillcolor": fade(colour, 0.18),
        "hoverinfo": "skip",
    }


def _line(band: Band | None, colour: str, dash: str) -> dict[str, object]:
    line = {"color": colour, "width": 2.5, "dash": dash}
    x, y = (band.eps, band.middle) if band else (np.zeros(0), np.zeros(0))
    return {"type": "scatter", "mode": "lines", "x": x, "y": y, "line": line}


def _domain(place: int, count: int) -> list[float]:
    width = (1 - _GAP * (count - 1)) / count
    return [place * (width + _GAP), place * (width + _GAP) + width]


def _panel_axes(ball: Ball, place: int, count: int, end: str, common: bool) -> dict[str, object]:
    x_axis = eps_axis([ball], most=4) | {"domain": _domain(place, count), "anchor": f"y{end}"}
    y_axis: dict[str, object] = {"anchor": f"x{end}", "nticks": 6}
    if place == 0:
        y_axis["title"] = {"text": "logit"}
    elif common:
        y_axis["matches"] = "y"
    return {f"xaxis{end}": x_axis, f"yaxis{end}": y_axis}


def _title(model: str, right: float, top: float) -> dict[str, object]:
    """The model's name inside its panel, in this corner: above it stands the legend."""
    place = {"xref": "paper", "yref": "paper", "x": right, "y": top, "xanchor": "right", "yanchor": "top"}
    font = {"size": SMALL, "color": model_colour(model)}
    text = f"<b>{escape(model)}</b>"
    return {"text": text, "showarrow": False, "font": font, "bgcolor": PANEL} | place


def _now(result: EmbeddingsResult | None, level: int, ends: list[str]) -> list[dict[str, object]]:
    """A dotted line at the eps that the pictures show."""
    if result is None:
        return []
    eps = result.spec.eps[min(level, result.spec.levels)]
    line = {"type": "line", "x0": eps, "x1": eps, "y0": 0, "y1": 1, "line": {"color": INK, "width": 1, "dash": "dot"}}
    return [line | {"xref": f"x{end}", "yref": f"y{end} domain"} for end in ends]
