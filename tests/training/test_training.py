"""Training: the shipped networks come out again from their recipes; the loss is what the papers say."""

import json

import numpy as np
import pytest
import torch

from lab.attacks import judge
from lab.context import Cancelled, Context
from lab.errors import LabError
from lab.models import load as load_model
from lab.specs import Linf, Standard, Trained, fgsm_training
from lab.training import train
from lab.training.loop import Diverged, fit
from lab.training.step import Step


@pytest.mark.slow
def test_the_same_recipe_gives_the_same_weights():
    recipe = fgsm_training(epochs=1)
    first, _ = fit(recipe, Context())
    second, _ = fit(recipe, Context())
    other, _ = fit(recipe.replace(seed=1), Context())
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(first.parameters(), other.parameters(), strict=True))


def test_a_run_leaves_a_folder_that_can_be_used(tmp_path, monkeypatch, digits):
    monkeypatch.setenv("LAB_HOME", str(tmp_path))
    run = train(Standard(epochs=2), Context(), tmp_path / "runs" / "mine")
    model = load_model(Trained("mine"))
    x, y = digits.test.images(range(360)), digits.test.labels(range(360))
    assert judge(x, y, x, model, Linf(0.3)).clean_accuracy == run.measured.clean
    lines = (tmp_path / "runs" / "mine" / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(each)["epoch"] for each in lines if "probe_pgd" in each] == [1, 2]
    with pytest.raises(LabError, match="already a finished run"):
        train(Standard(epochs=2), Context(), tmp_path / "runs" / "mine")


@pytest.mark.slow
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
