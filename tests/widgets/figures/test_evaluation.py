"""The figures of an evaluation: what they draw of a result, of a part of one, and of none."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from lab.results import EvaluationResult, ModelEvaluation, Stage
from lab.results.evaluation import CLEAN, UNBROKEN
from lab.specs import PGD, Evaluation, Linf, RandomSign, Trained
from tests.evaluations import sample_evaluation
from tests.widgets.evaluated import evaluated, running
from widgets.figures.evaluation.chart import waterfall
from widgets.figures.evaluation.images import (
    BROKEN,
    NOT_ATTACKED,
    WITHSTOOD,
    image_matrix,
    in_order,
    in_words,
    matrix,
    matrix_frame,
)
from widgets.figures.evaluation.stages import falls, in_one_order, waterfall_frame

SPEC = Evaluation(models=(Trained("standard"), Trained("<b>")), ball=Linf(0.2), images=100)
SIX = Evaluation(models=tuple(Trained(f"model-{i}") for i in range(6)), images=100)


def with_idle_stage(result: EvaluationResult) -> EvaluationResult:
    """The same with a last stage on each model that breaks nothing."""
    models = []
    for model in result.models:
        stage = Stage("noise", RandomSign(), model.robust, np.zeros(model.n, bool), passes=10, seconds=0.5)
        models.append(replace(model, stages=(*model.stages, stage)))
    return replace(result, models=tuple(models))


def replace_stage(model: ModelEvaluation, **changes: Any) -> ModelEvaluation:
    """A model whose last stage is different."""
    return replace(model, stages=(*model.stages[:-1], replace(model.stages[-1], **changes)))


def words(result: EvaluationResult, chosen: int = 0) -> str:
    """The caption of the waterfall."""
    return waterfall(result, chosen).layout.annotations[0].text


@pytest.mark.parametrize("draw", [lambda result: waterfall(result, 1), lambda result: image_matrix(result, 1, 3)])
def test_the_traces_are_the_same_whatever_is_drawn(draw):
    drawn = [draw(each) for each in (evaluated(SPEC), evaluated(SPEC, 1), evaluated(SPEC, 0), evaluated(SIX), None)]
    assert len({tuple(trace.type for trace in each.data) for each in drawn}) == 1
    assert "Nothing computed yet" in drawn[-1].layout.annotations[0].text
    assert not any("<b>" in str(trace.name or "") for each in drawn for trace in each.data)


def test_a_line_falls_from_the_clean_to_the_worst_case_accuracy_with_its_intervals():
    result = evaluated(SPEC)
    [first, second, *others] = waterfall(result).data
    assert first.x[0] == pytest.approx(100 * result.models[0].clean_accuracy) == 99
    assert first.x[-1] == pytest.approx(100 * result.models[0].robust_accuracy) == 30
    assert second.x[-1] == 60
    assert all(np.diff(first.x) <= 0)
    assert first.error_x.array[-1] == pytest.approx(9.6, abs=0.1)  # Wilson: 21.9 to 39.6%
    assert first.error_x.arrayminus[-1] == pytest.approx(8.1, abs=0.1)
    assert not any(trace.visible for trace in others)


def test_the_table_holds_what_is_drawn_and_the_attacks_that_break_nothing():
    result = with_idle_stage(evaluated(SPEC))
    frame = waterfall_frame(result)
    drawn = np.concatenate([trace.x for trace in waterfall(result).data if trace.visible])
    idle = frame["stage"] == "noise"
    np.testing.assert_allclose(frame["accuracy_percent"][~idle], drawn)
    assert list(frame["stage"][:6]) == ["clean", "PGD", "PGD, margin", "Square", "noise", "worst case"]
    assert list(frame["broken"][idle]) == [0, 0]
    left = 100 - frame[frame["stage"] == "worst case"].set_index("model")["broken"]
    assert dict(left) == {"standard": 30, "<b>": 60}


def test_a_check_that_breaks_nothing_is_counted_but_not_drawn():
    result = with_idle_stage(evaluated(SPEC))
    assert waterfall(result) == waterfall(evaluated(SPEC)).update_layout(
        annotations=waterfall(result).layout.annotations
    )
    assert "; none by 1 other attack" in words(result)
    assert "not drawn: 1 check that broke none" in image_matrix(result, 0, 3).layout.annotations[0].text
    assert len(matrix(result, 0).stages) == 4
    planned = replace(result, models=tuple(replace_stage(each, name="PGD-Margin") for each in result.models))
    assert (
        list(waterfall(planned).layout.yaxis.ticktext)[4] == "PGD-Margin"
    )  # of the budget: that it breaks none is news


def test_the_caption_states_the_finding_about_the_chosen_model():
    said = words(evaluated(SPEC), 1)
    assert "&lt;b&gt;: accuracy falls from 99.0% to 60.0% (50.2–69.1)" in said
    assert "L∞, ε = 0.2 · 100 images · quick" in said
    assert "so far" not in said
    assert "so far" in words(running(evaluated(SPEC)), 1)


def test_a_model_that_nothing_breaks_is_said_to_be_broken_by_nothing():
    robust = replace(evaluated(SPEC), models=(sample_evaluation("standard", 20, 20),))
    assert "none broken by 3 attacks." in words(robust)
    assert list(waterfall(robust).data[0].x) == [100.0] * 2
    assert matrix(robust, 0).stages == ("clean", "Square")


def test_only_the_chosen_of_several_lines_has_its_numbers_beside_it():
    """In a column of the right margin: no line, interval or name can stand there, however many models there are."""
    for result, chosen, last in (
        (evaluated(SPEC), 1, "60.0"),
        (evaluated(SPEC, 1), 1, "30.0"),
        (evaluated(SIX), 4, ""),
    ):
        drawn = waterfall(result, chosen)
        [_, *numbers] = drawn.layout.annotations
        line = drawn.data[min(chosen, len(result.models) - 1)]
        assert [each.text for each in numbers] == [f"{each:.1f}" for each in line.x]
        assert not last or numbers[-1].text == last
        np.testing.assert_allclose([each.y for each in numbers], line.y, atol=0.3)
        assert {(each.xref, each.x, each.xanchor) for each in numbers} == {("paper", 1, "right")}
        widest = max(len(each.text) for each in numbers) * 7
        assert all(widest <= each.xshift <= drawn.layout.margin.r for each in numbers)
        assert not any(trace.text for trace in drawn.data)


def test_every_line_is_named_in_the_legend_with_its_worst_case():
    long = "a-model-with-a-very-long-name-of-some-experiment_17"
    for result in (evaluated(SIX), replace(evaluated(SIX), models=(sample_evaluation(long, 20, 5),))):
        drawn = [line for line in waterfall(result).data if line.visible]
        ends = [f"{100 * each.robust_accuracy:.1f}%" for each in result.models]
        assert [line.name.split(": ")[1] for line in drawn] == ends
        assert all(len(line.name) <= 34 for line in drawn)


def test_a_stage_that_is_under_way_has_an_open_mark():
    second = waterfall(running(evaluated(SPEC)), 1).data[1]
    assert [symbol.endswith("-open") for symbol in second.marker.symbol] == [False, False, False, True, True]
    assert "still running" in second.hovertext[-1]


def test_models_with_other_stages_share_one_axis():
    result = evaluated(SPEC)
    extra = replace(result.models[1].stages[0], name="PGD, straight-through", attack=PGD())
    second = replace(result.models[1], stages=(*result.models[1].stages[:2], extra, result.models[1].stages[2]))
    figure = waterfall(replace(result, models=(result.models[0], second)), 1)
    assert list(figure.layout.yaxis.ticktext) == [
        "clean", "PGD", "PGD, margin", "PGD,<br>straight-through", "Square", "worst case",
    ]  # fmt: skip
    assert np.round(figure.data[0].y).tolist() == [0, 1, 2, 4, 5]
    assert np.round(figure.data[1].y).tolist() == [0, 1, 2, 3, 4, 5]
    assert figure.layout.height > waterfall(result, 1).layout.height


def test_the_caption_of_the_matrix_explains_its_dots_only_where_there_are_any():
    result = evaluated(SPEC)
    broken = replace(result.models[0], broken_by=np.zeros_like(result.models[0].broken_by))
    for model, dots in ((result.models[0], True), (broken, False)):
        layout = image_matrix(replace(result, models=(model,)), 0, 0).layout
        assert ("dots: survivors" in layout.annotations[0].text) == bool(layout.shapes) == dots


def test_names_of_stages_take_few_lines_and_leave_the_plot_its_room_on_a_phone():
    names = ["Square from the best points", "MultiTargeted, nearest images", "transfer from standard-b"]
    result = evaluated(SPEC)
    ran = [replace(each, name=name) for each, name in zip(result.models[0].stages, names, strict=True)]
    layout = waterfall(replace(result, models=(replace(result.models[0], stages=tuple(ran)),))).layout
    assert layout.yaxis.ticktext[1:-1] == (
        "Square from the<br>best points", "MultiTargeted,<br>nearest images", "transfer from<br>standard-b",
    )  # fmt: skip
    assert layout.meta["least"] <= 320
    assert layout.height > layout.meta["lowest"] > 32 * len(layout.yaxis.ticktext)  # two lines each


@pytest.mark.parametrize(
    ("lists", "merged"),
    [
        (["abc", "abc"], "abc"),
        (["abd", "abcd"], "abcd"),
        (["ab", "ba"], "ab"),
        (["ac", "bc", "abx"], "abcx"),
        ([], ""),
    ],
)
def test_stages_of_several_models_are_brought_into_one_order(lists, merged):
    assert "".join(in_one_order(lists)) == merged


def test_the_matrix_says_of_every_image_at_every_stage_what_became_of_it():
    result = evaluated(SPEC)
    model, shown = result.models[0], matrix(result, 0)
    assert sorted(shown.images) == list(range(100))
    for column, image in enumerate(shown.images):
        outcomes = shown.outcome[:, column]
        assert (outcomes[0] == BROKEN) == (model.broken_by[image] == CLEAN)
        for i, stage in enumerate(model.stages):
            wanted = BROKEN if stage.broken[image] else WITHSTOOD if stage.attacked[image] else NOT_ATTACKED
            assert outcomes[i + 1] == wanted
    assert (shown.outcome == BROKEN).sum() == (~model.robust).sum()


def test_images_stand_in_the_order_in_which_they_were_broken():
    model = evaluated(SPEC).models[0]
    order = in_order(model)
    stages = np.where(model.robust, 99, model.broken_by)[order]
    assert all(np.diff(stages) >= 0)
    for stage in set(stages) - {CLEAN, 99}:
        assert all(np.diff(model.distance[order][stages == stage]) >= 0)
    assert all(np.diff(model.margin[order][stages == 99]) >= 0)


def test_a_point_knows_its_image_and_says_its_numbers():
    result = evaluated(SPEC)
    _, points, mark = image_matrix(result, 0, 7).data
    column = list(points.customdata).index(7)
    assert points.text[column].startswith("image 7, label 7: broken by ")
    assert f"distance {result.models[0].distance[7]:.3g}" in points.text[column]
    assert points.y[column] == result.models[0].broken_by[7] + 1
    assert list(mark.x) == [column]


def test_survivors_and_misclassified_images_are_told_in_words():
    result = evaluated(SPEC)
    model = result.models[0]
    assert in_words(result, model, 0) == "image 0, label 0: misclassified as 1 without an attack"
    survivor = int(np.flatnonzero(model.broken_by == UNBROKEN)[0])
    assert f"withstands every attack, smallest margin {model.margin[survivor]:.3g}" in in_words(result, model, survivor)


def test_names_of_classes_and_models_are_escaped():
    result = replace(evaluated(SPEC), class_names=("<i>0</i>",) * 10)
    _, points, _ = image_matrix(result, 1, 3).data
    assert not any("<i>" in text for text in points.text)
    assert "&lt;b&gt; under" in image_matrix(result, 1, 3).layout.annotations[0].text


def test_a_prediction_that_is_no_number_is_said_to_be_none():
    result = evaluated(SPEC)
    result.models[0].adversarial[5] = np.nan
    result.models[0].margin[6] = np.nan
    assert "classified as not a number" in in_words(result, result.models[0], 5)
    assert len(image_matrix(result, 0, 5).data[1].text) == 100


def test_of_many_images_some_are_drawn_and_the_caption_says_so(monkeypatch):
    monkeypatch.setattr("widgets.figures.evaluation.images.MOST_DRAWN", 40)
    shown = matrix(evaluated(SPEC), 0)
    assert len(shown.images) == 34
    assert "every third image is drawn" in shown.caption
    assert shown.survivors == 24
    assert len(matrix_frame(evaluated(SPEC))) == 200


def test_the_dotted_line_stands_between_broken_and_surviving_images():
    line = image_matrix(evaluated(SPEC), 0, 3).layout.shapes[0]
    assert line.x0 == 69.5
    robust = replace(evaluated(SPEC), models=(sample_evaluation("standard", 20, 20),))
    assert image_matrix(robust, 0, 3).layout.shapes == ()


def test_nothing_is_drawn_of_models_that_are_still_to_come():
    empty = EvaluationResult(SPEC, tuple("0123456789"), (), 0.0)
    assert falls(empty).falls == ()
    assert not any(trace.visible for trace in waterfall(empty).data)
