"""Transfer matrix of sources and targets. Kurakin et al. 2017, Tables 4 and 6."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape, unescape
from math import ceil
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from lab.counts import counted
from lab.results import TransferResult
from lab.results.intervals import ratio, wilson
from lab.results.transfer import ACCURACY, ERROR, TRANSFER, TRANSFER_BOTH, Shown, others, worst_and_mean
from lab.specs.attacks import attack_titles
from lab.specs.threat import threat
from widgets.figures.drawing import Narrow, figure, room
from widgets.figures.names import shortened, wrapped
from widgets.theme import DIVERGING, INK, MUTED, SEQUENTIAL, SMALL, TEXT, words_on

if TYPE_CHECKING:
    import pandas as pd  # a page that only draws does without its 25 MB

WAITING = "Nothing computed yet"
SELECTED = DIVERGING[-1][1]

DEFINITIONS = {
    TRANSFER: "% misclassified by the target, among the images that the source misclassifies only under attack",
    TRANSFER_BOTH: "% misclassified by the target, among the images that both classify correctly when clean and that "
    "the source misclassifies under attack",
    ERROR: "% of all attacked images that the target misclassifies, whatever the source predicts",
    ACCURACY: "% of all attacked images that the target classifies correctly",
}
FEW = 6
"""Models beside which a second figure has room, and whose cells have room for words as large as elsewhere."""

_CELL, _SMALL_CELL = 96, 56  # pixels that a cell needs for its words
_TITLE = 280  # for the words over the columns
_SUMMARY = 18  # that the names of the two last rows need more than those of models
_LOWEST_ROW = 40  # for its two lines
_WORST = {ACCURACY: "lowest"}


@dataclass(frozen=True)
class Cell:
    """Chosen cell: the attack of the result, the measure, its k, and the chosen source and target."""

    attack: int
    measure: str
    top: int
    source: int
    target: int

    def within(self, result: TransferResult) -> Cell:
        """The same, as far as the result has so many attacks and models."""
        last = len(result.models) - 1
        attack = min(self.attack, len(result.spec.attacks) - 1)
        return Cell(attack, self.measure, self.top, min(self.source, last), min(self.target, last))

    def shown(self, result: TransferResult) -> Shown | None:
        """Return the predictions under the chosen attack so far, at the matrix's ε."""
        return result.at(result.spec.attacks[self.attack])

    @property
    def quantity(self) -> str:
        """The measure in words: "top-5 error rate"."""
        return f"top-{self.top} {self.measure}"


def transfer_matrix(result: TransferResult | None, cell: Cell) -> go.Figure:
    """Sources down, targets across: the measure in % with its 95% interval and n; white boxes have a frame.

    The two rows below are the worst and the mean of the other models as sources, for each target (max. and avg. black
    box of Tramèr et al. 2018, Table 8, for one attack). ``customdata`` of a cell is its source and target.
    """
    if result is None:
        return figure([_heatmap([[]], [], [], []), _heatmap([[]], [], [], [])], WAITING, "matrix", **_axes([]))
    cell = cell.within(result)
    names, shown = [escape(name) for name in result.models], cell.shown(result)
    hits, of = _counts(result, shown, cell)
    rates = ratio(hits, of)
    count = len(names)
    below = np.stack(worst_and_mean(others(rates), cell.measure))
    traces = [
        _heatmap(100 * rates, range(count), _cell_words(hits, of), _cell_hovers(names, hits, of, cell.measure)),
        _heatmap(
            100 * below, [count + 0.25, count + 1.25], _plain_words(below), _summary_hovers(names, below, cell.measure)
        ),
    ]
    frames = [_frame(i, i, INK, 2) for i in range(count)] + [_frame(cell.source, cell.target, SELECTED, 3)]
    layout = _axes(names, cell.measure) | {"shapes": frames, "height": 162 + _above(names) + 68 * count}
    layout["annotations"] = [_headline(_caption(result, cell), _room(names), _above(names))]
    least = _room(names) + max(count * (_CELL if count <= FEW else _SMALL_CELL), _TITLE)
    narrow = _in_small(hits, of, _caption(result, cell), names)
    layout |= room(least, [1], 56 + _above(names) + ceil(_LOWEST_ROW * (count + 2.25)), narrow)
    return figure(traces, "", "matrix", **layout)


