"""Training that starts from a trained model."""

import json
import shutil

import numpy as np
import pytest
import torch

from lab import runs
from lab.catalogue import find_card, find_data, fingerprints
from lab.context import Cancelled, Context
from lab.errors import LabError, SpecError
from lab.models import load as load_model
from lab.specs import (
    FromModel,
    Live,
    NewWeights,
    ResNet,
    SmallCNN,
    Standard,
    Trained,
    fgsm_training,
    from_dict,
    to_dict,
)
from lab.training import train
from lab.training.loop import begin, fit
from lab.training.parallel import Group
from lab.training.prepared import begins_alike

WARM = Standard(epochs=1, batch=512, start=FromModel(Trained("fgsm-trained")))


def state_of(model):
    return {name: each.cpu() for name, each in model.state_dict().items()}


def equal(one, other):
    return all(torch.equal(one[name], other[name]) for name in one)


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("LAB_HOME", str(tmp_path))
    return tmp_path


def test_the_first_step_is_taken_from_the_models_weights(digits):
    theirs = state_of(load_model(Trained("fgsm-trained")))
    begun = begin(WARM, digits, Context(seed=WARM.seed), Group())
    assert equal(state_of(begun.model), theirs)
    assert not begun.optimiser.state_dict()["state"]
    moved, lines = fit(WARM, Context())
    assert not equal(state_of(moved), theirs)
    assert equal(state_of(load_model(Trained("fgsm-trained"))), theirs)  # the loaded model is another one's, too
    cold = fit(WARM.replace(start=NewWeights()), Context())[1]
    assert lines[0]["loss"] < cold[0]["loss"] / 2


@pytest.mark.slow
def test_running_statistics_are_taken_too(home, digits):
    recipe = Standard(architecture=ResNet(depth=8, width=2), epochs=1, batch=512)
    train(recipe, Context(), runs.folder("first"))
    begun = begin(recipe.replace(start=FromModel(Trained("first")), seed=3), digits, Context(), Group())
    assert equal(state_of(begun.model), state_of(load_model(Trained("first"))))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"architecture": SmallCNN(width=4)}, r"'fgsm-trained', whose .*\"width\": 16.*, not .*\"width\": 4.*: choose"),
        ({"start": FromModel(Trained("nobody"))}, "The model 'nobody' on which this recipe builds is missing"),
    ],
)
def test_a_model_that_does_not_fit_is_refused_before_a_folder_is_made(home, changes, words):
    with pytest.raises(LabError, match=words):
        train(WARM.replace(**changes), Context(), home / "runs" / "warm")
    assert not (home / "runs" / "warm").exists()


def test_a_model_for_other_classes_is_refused(home):
    x, y = np.zeros((12, 28, 28), np.uint8), np.arange(12) % 3
    np.savez(home / "three.npz", x_train=x, y_train=y, x_test=x, y_test=y)
    words = r"is for images of shape \(1, 28, 28\) in 10 classes, not \(1, 28, 28\) in 3: choose"
    with pytest.raises(LabError, match=words):
        train(WARM.replace(data=find_data(str(home / "three.npz"))), Context())


def test_only_a_model_with_a_name_can_be_a_start():
    with pytest.raises(SpecError, match="model"):
        FromModel(Live("mine"))


@pytest.mark.slow
def test_the_card_and_the_key_know_the_models_weights(home):
    run = train(WARM, Context(), runs.folder("warm"))
    sha = find_card("fgsm-trained").sha256
    card = json.loads((runs.folder("warm") / "card.json").read_text())
    assert card["built_on"] == {"fgsm-trained": sha}
    assert from_dict(card["recipe"]) == run.recipe == WARM
    assert sha in fingerprints(WARM)
    assert sha in json.loads((runs.folder("warm") / "provenance.json").read_text())[0]["inputs"]
    record = to_dict(WARM)
    del record["start"]
    assert from_dict(record) == WARM.replace(start=NewWeights())  # as recipes were stored before


@pytest.mark.slow
def test_a_paused_run_resumes_and_refuses_another_start(home):
    short = Standard(epochs=1, batch=512)
    train(short, Context(), runs.folder("first"))
    recipe = fgsm_training(epochs=1, batch=256, start=FromModel(Trained("first")))
    whole = state_of(fit(recipe, Context())[0])
    folder, left = runs.folder("second"), [False, False, False]
    with pytest.raises(Cancelled):
        train(recipe, Context(cancelled=lambda: not left or left.pop()), folder)
    weights = runs.folder("first") / "weights.safetensors"
    kept, card = weights.read_bytes(), (runs.folder("first") / "card.json").read_bytes()
    shutil.rmtree(runs.folder("first"))
    train(short.replace(seed=5), Context(), runs.folder("first"))
    with pytest.raises(LabError, match="a model that it uses, have changed since it started"):
        train(recipe, Context(), folder, resume=True)
    weights.write_bytes(kept)
    (runs.folder("first") / "card.json").write_bytes(card)
    train(recipe, Context(), folder, resume=True)
    assert equal(whole, state_of(load_model(Trained("second"))))


@pytest.mark.slow
def test_models_with_one_start_begin_alike(home):
    assert begins_alike(Standard(), "standard")
    assert not begins_alike(WARM, "fgsm-trained")
    train(WARM, Context(), runs.folder("warm"))
    assert begins_alike(WARM.replace(seed=9), "warm")
    assert not begins_alike(Standard(), "warm")
    assert not begins_alike(WARM.replace(start=FromModel(Trained("standard"))), "warm")
