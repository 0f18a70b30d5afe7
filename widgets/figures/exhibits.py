"""An exhibit that is a figure: our values as series over its columns, with the paper's beside them."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from lab.results.exhibit import ExhibitTable
from widgets.figures.drawing import UPRIGHT_NAMES, Narrow, figure, placeholder, room
from widgets.theme import class_colour

if TYPE_CHECKING:
    import pandas as pd  # a page that only draws does without its 25 MB

NOTHING = "Not measured at this scale yet: press Run, or choose another scale."
OURS, PAPER = "here", "paper"
_LEGEND_ROW = 22  # pixels of a series in the legend on a phone
_BELOW = {"legend": {"yref": "container", "y": 0, "yanchor": "bottom", "maxheight": 0.8}, "margin": {"t": 20}}
"""Where the legend stands on a phone, whose screen so many series would fill."""
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "x", "star", "triangle-down", "hexagon")
"""The markers of the rows, which tell them apart where colours do not."""


@dataclass(frozen=True, eq=False)
class Series:
    """A row of a table: its name, whose it is, the columns where it has values, these, and their 95% intervals."""

    name: str
    source: str
    columns: tuple[str, ...]
    values: np.ndarray
    low: np.ndarray
    high: np.ndarray


def plotted(table: ExhibitTable, source: str) -> list[Series]:
    """The rows of a table that have values."""
    found = []
    for row, name in enumerate(table.rows):
        there = np.isfinite(table.values[row])
        if there.any():
            columns = tuple(each for each, known in zip(table.headings, there, strict=True) if known)
            low, high = table.low[row, there], table.high[row, there]
            found.append(Series(name, source, columns, table.values[row, there], low, high))
    return found


def series(ours: ExhibitTable | None, paper: ExhibitTable | None, label: str) -> go.Figure:
    """Our rows as lines over the columns; the paper's, where it prints values, dotted in the same colours."""
    if ours is None:
        return placeholder([], NOTHING)
    rows = list(ours.rows)
    found = plotted(ours, OURS) + (plotted(paper, PAPER) if paper else [])
    note = f"{label} · bars: 95% intervals" if np.isfinite(ours.low).any() else label
    return figure(
        [_trace(each, rows.index(each.name) if each.name in rows else -1, ours.unit) for each in found],
        escape(f"{note} · dotted: the paper" if paper else note),
        label,
        xaxis={"type": "category", "categoryorder": "array", "categoryarray": list(ours.headings)},
        yaxis={"title": {"text": escape(ours.unit)}},
        **room(520, narrow=Narrow({**UPRIGHT_NAMES.layout, **_BELOW, "height": 420 + _LEGEND_ROW * len(found)})),
    )


def series_frame(ours: ExhibitTable, paper: ExhibitTable | None) -> pd.DataFrame:
    """One row per value: our table, and the paper's where it prints values."""
    import pandas as pd

    tables = {OURS: ours} | ({PAPER: paper} if paper else {})
    return pd.concat([each.to_frame().assign(source=name) for name, each in tables.items()], ignore_index=True)


def _trace(row: Series, position: int, unit: str) -> dict[str, object]:
    colour, symbol = class_colour(position), SYMBOLS[position % len(SYMBOLS)]
    known = np.isfinite(row.low) & np.isfinite(row.high)
    bars = {"array": np.where(known, row.high - row.values, 0), "arrayminus": np.where(known, row.values - row.low, 0)}
    name = escape(row.name if row.source == OURS else f"{row.name} (paper)")
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "x": list(map(escape, row.columns)),
        "y": row.values,
        "error_y": {"type": "data", "visible": bool(known.any()), "thickness": 1, "width": 3} | bars,
        "line": {"color": colour, "width": 2, "dash": "solid" if row.source == OURS else "dot"},
        "marker": {"size": 7, "symbol": symbol if row.source == OURS else f"{symbol}-open"},
        "name": name,
        "hovertemplate": f"%{{x}}: %{{y:.3g}} {escape(unit)}<extra>{name}</extra>",
    }
