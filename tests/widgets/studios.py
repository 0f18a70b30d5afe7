"""A lab with networks and runs for tests of the page Training studio: runs are folders, so a test writes folders."""

import json

import pytest

from lab import runs
from lab.specs import Standard, TrainingRun, fgsm_training, to_dict


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A lab with three networks of its own and no run."""
    monkeypatch.setenv("LAB_HOME", str(tmp_path))
    monkeypatch.setenv("LAB_DATA", str(tmp_path / "data"))
    zoo = tmp_path / "zoo"
    zoo.mkdir()
    monkeypatch.setattr("lab.catalogue.model_cards.ZOO", zoo)
    for name in ("standard-b", "fgsm-trained", "pivot-trained"):
        finish(zoo / f"{name}.json", zoo / f"{name}.safetensors", fgsm_training(epochs=4))
    (zoo / "fgsm-trained.metrics.jsonl").write_text(lines(4))


def lines(epochs):
    told = [{"step": i, "epoch": i, "seconds": 2.0 * i, "loss": 1 / i, "clean": 0.9} for i in range(1, epochs + 1)]
    return "".join(json.dumps(each) + "\n" for each in told)


def finish(card, weights, recipe):
    weights.touch()
    record = {
        "recipe": to_dict(recipe), "architecture": to_dict(recipe.architecture), "data": "digits",
        "shape": [1, 28, 28], "classes": 10, "measured": {"clean": 0.97, "fgsm": 0.5, "pgd": 0.0}, "sha256": "",
    }  # fmt: skip
    card.write_text(json.dumps(record))


def begun(name, epochs=0, recipe=None):
    """A run of which so many of ten epochs are done."""
    recipe = recipe or Standard()
    runs.begin(TrainingRun(name, recipe))
    (runs.folder(name) / "metrics.jsonl").write_text(lines(epochs))
    return recipe


def row(page, name):
    page.refresh()
    [found] = [each for each in page.list.rows if each["name"] == name]
    return found


def press(page, action, name):
    page.list._handle_custom_msg({"action": action, "name": name}, [])


def curves(page, view="loss"):
    return [each["name"] for each in page.views[view].drawn["data"] if each["visible"]]
