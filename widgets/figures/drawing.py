"""Parts of all figures: a plain figure without a template, one of words only, the room that a figure needs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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
        layout |= {"annotations": [nothing_to_draw(title)], **room(0, [1])}
    return _unchecked(traces, base | layout)


@dataclass(frozen=True)
class Narrow:
    """What of a figure is otherwise where it has not its least width, as on a phone.

    ``layout`` replaces these parts of the layout, axes and scenes field by field; ``traces`` replaces fields of the
    traces by their index.
    """

    layout: Mapping[str, object]
    captions: Sequence[float] = ()
    traces: Mapping[int, Mapping[str, object]] = field(default_factory=dict)


UPRIGHT_NAMES = Narrow({"xaxis": {"tickangle": -90, "automargin": True}})
"""For a figure whose columns are narrower than the names under them."""


def room(
    least: int, captions: Sequence[float] = (), lowest: int = 0, narrow: Narrow | None = None
) -> dict[str, object]:
    """Return the layout's minimum width in pixels at which the figure can be read, and its ``lowest`` height.

    In a narrower place it is drawn as ``narrow`` says, or else can be moved sideways; a low window does not squeeze it
    below that height, 0 for any, and the lines of its caption after the first. ``captions`` says for each annotation
    what part of the plot's width it may take before it goes on in another line; 0 for one that is no caption. The
    legend's title always does.
    """
    found: dict[str, object] = {"least": least, "captions": list(captions), "lowest": lowest}
    if narrow:
        traces = {str(index): dict(changes) for index, changes in narrow.traces.items()}
        found["narrow"] = {"layout": dict(narrow.layout), "captions": list(narrow.captions), "traces": traces}
    return {"meta": found}


@dataclass(frozen=True)
class Stack:
    """Panels below each other, from the top: each ``panel`` pixels high under ``above`` pixels for its own words.

    ``below`` are the pixels for the numbers and the title under each panel.
    """

    count: int
    panel: int
    above: int = 0
    below: int = 0

    def domain(self, position: int) -> list[float]:
        """The part of the plot's height, from below, that a panel has."""
        top = self._inside - position * self._each
        return [(top - self.panel) / self._inside, top / self._inside]

    def height(self, top: int, bottom: int) -> int:
        """Pixels of the whole figure with these margins, which hold the first panel's words and the last one's."""
        return top + self._inside + bottom

    @property
    def _each(self) -> int:
        return self.above + self.panel + self.below

    @property
    def _inside(self) -> int:
        return self._each * self.count - self.above - self.below


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
