"""Whole trainings of the papers: their numbers are the papers', and each of them trains."""

from importlib import import_module

import numpy as np
import pytest
import torch

from lab import runs
from lab.catalogue import find_card, parts
from lab.context import Context
from lab.errors import LabError
from lab.models import build, load as load_model
from lab.results.run import Measured
from lab.specs import (
    FGSM,
    MNIST,
    PGD,
    Adam,
    EnsembleExamples,
    Linf,
    OwnExamples,
    Trained,
    TramerA,
    TramerB,
    TramerBStar,
    TramerC,
    TramerD,
    from_dict,
    papers,
    to_dict,
)
from lab.specs.papers import tramer
from lab.training import train
from tests.data.test_published import mnist_files, put

WHOLE = pytest.mark.parametrize("preset", papers.WHOLE, ids=lambda each: each.name)


NAMED = {each.name: each for each in papers.WHOLE}


def built_on(recipe):
    """The names of the models that a recipe builds on."""
    return [each.name for each in parts(recipe) if isinstance(each, Trained)]


@WHOLE
def test_every_whole_preset_is_called_by_its_paper_and_says_what_it_is(preset):
    recipe = preset.build(seed=7)
    assert recipe.seed == 7
    assert from_dict(to_dict(recipe)) == recipe
    assert preset.whole
    assert preset.meaning.endswith(".")
    paper, _, network = preset.name.partition("-")
    assert preset.build is getattr(getattr(papers, paper), network.replace("-", "_"))
    assert preset.paper.startswith({"tramer": "Tramèr et al. 2018, "}[paper])


@WHOLE
def test_what_a_whole_preset_builds_on_is_trained_by_one_before_it(preset):
    names = [each.name for each in papers.WHOLE]
    for name in built_on(preset.build()):
        assert name in names[: names.index(preset.name)]


def test_the_trainings_of_tramer_are_the_papers():
    """App. C.2; the authors' train.py and train_adv.py have the batches of 64, Adam and Keras' initial weights."""
    for letter, architecture in {"a": TramerA, "b": TramerB, "b_star": TramerBStar, "c": TramerC, "d": TramerD}.items():
        initial = "He normal" if letter == "d" else "Glorot uniform"
        for recipe, epochs in ((f"mnist_{letter}", 6), (f"mnist_{letter}_adv", 12)):
            found = getattr(tramer, recipe)()
            assert (found.data, found.architecture, found.epochs, found.batch) == (MNIST(), architecture(), epochs, 64)
            assert (found.optimiser, found.initial, found.precision) == (Adam(1e-3), initial, "float32")
            assert (found.weight_decay, found.label_smoothing) == (0, 0)
        assert (found.ball, found.spread, found.delay, found.warm_up) == (Linf(0.3), 0, 0, 0)
        assert (found.share, found.keep_clean, found.weight) == (1, True, 1)  # ½ clean, ½ adversarial
        assert found.source == OwnExamples(FGSM(labels="predicted"), mode="training")
    for found in (tramer.mnist_a_adv_ens3(), tramer.mnist_c_adv_ens3(), tramer.mnist_d_adv_ens3()):
        assert built_on(found) == ["tramer-mnist-a", "tramer-mnist-c", "tramer-mnist-d"]
        assert found.source.attack == FGSM(labels="predicted")
    assert built_on(tramer.mnist_b_adv_ens3()) == ["tramer-mnist-b", "tramer-mnist-c", "tramer-mnist-d"]
    for letter in "abcd":
        found = getattr(tramer, f"mnist_{letter}_adv_ens")()
        assert built_on(found) == [f"tramer-mnist-{letter}"]
        assert found.replace(source=OwnExamples(mode="training")) == getattr(tramer, f"mnist_{letter}_adv")()


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """Tiny data sets in the papers' formats, a home, and runs whose accuracies nobody measures."""
    with pytest.MonkeyPatch.context() as patch:
        data = tmp_path_factory.mktemp("data")
        patch.setenv("LAB_DATA", str(data))
        patch.setenv("LAB_HOME", str(tmp_path_factory.mktemp("home")))
        put(data / "MNIST" / "raw", mnist_files(20, 10))
        measured = Measured(0.5, 0.5, 0.5, 0.5, 0.5, None, 10, Linf(0.3), PGD(), "", None, 0)
        patch.setattr(import_module("lab.training.train"), "measure", lambda *_: measured)
        patch.setattr("lab.training.loop.probe", lambda *_: {})
        yield


def trained(name):
    """The recipe of a whole preset for one epoch on tiny data, trained with all that it builds on."""
    recipe = NAMED[name].build(epochs=1)
    if not (runs.folder(name) / "card.json").exists():
        for each in built_on(recipe):
            trained(each)
        train(recipe, Context(), runs.folder(name))
    return recipe


@WHOLE
def test_every_whole_preset_trains(preset, tiny):
    recipe = trained(preset.name)
    model = load_model(Trained(preset.name))
    assert find_card(preset.name).recipe == to_dict(recipe)
    start = build(recipe.architecture, (1, 28, 28), 10, Context(seed=recipe.seed).generator("weights"), recipe.initial)
    moved = [
        not torch.equal(a.cpu(), b) for a, b in zip(model.parameters(), start.parameters(), strict=True) if b.numel()
    ]
    assert all(bool(torch.isfinite(each).all()) for each in model.parameters())
    assert np.mean(moved) > 0.5


@pytest.mark.usefixtures("tiny")
def test_a_missing_model_is_named_with_the_command_that_trains_it(monkeypatch, tmp_path):
    monkeypatch.setenv("LAB_HOME", str(tmp_path))
    with pytest.raises(
        LabError, match=r"'tramer-mnist-a' .* missing: train it first with 'python -m lab train tramer-mnist-a'"
    ):
        train(tramer.mnist_a_adv_ens(), Context(), tmp_path / "runs" / "mine")
    assert not (tmp_path / "runs" / "mine").exists()
    other = tramer.mnist_a_adv(source=EnsembleExamples(models=(Trained("nobody"),)))
    with pytest.raises(LabError, match=r"The model 'nobody' on which this recipe builds is missing: train it first\."):
        train(other, Context())


@pytest.mark.parametrize("name", [each.name for each in papers.WHOLE])
def test_without_its_data_a_whole_preset_says_so(name, monkeypatch, tmp_path):
    monkeypatch.setenv("LAB_DATA", str(tmp_path))
    with pytest.raises(LabError, match=r"There is no f\w+ "):
        train(NAMED[name].build(), Context(), tmp_path / "run")
    assert not (tmp_path / "run").exists()
