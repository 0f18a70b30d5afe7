"""The figures of the page Robustness curves, and the settings that change only how they are drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import plotly.graph_objects as go

from lab.results import CurvesResult
from lab.specs import Spec, param
from lab.specs.curves import MOST_ATTACKS, MOST_MODELS
from widgets.dashboards.curves_sweeps import Sweeps
from widgets.figures.curves import Point, accuracy_over_eps, distance_distribution, trade_off, trade_off_frame
from widgets.figures.curves_sweep import accuracy_over_setting, ratio_over_setting, setting_frame

if TYPE_CHECKING:
    import pandas as pd  # a page that only draws does without its 25 MB

Varied = tuple[str, str, str]
"""A setting, a recipe that has it, and values worth comparing, as the command line takes them."""

WIDTHS: Varied = ("width", "fgsm-training", "architecture.width=4,8,16")
PIVOTS: Varied = ("λ₂", "pivot-training", "similarity.weight=1e-4,1e-3,1e-2")
WIDTH, PIVOT = "width (or ρ) of the network", "λ₂, weight of the pivot loss"


@dataclass(frozen=True)
class CurvesLook(Spec):
    """How a result is drawn, which needs no computing. Model, attack and level of the chosen point are positions."""

    level: int = param(0, 0, 40, "the level of ε at which robustness is compared with clean accuracy")
    model: int = param(0, 0, MOST_MODELS - 1, "the model of the chosen point")
    attack: int = param(0, 0, MOST_ATTACKS - 1, "the attack of the chosen point")
    intervals: bool = param(True, meaning="95 % intervals as bars")

    @property
    def point(self) -> Point:
        """The same for the figures."""
        return Point(self.model, self.attack, self.level)


@dataclass(frozen=True)
class Plot:
    """A figure of the page: its heading, how it is drawn, the numbers behind it, and its place."""

    heading: str
    draw: Callable[[CurvesResult | None, CurvesLook, Sweeps], go.Figure]
    frame: Callable[[CurvesResult, CurvesLook, Sweeps], pd.DataFrame]
    place: str = "lab-half"
    height: int = 340
    note: str = ""


PLOTS = {
    "accuracy": Plot(
        "Accuracy over ε",
        lambda result, look, _: accuracy_over_eps(result, look.level, look.intervals, look.point),
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
        note="Na et al. 2018, Figure 9",
    ),
    "pivots": Plot(
        "Weight of the pivot loss",
        lambda _, __, sweeps: accuracy_over_setting(sweeps.pivots, PIVOT, training(PIVOTS, sweeps.data)),
        lambda _, __, sweeps: setting_frame(sweeps.pivots, "pivot_weight"),
        note="Na et al. 2018, Figure 5",
    ),
    "widths": Plot(
        "Capacity",
        lambda _, __, sweeps: accuracy_over_setting(sweeps.widths, WIDTH, training(WIDTHS, sweeps.data)),
        lambda _, __, sweeps: setting_frame(sweeps.widths, "width"),
        note="Madry et al. 2017, Figure 3",
    ),
    "ratios": Plot(
        "Capacity, as a share of clean accuracy",
        lambda _, __, sweeps: ratio_over_setting(sweeps.widths, WIDTH, training(WIDTHS, sweeps.data)),
        lambda _, __, sweeps: setting_frame(sweeps.widths, "width"),
        note="Kurakin et al. 2017, Figures 1 and 4",
    ),
}


def training(varied: Varied, data: str) -> str:
    """How to train networks on some data that differ in one setting only, where there are none yet."""
    setting, recipe, values = varied
    there = "" if data == "digits" else f" --data {escape(data)}"
    lines = (
        f"No two networks on these data differ in {setting} alone.",
        "This trains three, in a terminal:",
        "",
        f"python -m lab train {recipe}{there} \\",
        f"--vary {values}",
    )
    return "<br>".join(lines)
