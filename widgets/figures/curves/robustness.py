"""Accuracy over eps, clean accuracy against robust accuracy, and the distances of the nearest adversarial images."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import wrap
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from lab.counts import counted
from lab.results import CurvesResult, ModelCurves
from lab.results.intervals import interval_of
from lab.specs.attacks import attack_titles
from lab.specs.curves import MOST_ATTACKS, MOST_MODELS
from lab.specs.spec import title_of
from lab.specs.threat import radius
from widgets.figures.drawing import figure
from widgets.figures.eps_axis import AT_EPS, eps_axis, with_eps
from widgets.figures.slots import Slot, slots
from widgets.theme import INK, MUTED

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
        """(L + 1, n) whether the images of this curve are correctly classified; None while it is not computed."""
        model = _attacked(result, self.model)
        return model.right[self.attack] if model is not None and self.attack < len(model.right) else None


class Rate(NamedTuple):
    """Accuracies as fractions with their 95% intervals (Wilson 1927), one for each of the last axis but one."""

    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray


@dataclass(frozen=True, eq=False)
class Curves:
    """The accuracies of a model over eps, (L + 1,) each, for every attack that is finished."""

    model: str
    attacks: tuple[Rate, ...]


@dataclass(frozen=True, eq=False)
class Price:
    """A model's clean accuracy, and that under the worst attack at an eps, over n images."""

    model: str
    clean: Rate
    robust: Rate
    n: int


@dataclass(frozen=True, eq=False)
class Distances:
    """The images of a model whose nearest adversarial example was found, the nearest first.

    ``found`` their distances, ``images`` their positions among the ``searched`` ones, ``beyond`` how many of these have
    none within the ball's eps.
    """

    model: str
    found: np.ndarray
    images: np.ndarray
    searched: int
    beyond: int

    def steps(self, end: float) -> tuple[np.ndarray, np.ndarray]:
        """Distances from 0 to an end, and the percentage of images within each: a step curve."""
        percent = 100 * np.arange(len(self.found) + 1) / self.searched
        return np.concatenate([[0.0], self.found, [end]]), np.append(percent, percent[-1])


def curves(result: CurvesResult | None) -> list[Curves]:
    """What is drawn of each model over eps, on the page and in print."""
    return [Curves(each.model, tuple(map(_rate, each.right))) for each in result.models] if result else []


def prices(result: CurvesResult | None, level: int) -> list[Price | None]:
    """What robustness at a level of eps costs each model; None while no attack on it is finished."""
    return [_price(each, level) if len(each.right) else None for each in result.models] if result else []


def distances(result: CurvesResult | None) -> list[Distances | None]:
    """How far each model's nearest adversarial examples are, on the page and in print; None before the search."""
    eps = result.spec.ball.eps if result else 0.0
    return [_distances(each, eps) if len(each.distance) else None for each in result.models] if result else []


def farthest(result: CurvesResult) -> float:
    """The largest distance that is drawn: that of an adversarial example, or the ball's eps."""
    last = [float(each.found[-1]) for each in distances(result) if each and len(each.found)]
    return max([result.spec.ball.eps, *last])


def accuracy_over_eps(
    result: CurvesResult | None, level: int, intervals: bool = True, chosen: Point | None = None
) -> go.Figure:
    """Accuracy over eps: a colour for each model, a dash and a symbol for each attack, bars for 95% intervals.

    Kurakin et al. 2017, Figure 3: a curve that rises again is an attack that fails, there because labels leak. The
    ``chosen`` point has a ring.
    """
    traces = [
        _curve(result, slot, j, intervals) for slot in slots(curves(result), MOST_MODELS) for j in range(MOST_ATTACKS)
    ]
    traces += [_legend(result, j) for j in range(MOST_ATTACKS)]
    traces.append(_ring(result, chosen))
    attacked = [each for each in result.models if len(each.right)] if result else []
    note = (
        f"{counted(result.spec.images, 'image')}{' · bars: 95% interval' * intervals}"
        if result and attacked
        else WAITING
    )
    balls = [result.spec.ball] if result else []
    axes = {
        "xaxis": eps_axis(balls),
        "yaxis": {"title": {"text": "accuracy (%)"}, "range": [-3, 103]},
    }
    shapes = [_upright(result.spec.eps[min(level, result.spec.levels)])] if result and attacked else []
    names = "/".join(each.model for each in attacked)
    return figure(with_eps(traces, balls), note, names, shapes=shapes, **axes)


