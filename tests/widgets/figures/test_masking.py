"""The figures of masking: what they draw of a result, of a part of one, and of none."""

import numpy as np
import pytest

from lab.specs import Linf, Masking, Trained
from tests.widgets.masked import masked
from widgets.figures.masking.curves import accuracy_over_eps, gradient_correlation, gradient_frame
from widgets.figures.masking.evidence import approximation, cosine, error_rates, orthogonal, per_image_frame
from widgets.figures.masking.label_leaking import leaks, leaks_frame

SPEC = Masking(models=(Trained("standard"), Trained("<b>")), ball=Linf(0.2), eps=(0.1, 0.5), images=100)
ALL = (error_rates, approximation, cosine, leaks, orthogonal)
OF_ONE = (accuracy_over_eps, gradient_correlation)


@pytest.mark.parametrize("draw", [*ALL, *(lambda result, each=each: each(result, 1) for each in OF_ONE)])
def test_the_traces_are_the_same_whatever_is_drawn(draw):
    whole, part, none = (draw(each) for each in (masked(SPEC), masked(SPEC, 1), None))
    assert [t.type for t in whole.data] == [t.type for t in part.data] == [t.type for t in none.data]
    assert not any("<b>" in (trace.name or "") for trace in whole.data)


def test_the_bars_are_attacks_and_the_worst_black_boxes_with_intervals():
    bars = error_rates(masked(SPEC)).data[0]
    assert list(bars.x)[2:4] == ["FGSM", "R+FGSM"]
    np.testing.assert_allclose(bars.y, [0, 100, 100, 100, 100, 100, 80, 80])
    assert bars.error_y.array[0] == pytest.approx(3.7, abs=0.1)


def test_a_distribution_counts_up_to_all_images_and_names_its_mean():
    [standard, *_] = cosine(masked(SPEC)).data
    assert (standard.y[-1], len(standard.x)) == (100, 100)
    assert standard.name == "standard, mean 0.55"


def test_an_approximation_of_nothing_is_left_out():
    result = masked(SPEC)
    result.models[0].loss[:, :, :30] = 0
    result.models[0].black_loss[:, :, :30] = 0
    assert len(approximation(result).data[0].x) == 70


def test_a_point_of_a_distribution_knows_its_image():
    result = masked(SPEC)
    result.models[0].cosine[7] = 0.01
    lowest = cosine(result).data[0]
    assert (lowest.x[0], lowest.customdata[0]) == (np.float32(0.01), 7)


def test_a_leaked_label_is_marked_at_its_image_and_eps():
    result = masked(SPEC)
    assert "No label of the 100 images" in leaks(result).layout.annotations[0].text
    result.models[0].wrong[Masking.attacks.index("FGSM"), 2, 31] = (
        False  # with the true label; without it misclassified
    )
    marks = leaks(result).data[0]
    assert (list(marks.x), list(marks.y), list(marks.customdata), marks.name) == (
        [0.5],
        [31],
        [31],
        "standard: at most 1",
    )
    frame = leaks_frame(result)
    assert frame.dropna()[["model", "eps", "image"]].to_numpy().tolist() == [["standard", 0.5, 31]]
    assert len(frame) == 6


def test_orthogonal_directions_are_counted_at_least():
    line = orthogonal(masked(SPEC)).data[0]
    shares = dict(zip(line.x, line.y, strict=True))
    assert (shares[1], shares[4], shares[5], shares[17]) == (75, 75, 50, 0)


def test_orthogonal_directions_are_waited_for():
    result = masked(SPEC)
    for model in result.models:
        object.__setattr__(model, "orthogonal", np.zeros(0, int))
    assert orthogonal(result).layout.annotations[0].text == "Nothing computed yet"


def test_accuracy_starts_clean_and_has_the_line_of_chance():
    figure = accuracy_over_eps(masked(SPEC), 0)
    pgd = figure.data[-1]
    np.testing.assert_allclose((pgd.x, pgd.y), [(0, 0.1, 0.2, 0.5), (100, 0, 0, 0)])
    assert figure.layout.shapes[0].y0 == 10


def test_gradients_without_a_number_are_left_out():
    result = masked(SPEC)
    result.models[0].correlation[1, 0] = np.nan
    line = gradient_correlation(result, 0).data[3]
    assert np.isnan(line.y[0])
    assert line.y[1] == pytest.approx(0.7)
    assert line.name == "clean and FGSM image"


def test_a_model_that_is_not_examined_yet_draws_nothing():
    assert not any(trace.visible for trace in accuracy_over_eps(masked(SPEC, 1), 1).data)


def test_the_tables_hold_what_is_drawn():
    result = masked(SPEC)
    assert len(per_image_frame(result)) == 200
    frame = gradient_frame(result)
    assert len(frame) == 2 * 4 * 3
    assert frame["labels_leaked"].sum() == 0


@pytest.mark.parametrize("table", [gradient_frame, per_image_frame, leaks_frame])
def test_before_a_model_is_examined_the_table_is_empty(table):
    assert table(masked(SPEC, 0)).empty
