"""The print figures of an evaluation and of robustness curves: what is drawn is what was found."""

from dataclasses import replace

import numpy as np
import pytest

from lab.results import EvaluationResult
from lab.results.result import pack, unpack
from lab.specs import FGSM, PGD, RobustnessCurves, Trained
from tests.evaluations import sample_evaluation, sample_result
from tests.widgets.curved import curved
from widgets.paper import paper_figure, save
from widgets.paper.evaluation import stage_accuracies
from widgets.paper.sheet import spread
from widgets.theme import model_colour

SIX = ("standard", "pgd-trained", "trades-trained", "fgsm-trained", "fast-trained", "cascade-trained")


def texts(figure) -> list[str]:
    return [each.get_text() for panel in figure.axes for each in panel.texts]


@pytest.mark.parametrize("count", range(1, 7))
def test_every_model_falls_from_its_clean_to_its_robust_accuracy(count):
    result = sample_result(SIX[:count], n=50)
    [panel] = paper_figure(result).axes
    for model, drawn in zip(result.models, panel.containers, strict=True):
        line = drawn.lines[0]
        assert line.get_ydata() == pytest.approx([100 * each for each in model.accuracies()])
        assert line.get_color() == model_colour(model.model)
    assert [each.get_text() for each in panel.get_xticklabels()] == ["clean", "PGD", "PGD, margin", "Square"]
    assert panel.get_title() == "L∞, ε = 0.3, 50 images"


def test_the_bars_are_95_per_cent_intervals():
    result = sample_result(("standard",))
    shown, [model] = stage_accuracies(result), result.models
    for i, accuracy in enumerate(model.accuracies()):
        assert (shown.low[0, i] / 100, shown.high[0, i] / 100) == pytest.approx(model.interval(accuracy))


def test_a_stage_that_a_model_did_not_go_through_changes_nothing_for_it():
    long, short = sample_evaluation("long", 20, 2), sample_evaluation("short", 20, 2)
    by = np.where(short.broken_by == 1, -2, short.broken_by)
    short = replace(short, stages=short.stages[::2], broken_by=np.where(by == 2, 1, by))  # PGD and Square
    shown = stage_accuracies(EvaluationResult(sample_result().spec, (), (long, short), 1.0))
    assert shown.stages == ("clean", "PGD", "PGD, margin", "Square")
    assert shown.accuracy[1, 1] == shown.accuracy[1, 2]
    assert shown.accuracy[1, [0, 1, 3]] == pytest.approx([100 * each for each in short.accuracies()])


def test_stages_in_another_order_never_let_accuracy_rise():
    one, other = sample_evaluation("one", 40, 4), sample_evaluation("other", 40, 4, seed=3)
    other = replace(other, stages=other.stages[::-1])
    shown = stage_accuracies(EvaluationResult(sample_result().spec, (), (one, other), 1.0))
    assert (np.diff(shown.accuracy, axis=1) <= 0).all()
    assert shown.accuracy[1, -1] == pytest.approx(100 * other.robust_accuracy)


def test_before_the_first_stage_only_the_clean_accuracy_is_drawn():
    model = sample_evaluation(n=10, robust=9)
    result = EvaluationResult(sample_result().spec, (), (replace(model, stages=()),), 0.1)
    assert stage_accuracies(result).accuracy.tolist() == [[90.0]]
    paper_figure(result)


def test_names_stand_literally_at_the_ends(tmp_path):
    names = ("a$b$c", "_x", r"\frac{1}", "<b>&amp;")
    models = tuple(sample_evaluation(each, robust=5) for each in names)
    figure = paper_figure(EvaluationResult(sample_result().spec, (), models, 1.0))
    assert [each.replace(r"\$", "$") for each in texts(figure)] == [f"{name} 25.0" for name in names]
    save(figure, tmp_path / "names.svg")
    assert "<b>" not in (tmp_path / "names.svg").read_text("utf-8")


@pytest.mark.parametrize("heights", [[0] * 6, [100] * 6, [50, 51, 52, 90], [3, 100, 99, 0], [42.0], []])
def test_labels_keep_their_distance_and_their_order(heights):
    placed = spread(np.array(heights, float), 7, highest=100)
    order = np.argsort(heights, kind="stable")
    assert (np.diff(placed[order]) >= 7 - 1e-9).all()
    assert (placed <= 100).all()


def test_labels_with_room_stay_where_they_are():
    assert spread(np.array([90.0, 10, 50]), 7, highest=100).tolist() == [90, 10, 50]


def test_curves_are_drawn_with_their_distances():
    result = curved(RobustnessCurves(**ASKED))
    accuracy, distance = paper_figure(result).axes
    drawn = [line.get_ydata().tolist() for line in accuracy.lines[:-1]]
    assert drawn == [(100 * right.mean(-1)).tolist() for each in result.models for right in each.right]
    assert accuracy.lines[0].get_xdata().tolist() == list(result.spec.eps)
    assert accuracy.lines[0].get_color() == model_colour("standard")
    assert accuracy.get_xlabel() == "ε, L∞"
    assert distance.lines[0].get_ydata()[-1] == pytest.approx(100 * np.isfinite(result.models[0].distance).mean())


def test_curves_without_distances_have_one_panel():
    result = curved(RobustnessCurves(**ASKED | {"searched": 0}), searched=False)
    assert len(paper_figure(result, 2).axes) == 1


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["pdf", "svg", "png"])
def test_both_are_files_also_after_they_were_kept(ending, tmp_path):
    for name, result in (("evaluation", sample_result()), ("curves", curved(RobustnessCurves(**ASKED)))):
        save(paper_figure(unpack(pack(result))), tmp_path / f"{name}.{ending}")
        assert (tmp_path / f"{name}.{ending}").stat().st_size > 2000


ASKED = {
    "models": (Trained("standard"), Trained("mine")),
    "attacks": (FGSM(), PGD()),
    "levels": 2,
    "images": 20,
    "searched": 5,
}