def trade_off(result: CurvesResult | None, level: int) -> go.Figure:
    """Clean accuracy across, accuracy under the worst of the attacks at an eps up: what robustness costs.

    The worst is taken image by image. Bars are 95% intervals.
    """
    traces = [_point(slot, POINTS[i]) for i, slot in enumerate(slots(prices(result, level), MOST_MODELS))]
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
    note = wrap(f"worst of {_attacks(result)} at ε {radius(result.spec.eps[level])}", NARROW, break_on_hyphens=False)
    return figure(traces, "<br>".join(note), "trade-off", shapes=[diagonal], **axes)


def point_at(trace: int, level: int) -> Point:
    """The point behind a place in one of the curves of :func:`accuracy_over_eps`."""
    return Point(*divmod(trace, MOST_ATTACKS), level)


def distance_distribution(result: CurvesResult | None) -> go.Figure:
    """The fraction of images with an adversarial example within a distance: lower is better. Na et al. 2018, Figure 9.

    Images that are misclassified when clean count from 0 on; those for which nothing was found count nowhere. A
    dotted line is at the ball's ε, and the legend counts the images beyond it, as the paper does.
    """
    found = distances(result)
    end = 1.05 * farthest(result) if result else 1.0
    traces = [_steps(slot, end) for slot in slots(found, MOST_MODELS)]
    searched = max((each.searched for each in found if each), default=0)
    note = (
        f"{counted(searched, 'image')}, {title_of(result.spec.search)}" if result and searched else _unsearched(result)
    )
    axes = {
        "xaxis": {"title": {"text": "distance to the nearest adversarial example"}, "range": [-0.03 * end, end]},
        "yaxis": {"title": {"text": "images within (%)"}, "range": [-3, 103]},
    }
    shapes = [_upright(result.spec.ball.eps)] if result and searched else []
    return figure(traces, note, "distances", shapes=shapes, **axes)


def trade_off_frame(result: CurvesResult, level: int) -> pd.DataFrame:
    """One row per model: clean accuracy, and that under the worst attack at a level of eps, with intervals."""
    import pandas as pd

    rows = []
    for each in prices(result, level):
        if each:
            clean, robust = (
                {name: float(rate.mean), f"{name}_low": float(rate.low), f"{name}_high": float(rate.high)}
                for name, rate in (("clean", each.clean), ("robust", each.robust))
            )
            rows.append({"model": each.model, "eps": result.spec.eps[level], **clean, **robust, "n": each.n})
    return pd.DataFrame(rows)


def _rate(right: np.ndarray) -> Rate:
    return Rate(right.mean(-1), *interval_of(right))


def _price(model: ModelCurves, level: int) -> Price:
    worst = model.worst()
    clean, robust = (Rate(*row) for row in np.transpose(_rate(worst[[0, min(level, len(worst) - 1)]])))
    return Price(model.model, clean, robust, worst.shape[1])


def _distances(model: ModelCurves, eps: float) -> Distances:
    images = np.argsort(model.distance)[: np.isfinite(model.distance).sum()]
    beyond = int((model.distance > eps).sum())
    return Distances(model.model, model.distance[images], images, len(model.distance), beyond)


def _attacked(result: CurvesResult | None, place: int) -> ModelCurves | None:
    """The model of a place, once an attack on it is finished."""
    model = result.models[place] if result and place < len(result.models) else None
    return model if model is not None and len(model.right) else None


def _attacks(result: CurvesResult) -> str:
    finished = min(len(each.right) for each in result.models) or 1
    return ", ".join(attack_titles(result.spec.attacks)[:finished])


