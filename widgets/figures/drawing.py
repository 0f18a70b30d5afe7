"""Parts of all figures: a plain figure without a template, one of words only, the room that a figure needs."""

from collections.abc import Mapping, Sequence
from html import escape
from textwrap import wrap

import plotly.graph_objects as go

from widgets.theme import MUTED, TEXT

UNUSED = {"showticklabels": False, "ticks": "", "showgrid": False, "range": [0, 1]}
"""Axes of a figure without data: their numbers would mean nothing."""


def figure(traces: Sequence[Mapping[str, object]], title: str, revision: str, **layout: object) -> go.Figure:
    """A plain figure whose caption heads the legend, where no number of legend rows can overlap it.

    While ``revision`` stays the same, a redraw keeps zoom and hidden models. The empty template keeps plotly from
    validating its own; the plot view brings the theme's.
    """
    drawn = any(each.get("visible", True) for each in traces)
    names = "|".join(str(each.get("legendgroup") or each.get("name") or "") for each in traces)
    base: dict[str, object] = {
        "template": {},
        "uirevision": revision,
        "showlegend": drawn,
        "legend": {
            "title": {"text": title, "side": "top", "font": {"size": TEXT - 1, "color": MUTED}},
            "uirevision": names,
            "itemsizing": "constant",
            "tracegroupgap": 0,
        },
        "margin": {"l": 56, "r": 16, "t": 56, "b": 48},
    }
    if not drawn:
        axes = {name: each | UNUSED for name, each in layout.items() if "axis" in name and isinstance(each, dict)}
        layout |= axes
        layout["annotations"] = [nothing_to_draw(title)]
    return _unchecked(traces, base | layout)


def room(least: int, captions: Sequence[float] = (), lowest: int = 0) -> dict[str, object]:
    """Return the layout's minimum width in pixels at which the figure can be read, and its ``lowest`` height.

    In a narrower place it can be moved sideways; a low window does not squeeze it below that height, 0 for any, and the
    lines of its caption after the first. ``captions`` says for each annotation what part of the plot's width it may
    take before it goes on in another line; 0 for one that is no caption. The legend's title always does.
    """
    return {"meta": {"least": least, "captions": list(captions), "lowest": lowest}}


def placeholder(traces: list[dict[str, object]], why: str) -> go.Figure:
    """A short figure of words: why there is nothing to draw, and what to do about it. No trace is visible."""
    lines = wrap(why, 46)
    axis = {"visible": False, "fixedrange": True}
    layout = {"template": {}, "xaxis": axis, "yaxis": axis, "showlegend": False, "height": 56 + 22 * len(lines)}
    margin = {"l": 8, "r": 8, "t": 8, "b": 8}
    words = nothing_to_draw("<br>".join(map(escape, lines)))
    return _unchecked(traces, layout | {"margin": margin, "annotations": [words]})


def _unchecked(traces: Sequence[Mapping[str, object]], layout: Mapping[str, object]) -> go.Figure:
    """A figure that plotly does not validate on a page, because that takes longer than all the rest; tests do."""
    return go.Figure({"data": list(traces), "layout": layout}, _validate=False)


def nothing_to_draw(why: str) -> dict[str, object]:
    """The words in the middle of a figure without data."""
    font = {"size": TEXT, "color": MUTED}
    where = {"xref": "paper", "yref": "paper", "x": 0.5, "y": 0.5, "xanchor": "center", "yanchor": "middle"}
    return {"text": why, "showarrow": False, "font": font} | where
