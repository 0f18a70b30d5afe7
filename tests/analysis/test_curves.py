"""Accuracy over eps: what each attack does alone at each eps; distances: those of the search."""

import numpy as np
import pytest

from lab.analysis import analyse
from lab.attacks import attack, judge, minimum_distance
from lab.context import Cancelled, Context
from lab.cost import cost
from lab.data import load as load_data
from lab.errors import SpecError
from lab.models import load as load_model
from lab.results import pack, unpack
from lab.specs import FGSM, L2, PGD, CarliniWagnerL2, Digits, Linf, RobustnessCurves, Trained

SPEC = RobustnessCurves(
    models=(Trained("standard"), Trained("fgsm-trained")),
    attacks=(FGSM(), PGD(steps=5, step_size=0.1)), levels=3, images=30, searched=3,
)  # fmt: skip


@pytest.fixture(scope="module")
def result():
    return analyse(SPEC, Context())


@pytest.mark.slow
def test_a_point_is_what_the_attack_alone_achieves(result):
    test = load_data(Digits()).test
    x, y = test.images(range(30)), test.labels(range(30))
    for spec, found in zip(SPEC.models, result.models, strict=True):
        model = load_model(spec)
        for each, right in zip(SPEC.attacks, found.right, strict=True):
            verdict = judge(x, y, attack(each, model, x, y, Linf(0.2)), model, Linf(0.2))
            assert np.array_equal(right[0], verdict.clean == verdict.y)
            assert right[2].mean() == pytest.approx(verdict.robust_accuracy, abs=1 / 30)
        assert np.array_equal(found.worst(), found.right[0] & found.right[1])


@pytest.mark.slow
def test_distances_are_those_of_the_search(result):
    test = load_data(Digits()).test
    x, y = test.images(range(3)), test.labels(range(3))
    _, far = minimum_distance(SPEC.search, load_model(SPEC.models[0]), x, y)
    assert result.models[0].distance == pytest.approx(far.numpy(), abs=1e-5)
    assert len(result.distances()) == 2 * 3


@pytest.mark.slow
def test_every_accuracy_lies_in_its_interval(result):
    frame = result.to_frame()
    assert len(frame) == 2 * 2 * 4
    assert frame["accuracy"].between(frame["low"] - 1e-9, frame["high"] + 1e-9).all()


@pytest.mark.slow
def test_every_attack_on_every_model_is_shown_as_it_comes():
    partial = []
    analyse(SPEC.replace(searched=1), Context(on_partial=partial.append))
    assert [[len(model.right) for model in each.models] for each in partial] == [[1, 0], [1, 1], [2, 1], [2, 2]]
    assert [each.done for each in partial] == sorted(each.done for each in partial)
    assert not len(partial[-1].models[0].distance)


def test_nothing_is_searched_when_nothing_is_asked_for():
    result = analyse(SPEC.replace(searched=0, models=SPEC.models[:1]), Context())
    assert (result.done, len(result.models[0].distance)) == (1.0, 0)


def test_in_l2_the_search_is_in_l2():
    assert isinstance(RobustnessCurves(ball=L2(2.0)).search, CarliniWagnerL2)


def test_it_stops_when_nobody_waits():
    partial = []
    with pytest.raises(Cancelled):
        analyse(SPEC, Context(on_partial=partial.append, cancelled=lambda: bool(partial)))
    assert len(partial) < 4


def test_a_result_survives_the_store(result):
    again = unpack(pack(result))
    assert again.spec == result.spec
    assert np.array_equal(again.models[1].right, result.models[1].right)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"models": ()}, "1 to 8"),
        ({"attacks": (FGSM(), FGSM())}, "1 to 4"),
        ({"ball": Linf(0.0)}, "ε above 0"),
    ],
)
def test_impossible_settings_are_refused(wrong, said):
    with pytest.raises(SpecError, match=said):
        RobustnessCurves(**wrong)


def test_more_images_than_there_are_are_refused():
    with pytest.raises(SpecError, match="only 360 test images"):
        analyse(RobustnessCurves(images=361), Context())


def test_its_cost_counts_models_attacks_levels_and_images():
    one = RobustnessCurves(models=SPEC.models[:1], attacks=(PGD(steps=5),), levels=2, images=10, searched=0)
    assert cost(one).passes >= 100
    assert cost(one.replace(models=SPEC.models)).passes == 2 * cost(one).passes
    assert cost(one.replace(searched=1)).passes > cost(one).passes
