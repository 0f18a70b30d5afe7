"""The disk is full, or the folder of a run is taken away while it is trained."""

import shutil
from pathlib import Path

import pytest

from lab import runs
from lab.context import Cancelled, Context
from lab.errors import LabError
from lab.specs import SmallCNN, Standard, TrainingRun
from lab.training import train
from lab.training.folder import Gone, adding
from tests.full_disk import full_disk

TINY = Standard(epochs=1, batch=512, architecture=SmallCNN(width=1))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("LAB_HOME", str(tmp_path))
    return tmp_path / "runs" / "mine"


def test_a_run_that_cannot_begin_leaves_nothing_and_promises_nothing(folder):
    with full_disk(10), pytest.raises(LabError, match="Cannot start a run") as found:
        train(TINY, Context(), folder)
    assert "resume" not in str(found.value)
    assert "make room there and try again" in str(found.value)
    assert not folder.exists()
    assert runs.problems() == []


def test_the_engine_leaves_nothing_either(folder):
    with full_disk(10), pytest.raises(LabError, match="Cannot start a run"):
        runs.begin(TrainingRun("mine", TINY))
    assert not list(folder.parent.iterdir())


@pytest.mark.parametrize(("kept", "words"), [(False, "it will begin at its first step"), (True, "its last checkpoint")])
def test_what_is_said_of_a_full_disk_is_true(tmp_path, kept, words):
    (tmp_path / "recipe.json").touch()
    if kept:
        (tmp_path / "checkpoints").mkdir()
        (tmp_path / "checkpoints" / "step-000001.json").touch()
    with pytest.raises(LabError, match=words), adding(tmp_path):
        raise OSError(28, "No space left on device")


@pytest.mark.parametrize("away", [shutil.rmtree, lambda folder: (folder / "recipe.json").unlink()])
@pytest.mark.parametrize("step", ["training", "stopping"])
def test_a_folder_taken_away_is_not_made_again(folder, away, step):
    def taken() -> bool:
        if folder.exists() and (folder / "recipe.json").exists():
            away(folder)
        return step == "stopping"

    with pytest.raises(Cancelled if step == "stopping" else Gone):
        train(TINY, Context(cancelled=taken), folder)
    left = {each.name for each in folder.iterdir()} if folder.exists() else set()
    assert not left & {"checkpoints", "weights.safetensors", "card.json"}
    assert Path(folder.parent).exists()
