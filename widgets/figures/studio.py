"""Training curves: loss, accuracies, ε and the gradient over the epochs, several runs in the same axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from lab.results.run import History
from widgets.figures.drawing import figure
from widgets.figures.slots import padded
from widgets.theme import INK, model_colour

if TYPE_CHECKING:
    import pandas as pd  # a page that only draws does without its 25 MB

SLOTS = 6
NOTHING = "No curves yet: choose a recipe and press Start"
MISSING = "The chosen runs have none"

_FEW = 12  # points of a curve that are still told apart when each is marked


@dataclass(frozen=True, eq=False)
class Course:
    """A run's name, what it has told so far, and how many epochs it is to take."""

    name: str
    history: History
    epochs: int


@dataclass(frozen=True)
class Line:
    """One metric of a figure: its words, how it is dashed, and the factor to its unit."""

    words: str
    dash: str = "solid"
    unit: float = 1.0


PROBES = {
    "probe_clean": Line("clean", "solid", 100.0),
    "probe_fgsm": Line("FGSM", "dash", 100.0),
    "probe_pgd": Line("PGD", "dot", 100.0),
}
BATCHES = {"clean": Line("clean", "solid", 100.0), "adversarial": Line("adversarial", "dash", 100.0)}
LOSS = {"loss": Line("loss")}
GRADIENT = {"gradient": Line("norm")}
EPS = {"eps": Line("ε")}
LEARNING_RATE = {"learning_rate": Line("learning rate")}


def probe_accuracy(courses: Sequence[Course]) -> go.Figure:
    """Accuracy on a few test images at the end of each epoch: clean, under FGSM, under PGD.

    Where FGSM's stays and PGD's falls to nothing, training has overfitted to its attack.
    """
    axis = {"title": {"text": "accuracy (%)"}, "range": [-3, 103]}
    return _curves(courses, PROBES, axis, "%{y:.1f}%")


def batch_accuracy(courses: Sequence[Course]) -> go.Figure:
    """Accuracy on the training batches, on the clean and on the attacked images.

    Attacked images that are read better than clean ones leak their label. Kurakin et al. 2017, §4.2.
    """
    axis = {"title": {"text": "accuracy (%)"}, "range": [-3, 103]}
    return _curves(courses, BATCHES, axis, "%{y:.1f}%")


def loss(courses: Sequence[Course]) -> go.Figure:
    """Plot the training loss, in nats."""
    return _curves(courses, LOSS, {"title": {"text": "loss (nats)"}, "rangemode": "tozero"}, "%{y:.3g} nats")


def gradient_norm(courses: Sequence[Course]) -> go.Figure:
    """Norm of the loss's gradient in the weights: zero is a model that no longer learns, a peak a shock."""
    return _curves(courses, GRADIENT, {"title": {"text": "gradient norm"}, **_log()}, "%{y:.3g}")


def eps(courses: Sequence[Course]) -> go.Figure:
    """The mean eps of the attacked images."""
    return _curves(courses, EPS, {"title": {"text": "mean ε"}, "rangemode": "tozero"}, "%{y:.3g}")


def learning_rate(courses: Sequence[Course]) -> go.Figure:
    """The learning rate."""
    return _curves(courses, LEARNING_RATE, {"title": {"text": "learning rate"}, **_log()}, "%{y:.3g}")


def courses_frame(courses: Sequence[Course], metrics: Sequence[str]) -> pd.DataFrame:
    """One row per run and line of metrics: what a figure of these metrics draws, with the time in seconds."""
    import pandas as pd

    columns = ["step", "epoch", "seconds", *metrics]
    rows = [
        pd.DataFrame({"run": each.name} | {name: getattr(each.history, name) for name in columns}) for each in courses
    ]
    return pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(columns=["run", *columns])


def _curves(
    courses: Sequence[Course], lines: Mapping[str, Line], y_axis: Mapping[str, object], value: str
) -> go.Figure:
    """A line for each run and metric; what has no number is left out, so that what comes once an epoch is joined."""
    traces = []
    for course in padded(courses, SLOTS):
        drawn = [_trace(course, metric, line, value) for metric, line in lines.items()]
        named = next((each for each in drawn if each["visible"]), None)
        traces += [each | {"showlegend": each is named} for each in drawn]
    note = " · ".join(f"{_DASHES[line.dash]}: {line.words}" for line in lines.values()) if len(lines) > 1 else ""
    if not any(each["visible"] for each in traces):
        note = MISSING if courses else NOTHING
    longest = max((each.epochs for each in courses), default=1)
    x_axis = {"title": {"text": "epoch"}, "range": [0, 1.02 * longest]}
    return figure(traces, note, f"{longest}", xaxis=x_axis, yaxis=y_axis)


def _trace(course: Course | None, metric: str, line: Line, value: str) -> dict[str, object]:
    name = escape(course.name) if course else ""
    colour = model_colour(course.name) if course else INK
    y = getattr(course.history, metric) if course else np.zeros(0)
    there = np.isfinite(y)
    return {
        "type": "scatter",
        "mode": "lines+markers" if there.sum() <= _FEW else "lines",
        "x": course.history.epoch[there] if course else y,
        "y": line.unit * y[there],
        "line": {"color": colour, "width": 2, "dash": line.dash},
        "marker": {"size": 5, "color": colour},
        "name": name,
        "legendgroup": name,
        "visible": bool(there.any()),
        "hovertemplate": f"epoch %{{x:.3g}}: {line.words} {value}<extra>{name}</extra>",
    }


def _log() -> dict[str, object]:
    return {"type": "log", "tickformat": "~g", "nticks": 5}


_DASHES = {"solid": "solid", "dash": "dashed", "dot": "dotted"}
