"""Accuracy after every attack of an evaluation: a waterfall from the clean to the worst-case accuracy."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import pairwise
from math import ceil
from textwrap import wrap
from typing import Any

import numpy as np
import plotly.graph_objects as go

from lab.counts import counted
from lab.results import EvaluationResult
from lab.specs.evaluation import MOST_MODELS
from widgets.figures.drawing import figure, room
from widgets.figures.evaluation.stages import CLEAN_STAGE, NOT_DRAWN, WORST_CASE, Fall, Waterfall, caption, falls
from widgets.figures.names import shortened
from widgets.figures.slots import padded
from widgets.theme import INK, MUTED, SMALL, fade, model_colour

WAITING = "Nothing computed yet"

_SYMBOLS = ("circle", "square", "diamond", "triangle-up", "triangle-down", "cross")
_APART = 0.07  # of a stage, between the points of two models
_LABEL = 16  # per cent of accuracy that a label of two lines is high
_LOW = 12  # per cent, below which a number does not fit between a point and the axis
_LETTER = 7  # pixels that a bold letter needs
_TICK_LETTER = 6.2  # and one below the axis
_TICK_LINES = 3  # that the name of a stage may take below the axis
_BEFORE, _BEHIND = 0.6, 0.4  # of a stage, from the left end of the axis to the first and from the last to the right end
_NARROWEST = 44  # pixels of a stage
_LEFT = 52


def waterfall(result: EvaluationResult | None, chosen: int = 0) -> go.Figure:
    """Accuracy after each stage, a line of steps for each of up to six models; the chosen one shows its numbers.

    Bars are 95% intervals. What is still running has an open mark.
    """
    shown = falls(result)
    count = len(shown.falls)
    chosen = min(chosen, max(count - 1, 0))
    found = padded(shown.falls, MOST_MODELS)
    traces = [_steps(fall, i, count, i == chosen) for i, fall in enumerate(found)]
    traces.append(_numbers(found[chosen], chosen, count))
    if result is None or not count:
        return figure(traces, WAITING, "waterfall", xaxis={}, yaxis={})
    labels = _labels(shown.falls)
    layout = _axes(shown.stages) | {"annotations": [headline(caption(result, shown, chosen), _LEFT), *labels]}
    layout |= {"margin": {"l": _LEFT, "r": _right(shown), "t": 44, "b": 64}, "showlegend": False}
    layout |= room(least_width(shown), [1, *[0] * len(labels)])
    return figure(traces, "", f"{shown.stages}", **layout)


def least_width(shown: Waterfall) -> int:
    """Pixels that the waterfall needs at least to be read."""
    widths = [_width(stage) for stage in shown.stages]
    apart = max((a + b for a, b in pairwise(widths)), default=2 * _NARROWEST) / 2  # all stages are equally far apart
    return ceil(_LEFT + _right(shown) + apart * (len(widths) - 1 + _BEFORE + _BEHIND))


def headline(text: str, left: int) -> dict[str, Any]:
    """A caption above a plot without a legend, from ``left`` pixels left of its axis on."""
    place = {"xref": "paper", "yref": "paper", "x": 0, "y": 1, "xanchor": "left", "yanchor": "bottom"}
    font = {"size": SMALL, "color": MUTED}
    return place | {"text": text, "showarrow": False, "align": "left", "font": font, "xshift": 8 - left, "yshift": 6}


def spread(values: Sequence[float], apart: float, top: float) -> list[float]:
    """Places for labels near their values: no two nearer than ``apart``, none above ``top`` as far as there is room."""
    order = sorted(range(len(values)), key=lambda i: values[i])
    placed, least, most = list(values), -np.inf, top
    for i in order:  # upwards, each above the one below it
        placed[i] = max(placed[i], least)
        least = placed[i] + apart
    for i in reversed(order):  # and back down from the top
        placed[i] = min(placed[i], most)
        most = placed[i] - apart
    return placed


def _right(shown: Waterfall) -> int:
    """Pixels for the labels beside the ends of the lines."""
    return 14 + _LETTER * max((len(line) for fall in shown.falls for line in _label(fall)), default=0)


def _steps(fall: Fall | None, i: int, count: int, chosen: bool) -> dict[str, Any]:
    x, y, drawn = _points(fall, i, count)
    colour = model_colour(fall.model) if fall else INK
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "x": x,
        "y": y,
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": fall.high[drawn] - y if fall else y,
            "arrayminus": y - fall.low[drawn] if fall else y,
            "color": fade(colour, 0.55),
            "thickness": 1.5,
            "width": 3,
        },
        "line": {"color": colour, "width": 3.5 if chosen else 2, "shape": "hvh"},
        "marker": {"symbol": _symbols(fall, i), "size": 8, "color": colour},
        "cliponaxis": False,
        "name": escape(fall.model) if fall else "",
        "hovertext": [_hover(fall, int(stage)) for stage in np.flatnonzero(drawn)] if fall else [],
        "hovertemplate": "%{hovertext}<extra></extra>",
        "visible": fall is not None,
        "showlegend": False,
    }


def _numbers(fall: Fall | None, i: int, count: int) -> dict[str, Any]:
    """The accuracies of the chosen model beside its points, which a trace of its own can change with the model."""
    x, y, _ = _points(fall, i, count)
    low = y < _LOW  # no room below
    aside = 0.0075 * (x.max(initial=0) + 1)  # beside the interval and the line, not on them, however many stages
    return {
        "type": "scatter",
        "mode": "text",
        "x": x + np.where(low, aside, -aside),
        "y": y + np.where(low, 1, -1.5),
        "text": [f"{each:.1f}" for each in y],
        "textposition": np.where(low, "top right", "bottom left").tolist(),
        "textfont": {"color": model_colour(fall.model) if fall else INK, "size": SMALL},
        "cliponaxis": False,
        "hoverinfo": "skip",
        "visible": fall is not None,
        "showlegend": False,
    }


def _points(fall: Fall | None, i: int, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the points of one of ``count`` models, and the stage of each."""
    if fall is None:
        return np.zeros(0), np.zeros(0), np.zeros(0, bool)
    drawn = fall.places != NOT_DRAWN
    return fall.places[drawn] + _APART * (i - (count - 1) / 2), fall.accuracy[drawn], drawn


