"""The shipped networks: their cards tell the truth, and they come out of their recipes again."""

import json

import pytest

from lab.attacks import attack, judge
from lab.catalogue import models
from lab.context import Context
from lab.models import load as load_model
from lab.results.run import History
from lab.specs import FGSM, CascadeExamples, EnsembleExamples, StepLL, Trained, from_dict
from lab.training.measure import measure
from lab.training.prepared import begins_alike
from lab.training.zoo import FOLDER, RECIPES, train_zoo

SHIPPED = [each.name for each in models() if each.origin == "zoo"]


def card(name: str) -> dict:
    return json.loads((FOLDER / f"{name}.json").read_text())


@pytest.mark.parametrize("name", SHIPPED)
def test_the_card_tells_the_truth(name, digits):
    """The shipped weights have the accuracies that their card claims, and were made by today's recipe."""
    told = card(name)
    assert from_dict(told["recipe"]) == RECIPES[name]
    assert told["data_fingerprint"] == digits.fingerprint
    model, ball = load_model(Trained(name)), from_dict(told["measured_ball"])
    x, y = digits.test.images(slice(None)), digits.test.labels(slice(None))
    assert judge(x, y, x, model, ball).clean_accuracy == told["measured"]["clean"]
    for key, spec in (("fgsm", FGSM()), ("step_ll", StepLL())):
        found = judge(x, y, attack(spec, model, x, y, ball), model, ball)
        assert found.robust_accuracy == pytest.approx(told["measured"][key], abs=0.006)


@pytest.mark.parametrize("name", ["pgd-trained", pytest.param("fgsm-trained", marks=pytest.mark.slow)])
def test_the_card_tells_the_truth_about_random_attacks(name, digits):
    told = card(name)
    ball, source = from_dict(told["measured_ball"]), told["measured_source"]
    found = measure(load_model(Trained(name)), digits, ball, Context(seed=1), source)
    assert found.shares() == pytest.approx(told["measured"], abs=0.03)  # other random starts


def test_every_recipe_is_shipped_with_its_curves():
    assert set(SHIPPED) == set(RECIPES)
    for name in SHIPPED:
        lines = [json.loads(each) for each in (FOLDER / f"{name}.metrics.jsonl").read_text().splitlines()]
        assert History.of(lines).epoch[-1] == RECIPES[name].epochs
    assert sum(each.stat().st_size for each in FOLDER.iterdir()) < 12e6


def test_fixed_networks_come_before_those_that_need_them():
    """And a cascade begins where its defended network began. Na et al. 2018, §5.1."""
    known = list(RECIPES)
    for name, recipe in RECIPES.items():
        source = getattr(recipe, "source", None)
        if isinstance(source, EnsembleExamples):
            assert all(known.index(each.name) < known.index(name) for each in source.models)
            assert not any(begins_alike(recipe, each.name) for each in source.models)
        if isinstance(source, CascadeExamples):
            assert known.index(source.defended.name) < known.index(name)
            assert begins_alike(recipe, source.defended.name)


@pytest.mark.slow
def test_the_smallest_comes_out_again(tmp_path):
    """Trained on another machine, rounding differs and grows; the accuracies may differ by a few of 360 images."""
    [again] = train_zoo(Context(), ("standard",), tmp_path).values()
    assert again.measured.shares() == pytest.approx(card("standard")["measured"], abs=0.03)
    assert again.measured.source == "standard-b"
    assert {each.name for each in tmp_path.iterdir()} == {
        f"standard.{each}" for each in ("json", "safetensors", "metrics.jsonl")
    }


def test_the_digits_show_gradient_masking(digits):
    """Tramèr et al. 2018, §4.1: one-step training holds against one step and falls to many."""
    measured = card("fgsm-trained")["measured"]
    assert measured["fgsm"] > 0.5
    assert measured["pgd"] < 0.05
