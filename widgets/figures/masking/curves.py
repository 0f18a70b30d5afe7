"""One model over eps: its accuracy down to chance, and how its gradient turns away. Na et al. 2018, App. D."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from lab.results import MaskingResult, ModelMasking
from lab.results.masking import COMPARISONS
from lab.specs.masking import Masking
from widgets.figures.drawing import figure
from widgets.figures.eps_axis import AT_EPS, eps_axis, with_eps
from widgets.figures.masking.evidence import COMPARED, WAITING
from widgets.theme import ACCENT, DANGER, FAINT, INK, MUTED, SUCCESS, fade, model_colour

if TYPE_CHECKING:
    import pandas as pd  # a page that only draws does without its 25 MB

_LINES = {
    "random sign": (FAINT, "solid", "circle-open"),
    "Step-LL": (MUTED, "dot", "diamond"),
    "FGSM": (DANGER, "dash", "square"),
    "R+FGSM": (INK, "dashdot", "triangle-up"),
    "two steps": (MUTED, "longdash", "cross"),
    "PGD": ("", "solid", "circle"),
}
"""Colour, dash and symbol of each attack; PGD has the colour of the model."""

_PAIRS = ((ACCENT, "solid"), (DANGER, "dash"), (FAINT, "solid"), (SUCCESS, "dot"))


@dataclass(frozen=True, eq=False)
class GradientCorrelation:
    """How alike the gradients at a pair of images are: ``mean`` and ``deviation`` over the images, for each eps."""

    gradients: str
    mean: np.ndarray
    deviation: np.ndarray


def correlations(model: ModelMasking | None) -> list[GradientCorrelation]:
    """For each pair of images what is drawn, and what the table of numbers holds; of no eps without a model."""
    values = model.correlation if model else np.zeros((len(COMPARISONS), 0, 0))
    return [
        GradientCorrelation(pair, *np.array([_spread(at_eps) for at_eps in each]).reshape(-1, 2).T)
        for pair, each in zip(COMPARISONS, values, strict=True)
    ]


def accuracy_over_eps(result: MaskingResult | None, place: int) -> go.Figure:
    """Accuracy under every attack over eps. Where it does not fall to chance, or rises again, something is masked."""
    model = chosen(result, place)
    eps = np.array([0.0, *model.radii]) if model else np.zeros(0)
    traces = [_attack(model, eps, attack) for attack in COMPARED]
    chance = 100 / result.classes if result else 0.0
    line = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": chance, "y1": chance}
    layout: dict[str, object] = {"yaxis": {"title": {"text": "accuracy (%)"}, "range": [-3, 103]}}
    if model:
        layout["shapes"] = [line | {"line": {"color": INK, "width": 1, "dash": "dot"}}]
    note = f"{escape(model.model)} · dotted line: chance" if model else WAITING
    balls = result.spec.balls if result else ()
    return figure(with_eps(traces, balls), note, "accuracy", xaxis=eps_axis(balls), **layout)


def gradient_correlation(result: MaskingResult | None, place: int) -> go.Figure:
    """Pearson's correlation of gradients at two images over ε, ± 0.5 standard deviations. Na et al. 2018, Figure 8.

    A gradient that turns away sooner along the attack than along random signs is one that a step cannot follow.
    """
    model = chosen(result, place)
    eps = np.array(model.radii) if model else np.zeros(0)
    traces = [trace for i, each in enumerate(correlations(model)) for trace in _pair(each, eps, *_PAIRS[i])]
    note = f"{escape(model.model)} · bands ± 0.5 standard deviations" if model else WAITING
    y_axis = {"title": {"text": "correlation of gradients"}, "range": [-0.55, 1.05]}
    balls = result.spec.balls if result else ()
    return figure(with_eps(traces, balls), note, "gradients", xaxis=eps_axis(balls), yaxis=y_axis)


def chosen(result: MaskingResult | None, place: int) -> ModelMasking | None:
    """The model at a place among those asked for, or the last one; None while it is not examined."""
    if result is None:
        return None
    place = min(place, len(result.spec.models) - 1)
    return result.models[place] if place < len(result.models) else None


def gradient_frame(result: MaskingResult) -> pd.DataFrame:
    """One row per model, pair of images and eps: mean and standard deviation of the correlation, and labels leaked."""
    import pandas as pd

    rows = []
    for model in result.models:
        leaked = result.leaked(model).sum(1)
        for each in correlations(model):
            for eps, mean, deviation, count in zip(model.radii, each.mean, each.deviation, leaked, strict=True):
                row = {"model": model.model, "gradients": each.gradients, "eps": eps, "correlation": mean}
                rows.append(row | {"standard_deviation": deviation, "labels_leaked": int(count)})
    return pd.DataFrame(rows)


def _attack(model: ModelMasking | None, eps: np.ndarray, attack: str) -> dict[str, object]:
    colour, dash, symbol = _LINES[attack]
    if model:
        wrong = model.wrong[Masking.attacks.index(attack)]
        rates = 100 * (1 - np.append(model.clean_wrong.mean(), wrong.mean(1)))
    colour = colour or (model_colour(model.model) if model else INK)
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "x": eps if model else np.zeros(0),
        "y": rates if model else np.zeros(0),
        "line": {"color": colour, "width": 2.5, "dash": dash},
        "marker": {"symbol": symbol, "size": 7},
        "name": attack,
        "visible": model is not None,
        "showlegend": True,
        "hovertemplate": f"{AT_EPS}%{{y:.0f}}%<extra>{attack}</extra>",
    }


def _pair(shown: GradientCorrelation, eps: np.ndarray, colour: str, dash: str) -> list[dict[str, object]]:
    """The mean and its band for one pair of images."""
    mean, deviation = shown.mean, shown.deviation
    band = {
        "type": "scatter",
        "mode": "lines",
        "x": np.concatenate([eps, eps[::-1]]),
        "y": np.concatenate([mean + 0.5 * deviation, (mean - 0.5 * deviation)[::-1]]),
        "fill": "toself",
        "fillcolor": fade(colour, 0.12),
        "line": {"width": 0},
        "hoverinfo": "skip",
        "showlegend": False,
        "visible": len(eps) > 0,
    }
    line = {
        "type": "scatter",
        "mode": "lines+markers",
        "x": eps,
        "y": mean,
        "line": {"color": colour, "width": 2.5, "dash": dash},
        "marker": {"size": 6},
        "name": shown.gradients,
        "visible": len(eps) > 0,
        "showlegend": True,
        "hovertemplate": f"{AT_EPS}%{{y:.2f}}<extra>{shown.gradients}</extra>",
    }
    return [band, line]


def _spread(values: np.ndarray) -> tuple[float, float]:
    """Mean and standard deviation of the values that are numbers."""
    known = values[~np.isnan(values)]
    nan = float("nan")
    return (float(known.mean()) if len(known) else nan, float(known.std(ddof=1)) if len(known) > 1 else nan)