def _symbols(fall: Fall | None, i: int) -> list[str]:
    if fall is None:
        return []
    return [_SYMBOLS[i] + "-open" * (not each) for each in fall.complete[fall.places != NOT_DRAWN]]


def _hover(fall: Fall, i: int) -> str:
    """Word the result of a stage."""
    name, accuracy = fall.names[i], f"{fall.accuracy[i]:.1f}% ({fall.low[i]:.1f}–{fall.high[i]:.1f}%)"
    place = {CLEAN_STAGE: "without an attack", WORST_CASE: "in the worst case"}.get(name, f"after {escape(name)}")
    verb = {CLEAN_STAGE: "misclassified", WORST_CASE: "misclassified or broken"}.get(name, "broken")
    took = f", {fall.seconds[i]:.1f} s" if fall.seconds[i] else ""
    running = "" if fall.complete[i] else "<br>still running"
    return (
        f"{escape(fall.model)} {place}: {accuracy}<br>"
        f"{fall.broken[i]} of {counted(fall.attacked[i], 'image')} {verb}{took}{running}"
    )


def _labels(found: Sequence[Fall]) -> list[dict[str, Any]]:
    """Each model's name and worst-case accuracy at the right, beside the end of its line."""
    places = spread([fall.accuracy[-1] for fall in found], _LABEL, 100)
    return [
        {
            "text": "<b>{}</b><br>{}".format(*_label(fall)),
            "xref": "paper",
            "x": 1,
            "xanchor": "left",
            "xshift": 6,
            "yref": "y",
            "y": place,
            "yanchor": "middle",
            "align": "left",
            "font": {"size": SMALL, "color": model_colour(fall.model)},
            "showarrow": False,
        }
        for fall, place in zip(found, places, strict=True)
    ]


def _label(fall: Fall) -> tuple[str, str]:
    return shortened(escape(fall.model)), f"{fall.accuracy[-1]:.1f}%"


def _width(stage: str) -> float:
    """Pixels that a stage needs for its name in lines."""
    return max(_NARROWEST, 5 + _TICK_LETTER * max(map(len, _lines(stage)), default=0))


def _lines(stage: str) -> list[str]:
    """The name of a stage in the narrowest lines that are not too many."""
    for width in range(max(map(len, stage.split()), default=1), len(stage)):
        lines = wrap(stage, width, break_long_words=False, break_on_hyphens=False)
        if len(lines) <= _TICK_LINES:
            return lines
    return [stage]


def _axes(stages: Sequence[str]) -> dict[str, Any]:
    ticks = ["<br>".join(map(escape, _lines(stage))) for stage in stages]
    return {
        "xaxis": {
            "title": {"text": "attack; each runs on the images that earlier ones did not break"},
            "tickvals": list(range(len(stages))),
            "ticktext": ticks,
            "tickangle": 0,
            "range": [-_BEFORE, len(stages) - 1 + _BEHIND],
            "showgrid": False,
        },
        "yaxis": {"title": {"text": "accuracy (%)"}, "range": [-4, 106]},
    }
