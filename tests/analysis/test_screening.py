"""Screening test images: what it says of each is what the model and the attack say."""

import numpy as np
import pytest
import torch
from torch import nn

from lab.analysis import analyse, screening as module
from lab.attacks import maximise, minimum_distance
from lab.context import Context
from lab.data import load as load_data
from lab.errors import FieldError
from lab.models import load as load_model
from lab.results.prediction import NO_CLASS
from lab.specs import PGD, Digits, Linf, Screening, Trained
from lab.specs.screening import DISTANCES, LABELS, PREDICTIONS

SMALL = Screening(models=(Trained("standard"), Trained("pgd-trained")), images=40, attack=PGD(steps=3))


def test_it_says_what_the_models_and_the_attack_say():
    result = analyse(SMALL, Context())
    test = load_data(Digits()).test
    x, y = test.images(range(40)), test.labels(range(40))
    np.testing.assert_array_equal(result.y, y.numpy())
    assert [each.model for each in result.models] == ["standard", "pgd-trained"]
    for found in result.models:
        network = load_model(Trained(found.model))
        logits = network(x)
        x_adv = maximise(SMALL.attack, network, x, y, SMALL.ball, Context())
        np.testing.assert_array_equal(found.clean, logits.argmax(1).numpy())
        np.testing.assert_array_equal(found.attacked, network(x_adv).argmax(1).numpy())
        others = logits.clone()
        others[range(40), y] = -torch.inf
        np.testing.assert_allclose(found.margin, (logits[range(40), y] - others.amax(1)).detach(), rtol=1e-5, atol=1e-5)
        kinds = np.stack([result.misclassified(found), result.fooled(found), result.survives(found)])
        assert (kinds.sum(0) == 1).all()
        assert ((found.margin < 0) == result.misclassified(found)).all()
        assert len(found.distance) == 0
    shares = result.shares()
    assert list(shares["images"]) == [40, 40]
    assert shares["fooled"][0] > shares["fooled"][1]
    assert len(result.to_frame()) == 80


@pytest.mark.slow
def test_distances_are_those_of_the_search_that_also_tells_who_is_fooled():
    spec = SMALL.replace(extent=DISTANCES, images=8)
    result = analyse(spec, Context())
    test = load_data(Digits()).test
    for found in result.models:
        network = load_model(Trained(found.model))
        far = minimum_distance(spec.search, network, test.images(range(8)), test.labels(range(8)))[1]
        np.testing.assert_array_equal(found.distance, far.numpy())
        assert ((found.distance == 0) == result.misclassified(found)).all()
        assert len(found.attacked) == 8
    assert result.shares()["median distance"].notna().all()


def test_of_what_nobody_asked_nothing_is_computed(monkeypatch):
    monkeypatch.setattr(module, "maximise", None)
    [found] = analyse(SMALL.replace(extent=PREDICTIONS, models=SMALL.models[:1]), Context()).models
    assert [len(each) for each in (found.clean, found.margin, found.attacked, found.distance)] == [40, 40, 0, 0]
    monkeypatch.setattr(module, "load_model", None)
    result = analyse(SMALL.replace(extent=LABELS, models=()), Context())
    assert (len(result.y), result.models, result.done) == (40, (), 1.0)
    assert len(result.shares()) == len(result.to_frame()) == 0


def test_where_there_are_fewer_images_fewer_are_screened():
    assert len(analyse(SMALL.replace(images=10_000, attack=PGD(steps=1)), Context()).y) == 360


def test_models_come_one_by_one():
    seen = []
    analyse(SMALL, Context(on_partial=seen.append))
    assert [(len(each.models), each.done) for each in seen] == [(1, 0.5)]


def test_what_is_no_number_is_no_class_and_not_robust(monkeypatch):
    class Broken(nn.Module):
        def forward(self, x):
            return torch.full((len(x), 10), torch.nan) + x.sum()

    monkeypatch.setattr(module, "load_model", lambda _: Broken())
    result = analyse(SMALL.replace(models=(Trained("standard"),), images=3), Context())
    [model] = result.models
    assert set(model.clean) == {NO_CLASS}
    assert result.misclassified(model).all()
    assert not result.survives(model).any()
    assert set(result.to_frame()["predicted"]) == {"not a number"}


@pytest.mark.parametrize("models", [(), (Trained("standard"),) * 2, tuple(Trained(str(i)) for i in range(5))])
def test_one_to_four_different_models(models):
    with pytest.raises(FieldError, match="1 to 4 different"):
        Screening(models=models, ball=Linf(0.1))