def _curve(result: CurvesResult | None, slot: Slot[Curves], attack: int, intervals: bool) -> dict[str, object]:
    base = {"type": "scatter", "mode": "lines+markers"}
    if result is None or slot.shown is None or attack >= len(slot.shown.attacks):
        return base | {"x": [], "y": [], "visible": False}
    name, colour = slot.name, slot.colour
    percent, low, high = (100 * each for each in slot.shown.attacks[attack])
    kind = attack_titles(result.spec.attacks)[attack]
    return base | {
        "visible": True,
        "x": np.array(result.spec.eps),
        "y": percent,
        "line": {"color": colour, "width": 2.5, "dash": DASHES[attack]},
        "marker": {"color": colour, "size": 7, "symbol": SYMBOLS[attack]},
        "error_y": _bars(percent, low, high, colour) | {"visible": intervals},
        "name": name,
        "legendgroup": name,
        "showlegend": attack == 0,
        "customdata": np.stack([low, high], 1),
        "hovertemplate": f"{AT_EPS}%{{y:.1f}}% (%{{customdata[0]:.0f}}–%{{customdata[1]:.0f}})"
        f"<extra>{name}, {kind}</extra>",
    }


def _legend(result: CurvesResult | None, attack: int) -> dict[str, object]:
    """Legend entries of a dash and a symbol."""
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


def _ring(result: CurvesResult | None, chosen: Point | None) -> dict[str, object]:
    right = chosen.right(result) if chosen else None
    base = {"type": "scatter", "mode": "markers", "showlegend": False, "hoverinfo": "skip", "cliponaxis": False}
    if result is None or chosen is None or right is None or chosen.level >= len(right):
        return base | {"x": [], "y": [], "visible": False}
    marker = {"symbol": "circle-open", "size": 18, "color": INK, "line": {"width": 2}}
    x, y = result.spec.eps[chosen.level], 100 * right[chosen.level].mean()
    return base | {"x": [x], "y": [y], "marker": marker, "visible": True}


def _point(slot: Slot[Price], symbol: str) -> dict[str, object]:
    base = {"type": "scatter", "mode": "markers", "visible": slot.shown is not None}
    base["showlegend"] = slot.shown is not None
    if slot.shown is None:
        return base | {"x": [], "y": []}
    (x, left, right), (y, low, high) = ([100 * each for each in rate] for rate in (slot.shown.clean, slot.shown.robust))
    return base | {
        "x": [x],
        "y": [y],
        "marker": {"color": slot.colour, "size": 11, "symbol": symbol},
        "error_x": _bars(x, left, right, slot.colour),
        "error_y": _bars(y, low, high, slot.colour),
        "name": slot.name,
        "hovertemplate": f"clean %{{x:.1f}}%, attacked %{{y:.1f}}%<extra>{slot.name}</extra>",
    }


def _bars(middle: ArrayLike, low: ArrayLike, high: ArrayLike, colour: str) -> dict[str, object]:
    middle, low, high = (np.atleast_1d(each) for each in (middle, low, high))
    up, down = high - middle, middle - low
    return {
        "type": "data",
        "symmetric": False,
        "array": up,
        "arrayminus": down,
        "color": colour,
        "thickness": 1,
        "width": 3,
    }


def _steps(slot: Slot[Distances], end: float) -> dict[str, object]:
    base = {"type": "scatter", "mode": "lines", "visible": slot.shown is not None}
    base["showlegend"] = slot.shown is not None
    if slot.shown is None:
        return base | {"x": [], "y": []}
    x, y = slot.shown.steps(end)
    return base | {
        "x": x,
        "y": y,
        "customdata": [None, *slot.shown.images.tolist(), None],
        "line": {"color": slot.colour, "width": 2.5, "shape": "hv"},
        "name": f"{slot.name}: {slot.shown.beyond} beyond ε",
        "hovertemplate": f"%{{y:.0f}}% within %{{x:.3g}}<extra>{slot.name}</extra>",
    }


def _unsearched(result: CurvesResult | None) -> str:
    return "No images are searched: set their number in Settings" if result and not result.spec.searched else WAITING


def _upright(x: float) -> dict[str, object]:
    """A dotted line from the bottom to the top."""
    line = {"color": INK, "width": 1, "dash": "dot"}
    return {"type": "line", "x0": x, "x1": x, "y0": 0, "y1": 1, "yref": "y domain", "line": line}
