"""The shipped networks: their cards tell the truth, and they come out of their recipes again."""

import json

import pytest
import torch

from lab.attacks import attack, judge
from lab.catalogue import data_card, models
from lab.cli.zoo import asked
from lab.context import Cancelled, Context
from lab.data import Dataset, load
from lab.errors import ModelError
from lab.models import load as load_model
from lab.results.run import History
from lab.specs import (
    FGSM,
    CascadeExamples,
    Digits,
    EnsembleExamples,
    SmallCNN,
    StepLL,
    Trained,
    from_dict,
    standard_training,
)
from lab.training.measure import measure
from lab.training.prepared import begins_alike
from lab.training.zoo import FOLDER, RECIPES, train_zoo
from tests.families import family

SHIPPED = [each.name for each in models() if each.origin == "zoo"]


def card(name: str) -> dict:
    return json.loads((FOLDER / f"{name}.json").read_text())


def of_data(name: str) -> Dataset:
    """The data of a recipe; the test is skipped without them."""
    data = RECIPES[name].data
    if not (found := data_card(data)).available:
        pytest.skip(found.note)
    return load(data)


@pytest.mark.parametrize("name", SHIPPED)
def test_the_weights_are_those_of_the_card_and_of_todays_recipe(name):
    """Without the data: a hash that differs is refused."""
    told = card(name)
    assert from_dict(told["recipe"]) == RECIPES[name]
    assert told["data"] == data_card(RECIPES[name].data).name
    assert load_model(Trained(name))(torch.zeros(2, *told["shape"])).shape == (2, told["classes"])


@pytest.mark.parametrize("name", family(SHIPPED, ("standard", "ensemble-trained", "pgd-trained").__contains__))
def test_the_card_tells_the_truth(name):
    """The shipped weights have the accuracies that their card claims."""
    told, data = card(name), of_data(name)
    assert told["data_fingerprint"] == data.fingerprint
    model, ball = load_model(Trained(name)), from_dict(told["measured_ball"])
    x, y = data.test.images(slice(told["measured_images"])), data.test.labels(slice(told["measured_images"]))
    assert judge(x, y, x, model, ball).clean_accuracy == pytest.approx(told["measured"]["clean"], abs=1e-9)
    for key, spec in (("fgsm", FGSM()), ("step_ll", StepLL())):
        found = judge(x, y, attack(spec, model, x, y, ball), model, ball)
        assert found.robust_accuracy == pytest.approx(told["measured"][key], abs=0.006)


@pytest.mark.slow
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
def test_an_interrupted_training_is_carried_on(tmp_path, monkeypatch):
    """And one whose recipe has changed since begins again."""
    monkeypatch.setenv("LAB_HOME", str(tmp_path))
    tiny = standard_training(architecture=SmallCNN(width=1), epochs=1)
    monkeypatch.setitem(RECIPES, "tiny", tiny)
    asked = iter([False] * 10)
    with pytest.raises(Cancelled):
        train_zoo(Context(cancelled=lambda: next(asked, True)), ("tiny",), tmp_path / "shipped")
    begun = tmp_path / "zoo" / "tiny"
    assert (begun / "recipe.json").exists()
    [run] = train_zoo(Context(), ("tiny",), tmp_path / "shipped").values()
    assert run.recipe == tiny
    assert not begun.exists()
    assert len(list((tmp_path / "shipped").iterdir())) == 3


def test_models_are_named_one_by_one_or_by_their_data(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("LAB_DATA", str(tmp_path))
    digits = tuple(name for name, recipe in RECIPES.items() if recipe.data == Digits())
    assert asked(()) == asked(["digits"]) == digits
    assert (
        "The models of mnist, fashion-mnist, cifar10 are left out: these data are not here." in capsys.readouterr().err
    )
    assert asked(["fashion-mnist", "standard"]) == ("standard", "fashion-mnist-standard", "fashion-mnist-pgd-trained")
    with pytest.raises(ModelError, match="no model called 'nobody'; it has digits, mnist"):
        asked(["nobody"])


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
