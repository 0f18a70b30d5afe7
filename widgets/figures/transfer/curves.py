"""Transfer over eps: a measure of one source and target, and how alike the perturbations of two models are."""

from __future__ import annotations

from html import escape
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import plotly.graph_objects as go

from lab.results import TransferResult
from lab.results.transfer import Shown
from lab.specs.attacks import attack_names, attack_titles
from lab.specs.transfer import MOST_ATTACKS
from widgets.figures.drawing import figure
from widgets.figures.eps_axis import AT_EPS, eps_axis, with_eps
from widgets.figures.slots import padded
from widgets.figures.transfer.matrix import SELECTED, WAITING, Cell, interval
from widgets.theme import FAINT, INK, fade, model_colour

if TYPE_CHECKING:
    import pandas as pd  # a page that only draws does without its 25 MB

_LINES = (
    ("solid", "circle"),
    ("dash", "square"),
    ("dot", "diamond"),
    ("dashdot", "triangle-up"),
    ("longdash", "cross"),
    ("longdashdot", "x"),
)


class PerturbationCorrelation(NamedTuple):
    """How alike two models' perturbations are: mean and standard deviation over the images that both perturb."""

    images: int
    mean: float
    deviation: float


def correlation(values: np.ndarray) -> PerturbationCorrelation:
    """What is drawn of the (n,) correlations of a pair of models, and what the table of numbers holds."""
    known = values[~np.isnan(values)]
    mean = float(known.mean()) if len(known) else float("nan")
    return PerturbationCorrelation(len(known), mean, float(known.std(ddof=1)) if len(known) > 1 else float("nan"))


def over_eps(result: TransferResult | None, cell: Cell) -> go.Figure:
    """The measure over eps for the chosen source and target, a line per attack. Kurakin et al. 2017, Figures 2 and 5.

    Bars are 95% intervals. An eps at which no image counts has no point.
    """
    cell = cell.within(result) if result else cell
    attacks = result.spec.attacks if result else ()
    names = attack_titles(attacks)
    colour = model_colour(result.models[cell.target]) if result else INK
    traces: list[dict[str, object]] = []
    for i, attack in enumerate(padded(attacks, MOST_ATTACKS)):
        shown = _with_source(result.over_eps(attack), cell.source) if result and attack else []
        traces.append(_line(result, shown, cell, i, colour) | {"name": names[i] if i < len(names) else ""})
    y_axis = {"title": {"text": f"{cell.quantity} (%)"}, "range": [-3, 103]}
    note = f"{_who(result, cell)} · bars: 95% interval" if result else WAITING
    balls = result.spec.balls if result else ()
    return figure(with_eps(traces, balls), note, f"{names}", xaxis=eps_axis(balls), yaxis=y_axis)


def perturbation_correlation(result: TransferResult | None, cell: Cell) -> go.Figure:
    """Pearson's correlation of two models' perturbations over eps. Na et al. 2018, Figures 1 and 6.

    The chosen pair has a band of ± 0.1 standard deviations between images, as in the paper's Figure 1; all
    other pairs are grey.
    """
    cell = cell.within(result) if result else cell
    shown = result.over_eps(result.spec.attacks[cell.attack]) if result else []
    complete = [each for each in shown if result and len(each.rank) == len(result.models)]
    eps = np.array([each.eps for each in complete])
    traces = [_grey(complete, eps), *_pair(complete, eps, cell)]
    attack = attack_titles(result.spec.attacks)[cell.attack] if result else ""
    note = f"{attack} · {_pair_words(result, cell)}" if complete and result else WAITING
    y_axis = {"title": {"text": "correlation of perturbations"}, "range": [min(-0.1, _lowest(complete) - 0.05), 1.03]}
    balls = result.spec.balls if result else ()
    return figure(with_eps(traces, balls), note, "correlation", xaxis=eps_axis(balls), yaxis=y_axis)


def over_eps_frame(result: TransferResult, cell: Cell) -> pd.DataFrame:
    """One row per attack and eps, for the chosen source and target: what :func:`over_eps` draws, and the others."""
    cell = cell.within(result)
    rows = result.to_frame(cell.top)
    if rows.empty:
        return rows
    mine = (rows["source"] == result.models[cell.source]) & (rows["target"] == result.models[cell.target])
    return rows[mine].sort_values(["attack", "eps"])


