"""Accuracy after every attack of an evaluation: a waterfall from the clean to the worst-case accuracy."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from math import ceil
from textwrap import wrap

import numpy as np
import plotly.graph_objects as go

from lab.counts import counted
from lab.results import EvaluationResult
from lab.specs.evaluation import MOST_MODELS
from widgets.figures.drawing import figure, room
from widgets.figures.evaluation.stages import CLEAN_STAGE, NOT_DRAWN, WORST_CASE, Fall, caption, falls
from widgets.figures.names import shortened
from widgets.figures.slots import padded
from widgets.theme import INK, MUTED, SMALL, fade, model_colour

WAITING = "Nothing computed yet"

_SYMBOLS = ("circle", "square", "diamond", "triangle-up", "triangle-down", "cross")
_APART = 0.08  # of a row, between the points of two models
_ROW = 44  # pixels: two lines of a stage's name, with air
_LOWEST_ROW = 32  # two lines
_AROUND = 130  # pixels for the caption and the axis
_LETTER = 6.2  # pixels that one beside the axis needs
_WITHIN = 16  # letters of a line of a stage's name, unless a word is longer
_NARROWEST = 140  # pixels of the plot itself
_COLUMN = 44  # pixels for the numbers right of the plot


def waterfall(result: EvaluationResult | None, chosen: int = 0) -> go.Figure:
    """Accuracy after each stage, from top to bottom: a line of steps for each of up to six models.

    The numbers of the chosen one stand in a column right of the plot, where no line comes. Bars are 95% intervals.
    What is still running has an open mark. As narrow as a phone it can still be read whole.
    """
    shown = falls(result)
    count = len(shown.falls)
    chosen = min(chosen, max(count - 1, 0))
    found = padded(shown.falls, MOST_MODELS)
    traces = [_steps(fall, i, count, i == chosen) for i, fall in enumerate(found)]
    if result is None or not count:
        return figure(traces, WAITING, "waterfall", xaxis={}, yaxis={})
    rows = [stage_lines(stage) for stage in shown.stages]
    left = beside(rows)
    numbers, words = _numbers(shown.falls[chosen]), caption(result, shown, chosen)
    around = _AROUND + 20 * count
    layout = _axes(rows) | {"height": around + _ROW * len(rows)}
    layout["margin"] = {"l": left, "r": _COLUMN, "t": 46, "b": 44}
    layout["annotations"] = [headline(words, left), *numbers]
    captions = [1, *[0] * len(numbers)]
    layout |= room(left + _NARROWEST + _COLUMN, captions, around + _LOWEST_ROW * len(rows))
    drawn = figure(traces, "", f"{shown.stages}", **layout)
    return drawn.update_layout(legend={"y": 0, "yref": "container", "yanchor": "bottom", "maxheight": 0.8})


def stage_lines(stage: str) -> list[str]:
    """The name of a stage in lines."""
    return wrap(stage, _WITHIN, break_long_words=False, break_on_hyphens=False) or [stage]


def beside(rows: Sequence[Sequence[str]]) -> int:
    """Pixels that names in lines need left of an axis."""
    return ceil(12 + _LETTER * max(len(line) for row in rows for line in row))


def headline(text: str, left: int) -> dict[str, object]:
    """A caption above a plot without a legend, from ``left`` pixels left of its axis on."""
    place = {"xref": "paper", "yref": "paper", "x": 0, "y": 1, "xanchor": "left", "yanchor": "bottom"}
    font = {"size": SMALL, "color": MUTED}
    return place | {"text": text, "showarrow": False, "align": "left", "font": font, "xshift": 8 - left, "yshift": 6}


def _steps(fall: Fall | None, i: int, count: int, chosen: bool) -> dict[str, object]:
    rows, accuracy, drawn = _points(fall, i, count)
    colour = model_colour(fall.model) if fall else INK
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "x": accuracy,
        "y": rows,
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": fall.high[drawn] - accuracy if fall else accuracy,
            "arrayminus": accuracy - fall.low[drawn] if fall else accuracy,
            "color": fade(colour, 0.55),
            "thickness": 1.5,
            "width": 3,
        },
        "line": {"color": colour, "width": 3.5 if chosen else 2, "shape": "vhv"},
        "marker": {"symbol": _symbols(fall, i), "size": 8, "color": colour},
        "cliponaxis": False,
        "name": f"{shortened(escape(fall.model))}: {accuracy[-1]:.1f}%" if fall else "",
        "legendgroup": escape(fall.model) if fall else "",
        "hovertext": [_hover(fall, int(stage)) for stage in np.flatnonzero(drawn)] if fall else [],
        "hovertemplate": "%{hovertext}<extra></extra>",
        "visible": fall is not None,
    }


def _numbers(fall: Fall) -> list[dict[str, object]]:
    """The accuracies of a model in a column right of the plot, each beside its row."""
    rows, accuracy, _ = _points(fall, 0, 1)
    place = {"xref": "paper", "x": 1, "xanchor": "right", "xshift": _COLUMN - 4, "yref": "y", "yanchor": "middle"}
    font = {"size": SMALL, "color": model_colour(fall.model)}
    return [
        place | {"text": f"{each:.1f}", "y": row, "font": font, "showarrow": False}
        for row, each in zip(rows.tolist(), accuracy, strict=True)
    ]


def _points(fall: Fall | None, i: int, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the rows and accuracies of one of ``count`` models, and which of its stages they are."""
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


def _axes(rows: Sequence[Sequence[str]]) -> dict[str, object]:
    return {
        "xaxis": {
            "title": {"text": "accuracy (%)"},
            "range": [-3, 103],
        },
        "yaxis": {
            "tickvals": list(range(len(rows))),
            "ticktext": ["<br>".join(map(escape, row)) for row in rows],
            "range": [len(rows) - 0.4, -0.6],
            "showgrid": False,
        },
    }
