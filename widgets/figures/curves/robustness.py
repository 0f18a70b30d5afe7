"""Accuracy over eps, clean accuracy against robust accuracy, and the distances of the nearest adversarial images."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go

from lab.counts import counted
from lab.results import CurvesResult, ModelCurves
from lab.results.intervals import interval_of
from lab.specs.attacks import attack_titles
from lab.specs.curves import MOST_ATTACKS, MOST_MODELS
from lab.specs.spec import title_of
from widgets.figures.drawing import figure
from widgets.theme import INK, MUTED, model_colour

if TYPE_CHECKING:
    import pandas as pd  # a page that only draws does without its 25 MB

WAITING = "Nothing computed yet"
NARROW = 48  # characters of a caption's line that fit into the trade-off
DASHES = ("solid", "dash", "dot", "dashdot")
SYMBOLS = ("circle", "square", "diamond", "x")
POINTS = (*SYMBOLS, "triangle-up", "triangle-down", "star", "pentagon")
"""A symbol for each model where no line tells them apart."""


@dataclass(frozen=True)
class Point:
    """A point of a curve: model, attack and level of eps, by their positions in the result."""

    model: int
    attack: int
    level: int

    def right(self, result: CurvesResult | None) -> np.ndarray | None:
        """(L + 1, n) whether the images of this curve are read right; None while it is not computed."""
        model = _attacked(result, self.model)
        return model.right[self.attack] if model is not None and self.attack < len(model.right) else None


def accuracy_over_eps(
    result: CurvesResult | None, level: int, intervals: bool = True, chosen: Point | None = None
) -> go.Figure:
    """Accuracy over eps: a colour for each model, a dash and a symbol for each attack, bars for 95 % intervals.

    Kurakin et al. 2017, Figure 3: a curve that rises again is an attack that fails, there because labels leak. The
    ``chosen`` point has a ring.
    """
    traces = [_curve(result, i, j, intervals) for i in range(MOST_MODELS) for j in range(MOST_ATTACKS)]
    traces += [_legend(result, j) for j in range(MOST_ATTACKS)]
    traces.append(_ring(result, chosen))
    attacked = [each for each in result.models if len(each.right)] if result else []
    note = (
        f"{counted(result.spec.images, 'image')}{' · bars: 95 % interval' * intervals}"
        if result and attacked
        else WAITING
    )
    axes = {
        "xaxis": {"title": {"text": "ε"}, **_reach(result)},
        "yaxis": {"title": {"text": "accuracy (%)"}, "range": [-3, 103]},
    }
    shapes = [_upright(result.spec.eps[min(level, result.spec.levels)])] if result and attacked else []
    names = "/".join(each.model for each in attacked)
    return figure(traces, note, names, shapes=shapes, **axes)


def trade_off(result: CurvesResult | None, level: int) -> go.Figure:
    """Clean accuracy across, accuracy under the worst of the attacks at an eps up: what robustness costs.

    The worst is taken image by image. Bars are 95 % intervals.
    """
    traces = []
    for i in range(MOST_MODELS):
        model = _attacked(result, i)
        worst = model.worst() if model else np.zeros((1, 1), bool)
        traces.append(_point(model, i, worst[0], worst[min(level, len(worst) - 1)]))
    axes = {
        "xaxis": {"title": {"text": "clean accuracy (%)"}, "range": [-3, 108]},
        "yaxis": {"title": {"text": "accuracy under attack (%)"}, "range": [-3, 103]},
    }
    if result is None or _attacked(result, 0) is None:
        return figure(traces, WAITING, "", **axes)
    diagonal = {
        "type": "line",
        "x0": 0,
        "y0": 0,
        "x1": 100,
        "y1": 100,
        "line": {"color": MUTED, "width": 1, "dash": "dot"},
    }
    note = wrap(f"worst of {_attacks(result)} at ε {result.spec.eps[level]:.3g}", NARROW, break_on_hyphens=False)
    return figure(traces, "<br>".join(note), "trade-off", shapes=[diagonal], **axes)


def point_at(trace: int, level: int) -> Point:
    """The point behind a place in one of the curves of :func:`accuracy_over_eps`."""
    return Point(*divmod(trace, MOST_ATTACKS), level)


def distance_distribution(result: CurvesResult | None) -> go.Figure:
    """The share of images with an adversarial image within a distance: lower is better. Na et al. 2018, Figure 9.

    Images that are misread as they are count from 0 on; those for which nothing was found count nowhere. A dotted line
    stands at the ball's eps, and the legend counts the images beyond it, as the paper does.
    """
    traces = []
    largest = max(_radius(result), *(_farthest(each) for each in result.models)) if result else 1.0
    for i in range(MOST_MODELS):
        model = result.models[i] if result and i < len(result.models) else None
        traces.append(_steps(model if model and len(model.distance) else None, largest, _radius(result)))
    searched = max((len(each.distance) for each in result.models), default=0) if result else 0
    note = f"{searched} images, {title_of(result.spec.search)}" if result and searched else _unsearched(result)
    axes = {
        "xaxis": {"title": {"text": "distance of the nearest adversarial image"}, "rangemode": "tozero"},
        "yaxis": {"title": {"text": "images within (%)"}, "range": [-3, 103]},
    }
    shapes = [_upright(_radius(result))] if searched else []
    return figure(traces, note, "distances", shapes=shapes, **axes)


def trade_off_frame(result: CurvesResult, level: int) -> pd.DataFrame:
    """One row per model: clean accuracy, and that under the worst attack at a level of eps, with intervals."""
    import pandas as pd

    rows = []
    for model in result.models:
        if not len(model.right):
            continue
        worst = model.worst()[[0, level]]
        low, high = interval_of(worst)
        clean, robust = (
            {f"{name}": worst[i].mean(), f"{name}_low": low[i], f"{name}_high": high[i]}
            for i, name in enumerate(("clean", "robust"))
        )
        rows.append({"model": model.model, "eps": result.spec.eps[level], **clean, **robust, "n": worst.shape[1]})
    return pd.DataFrame(rows)


def _reach(result: CurvesResult | None) -> dict[str, Any]:
    """An axis of eps with room for the markers at both ends."""
    return {"range": [-0.03 * result.spec.ball.eps, 1.03 * result.spec.ball.eps]} if result else {}


def _attacked(result: CurvesResult | None, place: int) -> ModelCurves | None:
    """The model of a place, once an attack on it is finished."""
    model = result.models[place] if result and place < len(result.models) else None
    return model if model is not None and len(model.right) else None


def _attacks(result: CurvesResult) -> str:
    finished = min(len(each.right) for each in result.models) or 1
    return ", ".join(attack_titles(result.spec.attacks)[:finished])


def _curve(result: CurvesResult | None, place: int, attack: int, intervals: bool) -> dict[str, Any]:
    model = _attacked(result, place)
    drawn = model is not None and result is not None and attack < len(model.right)
    base = {"type": "scatter", "mode": "lines+markers", "visible": drawn}
    if model is None or result is None or not drawn:
        return base | {"x": [], "y": []}
    right, name, colour = model.right[attack], escape(model.model), model_colour(model.model)
    share = 100 * right.mean(1)
    low, high = (100 * each for each in interval_of(right))
    kind = attack_titles(result.spec.attacks)[attack]
    return base | {
        "x": np.array(result.spec.eps),
        "y": share,
        "line": {"color": colour, "width": 2.5, "dash": DASHES[attack]},
        "marker": {"color": colour, "size": 7, "symbol": SYMBOLS[attack]},
        "error_y": _bars(share, low, high, colour) | {"visible": intervals},
        "name": name,
        "legendgroup": name,
        "showlegend": attack == 0,
        "customdata": np.stack([low, high], 1),
        "hovertemplate": "ε %{x:.3g}: %{y:.1f} % (%{customdata[0]:.0f}–%{customdata[1]:.0f})"
        f"<extra>{name}, {kind}</extra>",
    }


def _legend(result: CurvesResult | None, attack: int) -> dict[str, Any]:
    """What a dash and a symbol mean."""
    shown = result is not None and attack < len(result.spec.attacks) and _attacked(result, 0) is not None
    name = attack_titles(result.spec.attacks)[attack] if result and shown else ""
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "x": [None],
        "y": [None],
        "line": {"color": INK, "width": 2, "dash": DASHES[attack]},
        "marker": {"color": INK, "size": 7, "symbol": SYMBOLS[attack]},
        "name": name,
        "showlegend": shown,
        "visible": shown,
    }


def _ring(result: CurvesResult | None, chosen: Point | None) -> dict[str, Any]:
    right = chosen.right(result) if chosen else None
    base = {"type": "scatter", "mode": "markers", "showlegend": False, "hoverinfo": "skip", "cliponaxis": False}
    if result is None or chosen is None or right is None or chosen.level >= len(right):
        return base | {"x": [], "y": [], "visible": False}
    marker = {"symbol": "circle-open", "size": 18, "color": INK, "line": {"width": 2}}
    x, y = result.spec.eps[chosen.level], 100 * right[chosen.level].mean()
    return base | {"x": [x], "y": [y], "marker": marker, "visible": True}


def _point(model: ModelCurves | None, place: int, clean: np.ndarray, robust: np.ndarray) -> dict[str, Any]:
    base = {"type": "scatter", "mode": "markers", "visible": model is not None, "showlegend": model is not None}
    if model is None:
        return base | {"x": [], "y": []}
    name, colour = escape(model.model), model_colour(model.model)
    x, y = 100 * clean.mean(), 100 * robust.mean()
    (left, low), (right, high) = (100 * each for each in interval_of(np.stack([clean, robust])))
    return base | {
        "x": [x],
        "y": [y],
        "marker": {"color": colour, "size": 11, "symbol": POINTS[place]},
        "error_x": _bars(x, left, right, colour),
        "error_y": _bars(y, low, high, colour),
        "name": name,
        "hovertemplate": f"clean %{{x:.1f}} %, attacked %{{y:.1f}} %<extra>{name}</extra>",
    }


def _bars(middle: Any, low: Any, high: Any, colour: str) -> dict[str, Any]:
    up, down = np.atleast_1d(high - middle), np.atleast_1d(middle - low)
    return {
        "type": "data",
        "symmetric": False,
        "array": up,
        "arrayminus": down,
        "color": colour,
        "thickness": 1,
        "width": 3,
    }


def _steps(model: ModelCurves | None, largest: float, radius: float) -> dict[str, Any]:
    base = {"type": "scatter", "mode": "lines", "visible": model is not None, "showlegend": model is not None}
    if model is None:
        return base | {"x": [], "y": []}
    order = np.argsort(model.distance)[: np.isfinite(model.distance).sum()]
    found = model.distance[order]
    share = 100 * np.arange(len(found) + 1) / len(model.distance)
    name, beyond = escape(model.model), int((model.distance > radius).sum())
    return base | {
        "x": np.concatenate([[0.0], found, [1.05 * largest]]),
        "y": np.concatenate([share, share[-1:]]),
        "customdata": [None, *order.tolist(), None],
        "line": {"color": model_colour(model.model), "width": 2.5, "shape": "hv"},
        "name": f"{name}: {beyond} beyond ε",
        "hovertemplate": f"%{{y:.0f}} % within %{{x:.3g}}<extra>{name}</extra>",
    }


def _radius(result: CurvesResult | None) -> float:
    return result.spec.ball.eps if result else 1.0


def _farthest(model: ModelCurves) -> float:
    found = model.distance[np.isfinite(model.distance)]
    return float(found.max()) if len(found) else 0.0


def _unsearched(result: CurvesResult | None) -> str:
    return "No image is searched: ask for some at the left" if result and not result.spec.searched else WAITING


def _upright(x: float) -> dict[str, Any]:
    """A dotted line from the bottom to the top."""
    line = {"color": INK, "width": 1, "dash": "dot"}
    return {"type": "line", "x0": x, "x1": x, "y0": 0, "y1": 1, "yref": "y domain", "line": line}
