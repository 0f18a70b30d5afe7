"""Curves of training: what is in the histories is what is drawn."""

import numpy as np
import pytest

from lab.results.run import History
from widgets.figures import studio
from widgets.figures.studio import SLOTS, Course, courses_frame
from widgets.theme import model_colour

FIGURES = (
    studio.probe_accuracy,
    studio.batch_accuracy,
    studio.loss,
    studio.gradient_norm,
    studio.eps,
    studio.learning_rate,
)


def course(name: str = "mine", lines: int = 6, **more: float) -> Course:
    """Two lines an epoch, the second with a probe."""
    told = [
        {"step": i, "epoch": i / 2, "seconds": i, "loss": 2 / i, "clean": 0.5, "gradient": 1.0, "learning_rate": 1e-3}
        | ({"probe_clean": 0.9, "probe_fgsm": 0.8, "probe_pgd": 0.1} if i % 2 == 0 else {})
        | more
        for i in range(1, lines + 1)
    ]
    return Course(name, History.of(told), 10)


def drawn(figure) -> list:
    return [each for each in figure.to_dict()["data"] if each["visible"]]


@pytest.mark.parametrize("draw", FIGURES)
def test_the_traces_are_as_many_whatever_is_drawn(draw):
    counts = {len(draw([course(str(i)) for i in range(n)]).to_dict()["data"]) for n in (0, 1, 3, SLOTS)}
    assert len(counts) == 1
    assert drawn(draw([])) == []


def test_what_comes_once_an_epoch_is_joined_and_in_percent():
    clean, fgsm, pgd = (each for each in studio.probe_accuracy([course()]).data if each.visible)
    assert list(clean["x"]) == [1, 2, 3]
    assert np.allclose([clean["y"], fgsm["y"], pgd["y"]], [[90] * 3, [80] * 3, [10] * 3])
    assert len({each["line"]["dash"] for each in (clean, fgsm, pgd)}) == 3


def test_a_metric_that_a_run_does_not_have_is_not_drawn():
    assert [each["name"] for each in drawn(studio.batch_accuracy([course("a"), course("b", adversarial=0.3)]))] == [
        "a",
        "b",
        "b",
    ]
    figure = studio.eps([course()])
    assert "have none" in str(figure.to_dict()["layout"]["annotations"])


def test_every_run_has_its_colour_and_one_entry_in_the_legend():
    traces = drawn(studio.probe_accuracy([course("standard"), course("<b>")]))
    assert {each["line"]["color"] for each in traces} == {model_colour("standard"), model_colour("<b>")}
    assert [each["name"] for each in traces if each["showlegend"]] == ["standard", "&lt;b&gt;"]


def test_the_numbers_behind_a_figure():
    frame = courses_frame([course("a"), course("b", lines=2)], ["loss"])
    assert list(frame.columns) == ["run", "step", "epoch", "seconds", "loss"]
    assert list(frame["run"]) == ["a"] * 6 + ["b"] * 2
    assert frame["loss"][0] == 2
