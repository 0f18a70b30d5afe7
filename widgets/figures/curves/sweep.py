"""Trained models that differ in one setting of their training: accuracy over that setting, and its ratio to clean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import plotly.graph_objects as go

from lab.counts import counted
from widgets.figures.drawing import figure, placeholder
from widgets.figures.slots import padded
from widgets.theme import ACCENT, DANGER, INK, MUTED, SUCCESS, WARNING

if TYPE_CHECKING:
    import pandas as pd  # a page that only draws does without its 25 MB

MOST_SWEEPS = 2
"""Recipes beside each other: Kurakin et al. 2017, Figure 1, has one with adversarial training and one without."""

MEASURES = {
    "clean": ("clean", ACCENT, "circle"),
    "fgsm": ("FGSM", WARNING, "square"),
    "step_ll": ("Step-LL", SUCCESS, "triangle-up"),
    "pgd": ("PGD", DANGER, "diamond"),
}
"""What a card says of a network: its words, its colour and its symbol."""

_DASHES = ("solid", "dot")


@dataclass(frozen=True)
class SweepPoint:
    """A trained model: its name, the value of the setting that varies, and its accuracies as fractions."""

    name: str
    value: float
    measured: Mapping[str, float]

    def ratio(self, measure: str) -> float | None:
        """Accuracy under an attack divided by clean accuracy; None where one is not known, or nothing is right."""
        clean, attacked = self.measured.get("clean"), self.measured.get(measure)
        return None if not clean or attacked is None else attacked / clean


@dataclass(frozen=True)
class Sweep:
    """Runs of one recipe, by rising value of the setting that varies; ``name`` is what they are called together."""

    name: str
    runs: tuple[SweepPoint, ...]


def accuracy_over_setting(sweeps: Sequence[Sweep], setting: str, invitation: str) -> go.Figure:
    """Clean accuracy and that under one-step attacks and PGD, as measured at the end of training, over a setting.

    Madry et al. 2017, Figure 3; Na et al. 2018, Figure 5. ``invitation`` says how to train such networks where there
    are none.
    """
    values = {name: {run.name: run.measured.get(name) for sweep in sweeps for run in sweep.runs} for name in MEASURES}
    percent = {name: {run: 100 * y for run, y in each.items() if y is not None} for name, each in values.items()}
    axis = {"title": {"text": "accuracy (%)"}, "range": [-3, 103]}
    return _over_setting(sweeps, percent, setting, invitation, axis)


def ratio_over_setting(sweeps: Sequence[Sweep], setting: str, invitation: str) -> go.Figure:
    """Accuracy under attack divided by clean accuracy, over a setting. Kurakin et al. 2017, §4.3, Figures 1 and 4.

    At 1 the attack takes nothing. Above it the attack helps, as images do whose labels leak.
    """
    found = {name: {run.name: run.ratio(name) for sweep in sweeps for run in sweep.runs} for name in MEASURES}
    ratios = {
        name: {run: y for run, y in each.items() if y is not None} for name, each in found.items() if name != "clean"
    }
    largest = max((y for each in ratios.values() for y in each.values()), default=1.0)
    axis = {"title": {"text": "attacked / clean accuracy"}, "range": [-0.03, 1.05 * max(1.0, largest)]}
    nothing_lost = {"type": "line", "x0": 0, "x1": 1, "xref": "x domain", "y0": 1, "y1": 1}
    shapes = [nothing_lost | {"line": {"color": MUTED, "width": 1, "dash": "dot"}}] if sweeps else []
    return _over_setting(sweeps, ratios, setting, invitation, axis, shapes)


def setting_frame(sweeps: Sequence[Sweep], setting: str) -> pd.DataFrame:
    """One row per model: its accuracies, and their ratios to the clean one."""
    import pandas as pd

    rows = []
    for sweep in sweeps:
        for run in sweep.runs:
            ratios = {f"{name}_ratio": run.ratio(name) for name in MEASURES if name != "clean"}
            rows.append({"model": run.name, "sweep": sweep.name, setting: run.value, **run.measured, **ratios})
    return pd.DataFrame(rows)


def _over_setting(
    sweeps: Sequence[Sweep],
    found: Mapping[str, Mapping[str, float]],
    setting: str,
    invitation: str,
    y_axis: Mapping[str, object],
    shapes: Sequence[Mapping[str, object]] = (),
) -> go.Figure:
    """A line for each measure in ``found`` (its value for each run by name) of each sweep."""
    places = padded(sweeps, MOST_SWEEPS)
    values = sorted({run.value for sweep in sweeps for run in sweep.runs})
    traces = [_line(sweep, values, name, i, found[name]) for i, sweep in enumerate(places) for name in found]
    traces += [_legend(sweep, i) for i, sweep in enumerate(places)]
    ticks = {"tickvals": [_place(each, values) for each in values], "ticktext": [f"{each:g}" for each in values]}
    x_axis = {"title": {"text": setting}, "type": "log" if _spread(values) else "linear", **ticks}
    networks = sum(len(sweep.runs) for sweep in sweeps)
    note = f"{counted(networks, 'model')}, measured after training"
    if not sweeps:
        return placeholder(traces, invitation)
    return figure(traces, note, setting, xaxis=x_axis, yaxis=y_axis, shapes=list(shapes))


def _spread(values: Sequence[float]) -> bool:
    """Return whether the values above 0 lie so far apart that their axis must be logarithmic."""
    above = [each for each in values if each > 0]
    return bool(above) and (above[-1] / above[0] >= 8 or len(above) < len(values))


def _place(value: float, values: Sequence[float]) -> float:
    """Return the position of a value on its axis: on a logarithmic one, 0 is a decade below the smallest other."""
    return value if value > 0 or not _spread(values) else min(each for each in values if each > 0) / 10


def _line(
    sweep: Sweep | None, values: Sequence[float], measure: str, place: int, found: Mapping[str, float]
) -> dict[str, object]:
    words, colour, symbol = MEASURES[measure]
    known = [run for run in sweep.runs if run.name in found] if sweep else []
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "x": [_place(run.value, values) for run in known],
        "y": [found[run.name] for run in known],
        "customdata": [run.name for run in known],
        "text": [f"{escape(run.name)}, at {run.value:g}" for run in known],
        "line": {"color": colour, "width": 2.5, "dash": _DASHES[place]},
        "marker": {"color": colour, "size": 8, "symbol": symbol},
        "name": words,
        "legendgroup": measure,
        "showlegend": bool(known) and place == 0,
        "visible": bool(known),
        "hovertemplate": f"%{{text}}: {words}%{{y:.3g}}<extra></extra>",
    }


def _legend(sweep: Sweep | None, place: int) -> dict[str, object]:
    """Legend entries of the runs of a dash."""
    return {
        "type": "scatter",
        "mode": "lines",
        "x": [None],
        "y": [None],
        "line": {"color": INK, "width": 2, "dash": _DASHES[place]},
        "name": escape(sweep.name) if sweep else "",
        "showlegend": sweep is not None,
        "visible": sweep is not None,
    }
