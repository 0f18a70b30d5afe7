"""The figures of the Attack explorer: the same traces whatever the data, and the numbers a person can check."""

from itertools import pairwise

import numpy as np
import pytest

from lab.specs import Explore, Trained
from lab.specs.explore import SCALES
from tests.widgets.explored import explored
from widgets.figures.explore.attack import (
    TOP,
    panels,
    path,
    path_frame,
    probabilities,
    probabilities_frame,
    softmax,
)
from widgets.figures.explore.scale import loss_by_scale, scale_frame, success_by_scale

NAMES = ("standard", "pgd-trained", "mine")
FIGURES = (probabilities, path, success_by_scale, loss_by_scale)


def spec(models: int = 2, **changes) -> Explore:
    return Explore(models=tuple(Trained(name) for name in NAMES[:models]), **changes)


@pytest.mark.parametrize("draw", FIGURES)
def test_the_traces_are_the_same_whatever_the_data(draw):
    shapes = [
        [(each.type, each.yaxis and each.yaxis[0]) for each in draw(result).data]
        for result in (None, explored(spec(1), stage=1), explored(spec(2)), explored(spec(3)))
    ]
    assert [len(each) for each in shapes] == [len(shapes[0])] * 4


@pytest.mark.parametrize("draw", FIGURES)
def test_without_a_result_it_says_so(draw):
    figure = draw(None)
    assert not any(each.visible for each in figure.data)
    assert figure.layout.annotations[0].text == "Not computed yet"


def test_probabilities_before_and_after_in_a_panel_for_each_model():
    figure = probabilities(explored(spec(2)))
    before, after = figure.data[:2]
    assert np.argmax(before.y) == 2
    assert np.argmax(after.y) == 3
    assert sum(before.y) == pytest.approx(1)
    assert (figure.data[0].yaxis, figure.data[2].yaxis) == ("y", "y2")
    assert figure.layout.yaxis.domain[0] > figure.layout.yaxis2.domain[1]


def test_of_many_classes_the_likeliest_are_drawn_and_it_says_so():
    figure = probabilities(explored(spec(1), classes=100))
    assert len(figure.data[0].x) == TOP
    assert {"2", "3"} <= set(figure.layout.xaxis.ticktext)
    assert "the 5 likeliest of 100 classes" in figure.layout.legend.title.text
    assert len(probabilities_frame(explored(spec(1), classes=100))) == 100


def test_the_path_shows_loss_and_margin_of_every_model():
    figure = path(explored(spec(2)))
    loss, margin = figure.data[0], figure.data[3]
    assert (loss.y[0], loss.y[-1]) == (0, 9)
    assert (margin.y[0], margin.y[-1], margin.yaxis) == (8, -8, "y2")
    assert len(path_frame(explored(spec(2)))) == 2 * 6


def test_both_gradients_over_the_scales():
    figure = success_by_scale(explored(spec(1)))
    ours, plain = figure.data[0], figure.data[3]
    assert list(ours.y) == [100] * len(SCALES)
    assert list(plain.y) == [100, 0, 0, 0, 0, 0]
    assert (ours.line.dash, plain.line.dash) == ("solid", "dash")
    assert list(success_by_scale(explored(spec(1, logit_scale=100.0))).data[-1].x) == [100, 100]
    assert len(scale_frame(explored(spec(2)))) == 2 * len(SCALES)


def test_names_cannot_bring_markup():
    named = Explore(models=(Trained("<img src=x>"),))
    for draw in FIGURES:
        assert "<img" not in draw(explored(named)).to_json()


@pytest.mark.parametrize("count", [1, 2, 3])
def test_panels_fill_the_height_without_overlap(count):
    found = panels(count)
    assert (found[0][1], found[-1][0]) == (1, pytest.approx(0))
    assert all(0 <= low < high <= 1 for low, high in found)
    assert all(upper[0] > lower[1] for upper, lower in pairwise(found))


def test_softmax_of_large_logits():
    assert softmax(np.array([1e6, 0.0])).tolist() == [1.0, 0.0]


def test_before_the_scales_are_swept_their_table_is_empty():
    assert scale_frame(explored(spec(1), stage=1)).empty
