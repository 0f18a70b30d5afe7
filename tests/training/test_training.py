"""Training: the shipped networks come out again from their recipes; the loss is what the papers say."""

import json

import numpy as np
import pytest
import torch
from torch import nn

from lab.attacks import judge, maximise
from lab.context import Cancelled, Context
from lab.data import load
from lab.errors import LabError
from lab.models import build
from lab.models import load as load_model
from lab.specs import FGSM, Adversarial, Digits, Linf, OwnExamples, Standard, Trained, fgsm_training, from_dict
from lab.training import train
from lab.training.examples import Prepared
from lab.training.loop import Diverged, fit
from lab.training.losses import batch_loss, warmed_up
from lab.training.measure import measure
from lab.training.step import Batch, Moment, Step
from lab.training.zoo import FOLDER, RECIPES, train_zoo


@pytest.fixture(scope="module")
def digits():
    return load(Digits())


@pytest.mark.parametrize("name", RECIPES)
def test_the_card_tells_the_truth(name, digits):
    """The shipped weights have the accuracies that their card claims, and were made by today's recipe."""
    card = json.loads((FOLDER / f"{name}.json").read_text())
    assert from_dict(card["recipe"]) == RECIPES[name]
    assert card["data_fingerprint"] == digits.fingerprint
    found = measure(load_model(Trained(name)), digits, from_dict(card["measured_ball"]), Context(seed=1))
    assert found.clean == card["measured"]["clean"]
    assert found.fgsm == pytest.approx(card["measured"]["fgsm"], abs=0.006)
    assert found.pgd == pytest.approx(card["measured"]["pgd"], abs=0.03)  # other random starts


def test_the_smallest_comes_out_again(tmp_path):
    """Trained on another machine, rounding differs and grows; the accuracies may differ by a few of 360 images."""
    [again] = train_zoo(Context(), ("standard",), tmp_path).values()
    recorded = json.loads((FOLDER / "standard.json").read_text())["measured"]
    assert again.measured.clean == pytest.approx(recorded["clean"], abs=0.02)
    assert again.measured.fgsm == pytest.approx(recorded["fgsm"], abs=0.03)
    assert again.measured.pgd == pytest.approx(recorded["pgd"], abs=0.03)
    assert (tmp_path / "standard.safetensors").exists()


def test_the_digits_show_gradient_masking(digits):
    """Tramèr et al. 2018, §4.1: one-step training holds against one step and falls to many."""
    measured = json.loads((FOLDER / "fgsm-trained.json").read_text())["measured"]
    assert measured["fgsm"] > 0.5
    assert measured["pgd"] < 0.05


def test_the_same_recipe_gives_the_same_weights():
    recipe = fgsm_training(epochs=1)
    first, _ = fit(recipe, Context())
    second, _ = fit(recipe, Context())
    other, _ = fit(recipe.replace(seed=1), Context())
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(first.parameters(), other.parameters(), strict=True))


@pytest.mark.parametrize("weight", [0.0, 0.3, 1.0])
def test_the_adversarial_loss_is_the_weighted_mean(digits, weight):
    """Kurakin et al. 2017, §3: each image counts once, an adversarial one λ times."""
    model, index = build(Standard().architecture), torch.arange(8)
    batch = Batch(digits.train.images(index), digits.train.labels(index), index, Prepared())
    recipe = Adversarial(source=OwnExamples(FGSM()), ball=Linf(0.1), weight=weight)
    x_adv = maximise(FGSM(), model, batch.x, batch.y, Linf(0.1))
    ce = nn.functional.cross_entropy
    expected = (ce(model(batch.x), batch.y) + weight * ce(model(x_adv), batch.y)) / (1 + weight)
    assert torch.allclose(batch_loss(recipe, model, batch, Moment(0, 0.0), Context()).loss, expected)


def test_eps_warms_up_linearly():
    assert [warmed_up(Linf(0.3), epoch, 10).eps for epoch in (0, 5, 10, 20)] == pytest.approx([0, 0.15, 0.3, 0.3])
    assert warmed_up(Linf(0.3), 0, 0).eps == 0.3


def test_a_run_leaves_a_folder_that_can_be_used(tmp_path, monkeypatch, digits):
    monkeypatch.setenv("LAB_HOME", str(tmp_path))
    run = train(Standard(epochs=2), Context(), tmp_path / "runs" / "mine")
    model = load_model(Trained("mine"))
    x, y = digits.test.images(range(360)), digits.test.labels(range(360))
    assert judge(x, y, x, model, Linf(0.3)).clean_accuracy == run.measured.clean
    assert len((tmp_path / "runs" / "mine" / "metrics.jsonl").read_text().splitlines()) == 2
    with pytest.raises(LabError, match="already a finished run"):
        train(Standard(epochs=2), Context(), tmp_path / "runs" / "mine")


def test_progress_grows_and_cancel_stops():
    seen = []
    train(Standard(epochs=1), Context(on_progress=lambda progress: seen.append(progress.fraction)))
    assert (np.diff(seen) > -1e-9).all()
    assert 0 < seen[0] < 0.5
    assert seen[-1] > 0.9
    with pytest.raises(Cancelled):
        train(Standard(epochs=1), Context(cancelled=lambda: True))


def test_divergence_is_said(monkeypatch):
    monkeypatch.setattr(
        "lab.training.loop.batch_loss", lambda *_: Step(torch.tensor(torch.nan, requires_grad=True), {})
    )
    with pytest.raises(Diverged, match="lower the learning rate"):
        fit(Standard(), Context())