def _in_small(hits: np.ndarray, of: np.ndarray, caption: str, names: Sequence[str]) -> Narrow:
    """The matrix with upright names over its columns and the rates alone in its cells; the hovers say the rest."""
    above = 30 + ceil(7.2 * max(len(unescape(line)) for name in names for line in shortened(name).split("<br>")))
    rates = ratio(hits, of)
    small = {"size": SMALL}
    cells: dict[str, object] = {"text": _plain_words(rates), "textfont": small}
    words: dict[int, dict[str, object]] = {0: cells, 1: {"textfont": small}}
    across = {
        "tickangle": -90,
        "ticktext": [shortened(name) for name in names],
        "title": {"text": "rows: source · columns: target"},
    }
    axes = {"xaxis": across, "yaxis": {"title": {"text": ""}}}
    left = _room(names) + _SUMMARY
    margin = {"l": left, "t": 44 + above}
    headline = _headline(caption, left, above)
    height = 60 + above + 44 * (len(names) + 2)
    return Narrow({**axes, "margin": margin, "annotations": [headline], "height": height}, traces=words)


def transfer_matrix_frame(result: TransferResult, cell: Cell) -> pd.DataFrame:
    """One row per attack, eps, source and target: all measures for the chosen k."""
    return result.to_frame(cell.top)


