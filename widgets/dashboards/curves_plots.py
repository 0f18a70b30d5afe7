"""The figures of the page Robustness curves, and the settings that change only how they are drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import plotly.graph_objects as go

from lab.results import CurvesResult
from lab.specs import Spec, param
from widgets.figures.curves import accuracy_over_eps, distance_distribution, trade_off, trade_off_frame
from widgets.figures.curves_sweep import Run, accuracy_over_setting, setting_frame

if TYPE_CHECKING:
    import pandas as pd  # a page that only draws does without its 25 MB

WIDTH, PIVOT = "width of the network", "λ₂, weight of the pivot loss"
TRAIN_WIDTHS = (
    "Train one recipe at several widths to see it here:<br>"
    "python -m lab train pgd-training<br>--set architecture.width=4 --name narrow"
)
TRAIN_PIVOTS = (
    "Train with several λ₂ to see it here:<br>"
    "python -m lab train pivot-training<br>--set similarity.weight=0.01 --name pivot-strong"
)


@dataclass(frozen=True)
class CurvesLook(Spec):
    """How a result is drawn, which needs no computing."""

    level: int = param(0, 0, 40, "the level of ε at which robustness is compared with clean accuracy")
    intervals: bool = param(True, meaning="95 % intervals as bars")


@dataclass(frozen=True)
class Sweeps:
    """Finished runs that differ in their width, and those that differ in the weight of the pivot loss."""

    widths: Sequence[Run] = field(default_factory=tuple)
    pivots: Sequence[Run] = field(default_factory=tuple)


@dataclass(frozen=True)
class Plot:
    """A figure of the page: its heading, how it is drawn, the numbers behind it, and its place."""

    heading: str
    draw: Callable[[CurvesResult | None, CurvesLook, Sweeps], go.Figure]
    frame: Callable[[CurvesResult, CurvesLook, Sweeps], pd.DataFrame]
    place: str
    height: int
    note: str = ""


PLOTS = {
    "accuracy": Plot(
        "Accuracy over ε",
        lambda result, look, _: accuracy_over_eps(result, look.level, look.intervals),
        lambda result, _, __: result.to_frame(),
        "lab-wide",
        420,
    ),
    "trade-off": Plot(
        "Robust against clean accuracy",
        lambda result, look, _: trade_off(result, look.level),
        lambda result, look, _: trade_off_frame(result, look.level),
        "lab-narrow",
        420,
    ),
    "distances": Plot(
        "Nearest adversarial images",
        lambda result, _, __: distance_distribution(result),
        lambda result, _, __: result.distances(),
        "lab-third lab-alone",
        340,
        "Na et al. 2018, Figure 9",
    ),
    "widths": Plot(
        "Capacity",
        lambda _, __, sweeps: accuracy_over_setting(sweeps.widths, WIDTH, TRAIN_WIDTHS),
        lambda _, __, sweeps: setting_frame(sweeps.widths, "width"),
        "lab-third",
        340,
        "Kurakin et al. 2017, Figure 1; Madry et al. 2017, Figure 3",
    ),
    "pivots": Plot(
        "Weight of the pivot loss",
        lambda _, __, sweeps: accuracy_over_setting(sweeps.pivots, PIVOT, TRAIN_PIVOTS),
        lambda _, __, sweeps: setting_frame(sweeps.pivots, "pivot_weight"),
        "lab-third",
        340,
        "Na et al. 2018, Figure 5",
    ),
}
