"""The axis of all figures over ε."""

from pathlib import Path

import pytest

from lab.specs import L2, Linf
from widgets.figures.eps_axis import AT_EPS, eps_axis, with_eps

FIGURES = Path(eps_axis.__code__.co_filename).parent


@pytest.mark.parametrize(
    ("balls", "words"),
    [
        ([Linf(16 / 255)], ["0", *(f"{k}/255" for k in range(2, 17, 2))][:9]),
        ([Linf(each / 255) for each in (2, 4, 8, 16, 32)], ["0", "8/255", "16/255", "24/255", "32/255"]),
        ([Linf(4 / 255)], ["0", "1/255", "2/255", "3/255", "4/255"]),
        ([Linf(1 / 255)], ["0", "0.25/255", "0.5/255", "0.75/255", "1/255"]),
    ],
)
def test_it_counts_grey_levels_where_the_radii_do(balls, words):
    axis = eps_axis(balls)
    assert set(axis["ticktext"]) <= {"0", *words}
    assert len(axis["ticktext"]) <= 9
    for value, text in zip(axis["tickvals"], axis["ticktext"], strict=True):
        assert 255 * value == pytest.approx(float(text.split("/")[0]))
    assert axis["range"][1] == pytest.approx(1.03 * max(each.eps for each in balls))


@pytest.mark.parametrize("balls", [[Linf(0.3)], [L2(0.5)], [Linf(each) for each in (0.1, 8 / 255)], [Linf(0.0)]])
def test_elsewhere_it_is_plotlys_own(balls):
    axis = eps_axis(balls)
    assert "tickvals" not in axis
    assert axis["range"][1] > max(each.eps for each in balls)


def test_without_radii_it_has_only_its_title():
    assert eps_axis([]) == {"title": {"text": "ε"}}


@pytest.mark.parametrize(
    ("balls", "said"),
    [
        ([Linf(16 / 255)], ["0", "0.5/255", "8/255", "16/255"]),
        ([Linf(each / 255) for each in (1, 16)], ["0", "0.5/255", "8/255", "16/255"]),
        ([Linf(0.3)], ["0", "0.00196", "0.0314", "0.0627"]),
        ([Linf(0.1), Linf(8 / 255)], ["0", "0.00196", "0.0314", "0.0627"]),
    ],
)
def test_a_point_says_its_eps_as_the_axis_does(balls, said):
    over = {"x": [0.0, 0.5 / 255, 8 / 255, 16 / 255], "hovertemplate": f"{AT_EPS}%{{y}}"}
    mute = {"x": [8 / 255], "hoverinfo": "skip"}
    assert with_eps([over, mute], balls) == [over | {"hovertext": said}, mute]


def test_without_radii_no_point_says_one():
    empty = {"x": [], "hovertemplate": AT_EPS}
    assert with_eps([empty], []) == [empty | {"hovertext": []}]


def test_no_figure_over_eps_says_it_otherwise():
    """A figure that shares the axis takes what a point says from here, too."""
    assert [each.name for each in FIGURES.rglob("*.py") if "ε %{" in each.read_text("utf-8")] == ["eps_axis.py"]
