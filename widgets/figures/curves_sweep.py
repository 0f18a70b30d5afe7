"""Trained networks that differ in one setting of their training: accuracy over that setting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go

from widgets.figures.drawing import figure
from widgets.theme import ACCENT, DANGER, WARNING

if TYPE_CHECKING:
    import pandas as pd  # a page that only draws does without its 25 MB

MEASURES = {
    "clean": ("clean", ACCENT, "circle"),
    "fgsm": ("FGSM", WARNING, "square"),
    "pgd": ("PGD", DANGER, "diamond"),
}
"""What a card says of a network: its words, its colour and its symbol."""


@dataclass(frozen=True)
class Run:
    """A trained network: its name, the value of the setting that varies, and its accuracies as fractions."""

    name: str
    value: float
    measured: Mapping[str, float]


def accuracy_over_setting(runs: Sequence[Run], setting: str, invitation: str) -> go.Figure:
    """Clean accuracy and that under FGSM and PGD, as measured at the end of training, over a setting.

    ``invitation`` says how to train such networks where there are none.
    """
    traces = [_line(runs, name) for name in MEASURES]
    values = sorted({each.value for each in runs})
    log = bool(values) and values[0] > 0 and values[-1] / values[0] >= 8
    ticks = {"tickvals": values, "ticktext": [f"{each:g}" for each in values]}
    axes = {
        "xaxis": {"title": {"text": setting}, "type": "log" if log else "linear", **ticks},
        "yaxis": {"title": {"text": "accuracy (%)"}, "range": [-3, 103]},
    }
    note = f"{len(runs)} networks, measured after training" if runs else invitation
    return figure(traces, note, setting, **axes)


def setting_frame(runs: Sequence[Run], setting: str) -> pd.DataFrame:
    """One row per network."""
    import pandas as pd

    return pd.DataFrame([{"model": each.name, setting: each.value, **each.measured} for each in runs])


def _line(runs: Sequence[Run], measure: str) -> dict[str, Any]:
    words, colour, symbol = MEASURES[measure]
    known = sorted((each for each in runs if measure in each.measured), key=lambda each: each.value)
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "x": [each.value for each in known],
        "y": [100 * each.measured[measure] for each in known],
        "text": [escape(each.name) for each in known],
        "line": {"color": colour, "width": 2.5},
        "marker": {"color": colour, "size": 8, "symbol": symbol},
        "name": words,
        "showlegend": bool(known),
        "visible": bool(known),
        "hovertemplate": f"%{{text}}: {words} %{{y:.1f}} %<extra></extra>",
    }
