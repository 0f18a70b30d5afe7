"""The figures of the page Robustness curves, and the settings that change only how they are drawn."""

from dataclasses import dataclass

from lab.results import CurvesResult
from lab.specs import Spec, param
from lab.specs.curves import MOST_ATTACKS, MOST_MODELS
from widgets.dashboards.curves.sweeps import Sweeps
from widgets.figures.curves.robustness import (
    Point,
    accuracy_over_eps,
    distance_distribution,
    trade_off,
    trade_off_frame,
)
from widgets.figures.curves.sweep import accuracy_over_setting, ratio_over_setting, setting_frame
from widgets.parts.page import Plot, of_result


@dataclass(frozen=True)
class Varied:
    """A setting of a recipe, and values worth comparing: what the figures over a setting need."""

    setting: str
    recipe: str
    values: str

    def invitation(self, data: str) -> str:
        """Word how to obtain models on some data that differ in this setting only, where there are none yet."""
        return (
            f"No two models trained on {data} differ in {self.setting} alone. Train {self.recipe} several times in the "
            f"training studio, with {self.values}."
        )


WIDTHS = Varied("width", "fgsm-training", "width 4, 8 and 16 of its architecture")
PIVOTS = Varied("the weight of the pivot loss", "pivot-training", "weight 0.0001, 0.001 and 0.01 of its similarity")
WIDTH, PIVOT = "width (or ρ) of the architecture", "λ₂, weight of the pivot loss"


def invitations(sweeps: Sweeps) -> list[str]:
    """Word how to obtain the runs of the figures over a setting that have none."""
    missing = [*([] if sweeps.widths else [WIDTHS]), *([] if sweeps.pivots else [PIVOTS])]
    return [each.invitation(sweeps.data) for each in missing]


@dataclass(frozen=True)
class CurvesLook(Spec):
    """Display of a result, which needs no computing. Model, attack and level of the chosen point are indices."""

    level: int = param(0, 0, 40, "the level of ε at which robustness is compared with clean accuracy")
    model: int = param(0, 0, MOST_MODELS - 1, "the model of the chosen point")
    attack: int = param(0, 0, MOST_ATTACKS - 1, "the attack of the chosen point")
    intervals: bool = param(True, meaning="95% intervals as bars")

    @property
    def point(self) -> Point:
        """The same for the figures."""
        return Point(self.model, self.attack, self.level)


@dataclass(frozen=True)
class CurvesDisplay:
    """Display of the figures: how they are drawn, and the runs that differ in one setting."""

    look: CurvesLook
    sweeps: Sweeps


PLOTS: dict[str, Plot[CurvesResult, CurvesDisplay]] = {
    "accuracy": Plot(
        "Accuracy over ε",
        lambda result, drawn: accuracy_over_eps(result, drawn.look.level, drawn.look.intervals, drawn.look.point),
        of_result(CurvesResult.to_frame),
        "lab-wide lab-main",
        420,
    ),
    "trade-off": Plot(
        "Robust versus clean accuracy",
        lambda result, drawn: trade_off(result, drawn.look.level),
        lambda result, drawn: trade_off_frame(result, drawn.look.level),
        "lab-narrow lab-main",
        420,
    ),
    "distances": Plot(
        "Nearest adversarial examples",
        of_result(distance_distribution),
        of_result(CurvesResult.distances),
        note="Na et al. 2018, Figure 9",
    ),
    "pivots": Plot(
        "Weight of the pivot loss",
        lambda _, drawn: accuracy_over_setting(drawn.sweeps.pivots, PIVOT, PIVOTS.invitation(drawn.sweeps.data)),
        lambda _, drawn: setting_frame(drawn.sweeps.pivots, "pivot_weight"),
        note="Na et al. 2018, Figure 5",
    ),
    "widths": Plot(
        "Capacity",
        lambda _, drawn: accuracy_over_setting(drawn.sweeps.widths, WIDTH, WIDTHS.invitation(drawn.sweeps.data)),
        lambda _, drawn: setting_frame(drawn.sweeps.widths, "width"),
        note="Madry et al. 2017, Figure 3",
    ),
    "ratios": Plot(
        "Capacity, as a fraction of clean accuracy",
        lambda _, drawn: ratio_over_setting(drawn.sweeps.widths, WIDTH, WIDTHS.invitation(drawn.sweeps.data)),
        lambda _, drawn: setting_frame(drawn.sweeps.widths, "width"),
        note="Kurakin et al. 2017, Figures 1 and 4",
    ),
}
