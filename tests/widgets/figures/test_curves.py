"""The figures of the page Robustness curves: the same traces whatever the data, and numbers a person can check."""

import numpy as np
import pytest

from lab.specs import FGSM, PGD, Linf, RobustnessCurves, Trained
from tests.widgets.curved import curved
from widgets.figures.curves.robustness import accuracy_over_eps, distance_distribution, trade_off, trade_off_frame
from widgets.figures.curves.sweep import Sweep, SweepPoint, accuracy_over_setting, ratio_over_setting, setting_frame

NAMES = ("standard", "pgd-trained", "mine")
FIGURES = {
    "accuracy": lambda result: accuracy_over_eps(result, 1),
    "trade-off": lambda result: trade_off(result, 1),
    "distances": distance_distribution,
}
SWEEPS = [
    Sweep("w", (SweepPoint("w4", 4, {"clean": 0.8, "pgd": 0.1}), SweepPoint("w32", 32, {"clean": 0.8, "pgd": 0.4})))
]


def spec(models: int = 2, **changes) -> RobustnessCurves:
    about = {"attacks": (FGSM(), PGD()), "levels": 2, "images": 20, "searched": 5} | changes
    return RobustnessCurves(models=tuple(Trained(name) for name in NAMES[:models]), **about)


@pytest.mark.parametrize("draw", FIGURES.values(), ids=FIGURES)
def test_the_traces_are_the_same_whatever_the_data(draw):
    results = (None, curved(spec(1), attacks=0, searched=False), curved(spec(2), attacks=1), curved(spec(3)))
    kinds = [[each.type for each in draw(result).data] for result in results]
    assert kinds == [kinds[0]] * len(kinds)


@pytest.mark.parametrize("draw", FIGURES.values(), ids=FIGURES)
def test_without_a_result_it_says_so(draw):
    figure = draw(None)
    assert not any(each.visible for each in figure.data)
    assert figure.layout.annotations[0].text == "Nothing computed yet"


def test_a_curve_is_the_accuracy_with_its_interval():
    figure = accuracy_over_eps(curved(spec(1)), 1)
    fgsm, pgd = figure.data[:2]
    assert list(fgsm.y) == [100, 70, 40]
    assert list(pgd.y) == [100, 60, 30]
    assert all(fgsm.error_y.arrayminus > 0)
    assert (fgsm.y + fgsm.error_y.array <= 100 + 1e-9).all()
    assert (fgsm.line.dash, pgd.line.dash) == ("solid", "dash")
    assert accuracy_over_eps(curved(spec(1)), 1, intervals=False).data[0].error_y.visible is False


def test_two_settings_of_one_attack_are_told_apart():
    result = curved(spec(1, attacks=(PGD(steps=10), PGD(steps=40))))
    expected = {"PGD (steps 10)", "PGD (steps 40)"}
    assert expected <= {each.name for each in accuracy_over_eps(result, 1).data if each.showlegend}
    assert "PGD (steps 10), PGD (steps 40)" in trade_off(result, 1).layout.legend.title.text.replace("<br>", " ")
    assert set(result.to_frame()["attack"]) == expected


def test_the_trade_off_says_its_eps_on_colour_images_in_grey_levels():
    said = trade_off(curved(spec(1, ball=Linf(8 / 255))), 1).layout.legend.title.text
    assert said.replace("<br>", " ").endswith("at ε 4/255")


def test_the_trade_off_takes_the_worst_attack():
    figure = trade_off(curved(spec(2)), 2)
    assert (figure.data[0].x[0], figure.data[0].y[0]) == (100, 30)
    assert "FGSM, PGD" in figure.layout.legend.title.text
    assert trade_off_frame(curved(spec(2)), 2)["robust"].tolist() == [0.3, 0.6]


def test_the_distribution_counts_the_images_within_a_distance():
    result = curved(spec(1))
    result.models[0].distance[-1] = np.inf
    steps = distance_distribution(result).data[0]
    assert list(steps.y) == [0, 20, 40, 60, 80, 80]
    assert steps.x[-1] > result.models[0].distance[-2]


def test_the_distances_have_room_also_in_a_figure_that_was_drawn_without_any():
    result = curved(spec(2))
    low, high = distance_distribution(result).layout.xaxis.range  # an axis left to plotly keeps that of no data, 0 to 6
    assert low < 0
    assert max(result.spec.ball.eps, *(each.distance.max() for each in result.models)) < high < 2


def test_unsearched_images_are_said_to_be_so():
    figure = distance_distribution(curved(spec(1, searched=0)))
    assert "No images are searched" in figure.layout.annotations[0].text


def test_runs_over_a_setting_and_an_invitation_without_any():
    clean, fgsm, _, pgd, *_ = (figure := accuracy_over_setting(SWEEPS, "width", "train some")).data
    assert list(clean.x) == [4, 32]
    assert list(pgd.y) == pytest.approx([10, 40])
    assert (fgsm.visible, figure.layout.xaxis.type) == (False, "log")
    assert accuracy_over_setting([], "width", "train some").layout.annotations[0].text == "train some"
    assert setting_frame(SWEEPS, "width")["width"].tolist() == [4, 32]


def test_the_ratio_is_the_share_of_clean_accuracy_that_is_left():
    fgsm, _, pgd, *_ = ratio_over_setting(SWEEPS, "width", "").data
    assert list(pgd.y) == pytest.approx([1 / 8, 1 / 2])
    assert fgsm.visible is False
    assert setting_frame(SWEEPS, "width")["pgd_ratio"].tolist() == pytest.approx([1 / 8, 1 / 2])


def test_names_cannot_bring_markup():
    named = RobustnessCurves(models=(Trained("<img src=x>"),), images=20, searched=5)
    for draw in FIGURES.values():
        assert "<img" not in draw(curved(named)).to_json()
    assert (
        "<img"
        not in accuracy_over_setting(
            [Sweep("<img src=x>", (SweepPoint("<img src=x>", 1, {"clean": 1.0}),))], "width", ""
        ).to_json()
    )