def interval(hits: ArrayLike, of: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """The 95% interval in %."""
    low, high = wilson(np.asarray(hits), np.asarray(of))
    return 100 * low, 100 * high


def _room(names: Sequence[str]) -> int:
    """Pixels for the names beside the rows, and the words beside these."""
    return 110 + 6 * max(
        0, max((len(unescape(line)) for name in names for line in shortened(name).split("<br>")), default=0) - 15
    )


def _above(names: Sequence[str]) -> int:
    """Pixels for the names over the columns, and the words over these."""
    return 34 + 15 * max((wrapped(name).count("<br>") + 1 for name in names), default=0)


def _counts(result: TransferResult, shown: Shown | None, cell: Cell) -> tuple[np.ndarray, np.ndarray]:
    """(T, T) counts; no images in the rows of the sources that are still computed."""
    hits, of = np.zeros((2, len(result.models), len(result.models)), int)
    if shown is not None:
        hits[: len(shown.rank)], of[: len(shown.rank)] = result.counts(shown, cell.measure, cell.top)
    return hits, of


def _heatmap(
    z: ArrayLike, y: Iterable[float], words: Sequence[Sequence[str]], hovers: Sequence[Sequence[str]]
) -> dict[str, object]:
    values = np.asarray(z, float)
    return {
        "type": "heatmap",
        "z": values,
        "x": np.arange(values.shape[1]),
        "y": np.array(list(y), float),
        "zmin": 0,
        "zmax": 100,
        "colorscale": [list(stop) for stop in SEQUENTIAL],
        "showscale": False,
        "xgap": 6,
        "ygap": 4,
        "text": words,
        "texttemplate": "%{text}",
        "textfont": {"size": TEXT + 1 if values.shape[1] <= FEW else SMALL},
        "hovertext": hovers,
        "hovertemplate": "%{hovertext}<extra></extra>",
        "hoverongaps": False,
        "visible": values.size > 0,
    }


def _cell_words(hits: np.ndarray, of: np.ndarray) -> list[list[str]]:
    """The rate large, its interval and n small; a dash where no image counts."""
    low, high = interval(hits, of)
    size = 11 if len(of) <= FEW else 9

    def words(i: int, j: int) -> str:
        if not of[i, j]:
            return "–"
        spread = f"{low[i, j]:.0f}–{high[i, j]:.0f}"
        small = f"{spread} · n {of[i, j]}" if len(of) <= FEW else spread
        rate = hits[i, j] / of[i, j]
        return _readable(f"<b>{_percent(rate)}</b><br><span style='font-size:{size}px'>{small}</span>", rate)

    return [[words(i, j) for j in range(of.shape[1])] for i in range(len(of))]


def _cell_hovers(names: Sequence[str], hits: np.ndarray, of: np.ndarray, measure: str) -> list[list[str]]:
    low, high = interval(hits, of)

    def words(i: int, j: int) -> str:
        who = f"{names[i]} → {names[j]}" + " (white box)" * (i == j)
        if not of[i, j]:
            return f"{who}<br>no image counts: the source is not fooled, or not computed yet"
        share = f"{100 * hits[i, j] / of[i, j]:.1f}% ({low[i, j]:.1f}–{high[i, j]:.1f}%)"
        return f"{who}<br>{measure} {share}<br>{hits[i, j]} of n = {counted(of[i, j], 'image')}"

    return [[words(i, j) for j in range(of.shape[1])] for i in range(len(of))]


def _plain_words(rates: np.ndarray) -> list[list[str]]:
    return [["–" if np.isnan(each) else _readable(_percent(each), each) for each in row] for row in rates]


def _percent(rate: float) -> str:
    """Whole per cents. A float near a half, 57.49999999999999, is a half: equal rates must read equal."""
    return f"{round(100 * rate, 6):.0f}"


def _readable(words: str, rate: float) -> str:
    """Words on the colour of a rate."""
    return f"<span style='color:{words_on(rate)}'>{words}</span>"


def _summary_hovers(names: Sequence[str], rates: np.ndarray, measure: str) -> list[list[str]]:
    heads = (f"{_WORST.get(measure, 'highest')} {measure}", f"mean {measure}")
    return [
        [f"{name}: {head} over the other sources {100 * each:.1f}%" for name, each in zip(names, row, strict=True)]
        for head, row in zip(heads, rates, strict=True)
    ]


def _frame(source: int, target: int, colour: str, width: int) -> dict[str, object]:
    edges = {"x0": target - 0.49, "x1": target + 0.49, "y0": source - 0.49, "y1": source + 0.49}
    return {"type": "rect", **edges, "line": {"color": colour, "width": width}}


def _axes(names: Sequence[str], measure: str = "") -> dict[str, object]:
    count = len(names)
    shared = {"showgrid": False, "ticks": "", "showline": False, "fixedrange": True}
    rows = [*map(shortened, names), f"<i>{_WORST.get(measure, 'highest')} of others</i>", "<i>mean of others</i>"]
    return {
        "xaxis": shared
        | {
            "title": {"text": "target: model that classifies the examples", "standoff": 4},
            "tickvals": list(range(count)),
            "ticktext": [wrapped(name) for name in names],
            "tickangle": 0,
        }
        | {"range": [-0.5, count - 0.5], "side": "top"},
        "yaxis": shared
        | {"title": {"text": "source: model they were made on"}, "ticktext": rows}
        | {"tickvals": [*range(count), count + 0.25, count + 1.25], "range": [count + 1.78, -0.52]},
        "margin": {"l": _room(names), "r": 8, "t": 44 + _above(names), "b": 12},
        "showlegend": False,
    }


def _caption(result: TransferResult, cell: Cell) -> str:
    attack = attack_titles(result.spec.attacks)[cell.attack]
    made = f"{attack}, {threat(result.spec.ball)} · {counted(len(result.y), 'image')}"
    first = f"{cell.quantity} · {made} · framed: white box"
    shown = cell.shown(result)
    missing = len(result.models) - (len(shown.rank) if shown else 0)
    coming = f" · {missing} source{'s' * (missing > 1)} to come" if missing and result.done < 1 else ""
    return f"{first}{coming}<br>{DEFINITIONS[cell.measure]}"


def _headline(text: str, left: int, above: int) -> dict[str, object]:
    """The caption, above everything, as is what stands over the columns: a matrix has no legend to carry it."""
    place = {
        "xref": "paper",
        "yref": "paper",
        "x": 0,
        "y": 1,
        "xanchor": "left",
        "yanchor": "bottom",
        "xshift": -left,
        "yshift": 4 + above,
    }
    return {"text": text, "showarrow": False, "align": "left", "font": {"size": SMALL, "color": MUTED}} | place