def correlation_frame(result: TransferResult, cell: Cell) -> pd.DataFrame:
    """One row per attack, ε and pair of models: mean and standard deviation of the correlation, number of images."""
    import pandas as pd

    rows = []
    names = dict(zip(result.spec.attacks, attack_names(result.spec.attacks), strict=True))
    for shown in result.shown:
        for first, second in combinations(range(len(shown.rank)), 2):
            found = correlation(shown.pair(first, second))
            row = {"attack": names[shown.attack], "eps": shown.eps}
            row |= {"model": result.models[first], "other": result.models[second], "images": found.images}
            rows.append(row | {"correlation": found.mean, "standard_deviation": found.deviation})
    return pd.DataFrame(rows)


def _with_source(shown: list[Shown], source: int) -> list[Shown]:
    return [each for each in shown if len(each.rank) > source]


def _line(result: TransferResult | None, shown: list[Shown], cell: Cell, i: int, colour: str) -> dict[str, object]:
    cells = [result.counts(each, cell.measure, cell.top) for each in shown] if result else []
    pairs = [(hits[cell.source, cell.target], of[cell.source, cell.target]) for hits, of in cells]
    hits, of = np.array(pairs, int).reshape(-1, 2).T
    seen = of > 0
    low, high = interval(hits[seen], of[seen])
    rate = 100 * hits[seen] / of[seen]
    dash, symbol = _LINES[i]
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "x": np.array([each.eps for each in shown])[seen] if shown else np.zeros(0),
        "y": rate,
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": high - rate,
            "arrayminus": rate - low,
            "color": fade(colour, 0.45),
            "thickness": 1.5,
            "width": 3,
        },
        "line": {"color": colour, "width": 2.5, "dash": dash},
        "marker": {"symbol": symbol, "size": 8},
        "customdata": of[seen],
        "visible": bool(seen.any()),
        "showlegend": True,
        "hovertemplate": f"{AT_EPS}%{{y:.1f}}% of %{{customdata}}<extra>%{{fullData.name}}</extra>",
    }


def _grey(shown: list[Shown], eps: np.ndarray) -> dict[str, object]:
    """All pairs as one trace, with a gap after each."""
    pairs = len(shown[0].correlation) if shown else 0
    means = (
        np.array([[correlation(row).mean for row in each.correlation] for each in shown]).reshape(len(shown), pairs).T
    )
    gaps = np.pad(means, ((0, 0), (0, 1)), constant_values=np.nan)
    return {
        "type": "scatter",
        "mode": "lines",
        "x": np.tile(np.append(eps, np.nan), len(means)),
        "y": gaps.ravel(),
        "line": {"color": FAINT, "width": 1},
        "name": "other pairs",
        "hoverinfo": "skip",
        "visible": means.size > 0,
        "showlegend": len(means) > 1,
    }


def _pair(shown: list[Shown], eps: np.ndarray, cell: Cell) -> list[dict[str, object]]:
    """The chosen pair: its mean, and a band of ± 0.1 standard deviations."""
    found = [correlation(each.pair(cell.source, cell.target)) for each in shown]
    mean, spread = np.array([each.mean for each in found]), np.array([each.deviation for each in found])
    seen = cell.source != cell.target and len(found) > 0
    upper, lower = mean + 0.1 * spread, mean - 0.1 * spread
    band = {
        "type": "scatter",
        "x": np.concatenate([eps, eps[::-1]]),
        "y": np.concatenate([upper, lower[::-1]]),
        "fill": "toself",
        "fillcolor": fade(SELECTED, 0.25),
        "line": {"width": 0},
        "mode": "lines",
        "hoverinfo": "skip",
        "showlegend": False,
        "visible": seen,
    }
    line = {
        "type": "scatter",
        "mode": "lines+markers",
        "x": eps,
        "y": mean,
        "line": {"color": SELECTED, "width": 2.5},
        "marker": {"size": 7},
        "customdata": spread,
        "name": "chosen pair",
        "visible": seen,
        "showlegend": True,
        "hovertemplate": f"{AT_EPS}%{{y:.2f}}, standard deviation %{{customdata:.2f}}<extra></extra>",
    }
    return [band, line]


def _who(result: TransferResult, cell: Cell) -> str:
    source, target = (escape(result.models[each]) for each in (cell.source, cell.target))
    return f"{source}, white box" if source == target else f"{source} → {target}"


def _pair_words(result: TransferResult, cell: Cell) -> str:
    if cell.source == cell.target:
        return "choose two different models to see their pair"
    source, target = (escape(result.models[each]) for each in (cell.source, cell.target))
    return f"{source} and {target} · band ± 0.1 standard deviations"


def _lowest(shown: list[Shown]) -> float:
    return min(
        (correlation(row).mean for each in shown for row in each.correlation if not np.isnan(row).all()), default=0.0
    )
