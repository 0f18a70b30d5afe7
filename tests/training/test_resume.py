"""Nothing is lost: a run that is killed, paused, damaged or out of space goes on as if nothing had happened."""

import errno
import json
import subprocess
import sys

import pytest
import torch

from lab import files
from lab.context import Cancelled, Context
from lab.errors import LabError
from lab.runs import run_in
from lab.runs.claim import claimed
from lab.specs import PGD, SGD, Adversarial, OwnExamples, ResNet, SmallCNN, Standard
from lab.training import checkpoint, checkpointer, train
from tests.served import ROOT
from tests.training.killing import noise


@pytest.fixture
def eager(monkeypatch):
    """Checkpoints after every step."""
    monkeypatch.setattr(checkpointer, "EVERY", 0.0)
    monkeypatch.setattr(checkpointer, "AT_EPOCHS", 0.0)
    monkeypatch.setattr(checkpointer, "SPARING", 0.0)


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """Two epochs of six steps."""
    data = noise(tmp_path_factory.mktemp("data"))
    return Standard(data=data, architecture=SmallCNN(4), epochs=2, optimiser=SGD(), batch=16)


@pytest.fixture(scope="module")
def whole(tmp_path_factory, small):
    """The folder of the run that nothing disturbed."""
    folder = tmp_path_factory.mktemp("runs") / "whole"
    train(small, Context(), folder)
    return folder


def pause_after(steps: int):
    """A context that is cancelled when so many steps have been reported."""
    seen = []
    return Context(on_progress=seen.append, cancelled=lambda: len(seen) >= steps)


def lines(folder):
    written = [json.loads(each) for each in (folder / "metrics.jsonl").read_text().splitlines()]
    return [{name: value for name, value in line.items() if name != "seconds"} for line in written]


def assert_same(folder, whole):
    assert (folder / "weights.safetensors").read_bytes() == (whole / "weights.safetensors").read_bytes()
    assert lines(folder) == lines(whole)


def killed(home, kills: int, *recipes: str):
    command = [sys.executable, "-m", "tests.training.killing", str(home), str(kills), *recipes]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


@pytest.mark.slow
def test_killed_at_random_moments_it_gives_the_same_weights(tmp_path):
    for found in killed(tmp_path, 2, "dropout"):
        assert found["kills"] > 0
        assert found["weights"]
        assert found["lines"]


@pytest.mark.slow
def test_killed_at_very_many_moments_it_gives_the_same_weights(tmp_path):
    for found in killed(tmp_path, 30, "dropout", "warm_up", "ensemble", "cascade"):
        assert found["kills"] > 5
        assert found["weights"]
        assert found["lines"]


@pytest.mark.parametrize("steps", [1, 4, 7, 11, 16])
def test_paused_anywhere_it_goes_on(tmp_path, whole, steps, small):
    with pytest.raises(Cancelled):
        train(small, pause_after(steps), tmp_path)
    assert not (tmp_path / "card.json").exists()
    train(small, Context(), tmp_path, resume=True)
    assert_same(tmp_path, whole)


@pytest.mark.slow
def test_paused_inside_a_step_it_goes_on(tmp_path, small):
    """The attack of a step is left half-way: the step is taken anew, with the running statistics as they were."""
    recipe = Adversarial(data=small.data, architecture=ResNet(8, 4), epochs=1, source=OwnExamples(PGD(steps=5)))
    asked = []

    def cancelled():
        asked.append(0)
        return len(asked) >= 14

    with pytest.raises(Cancelled):
        train(recipe, Context(cancelled=cancelled), tmp_path / "paused")
    train(recipe, Context(), tmp_path / "paused", resume=True)
    train(recipe, Context(), tmp_path / "whole")
    assert_same(tmp_path / "paused", tmp_path / "whole")


def test_the_weights_do_not_depend_on_when_checkpoints_are_written(tmp_path, whole, eager, small):
    train(small, Context(), tmp_path)
    assert_same(tmp_path, whole)
    assert len(list((tmp_path / "checkpoints").glob("*.json"))) == checkpoint.KEPT


@pytest.mark.parametrize("part", [".safetensors", ".json"])
def test_a_damaged_checkpoint_is_said_and_the_one_before_is_used(tmp_path, whole, eager, part, small):
    with pytest.raises(Cancelled):
        train(small, pause_after(8), tmp_path)
    newest = checkpoint.newest_first(tmp_path / "checkpoints")[0].with_suffix(part)
    content = bytearray(newest.read_bytes())
    content[len(content) // 2] ^= 1
    newest.write_bytes(content)
    said = []
    train(small, Context(on_note=said.append), tmp_path, resume=True)
    assert len(said) == 1
    assert f"{newest.stem} is damaged; training resumes from the one before it" in said[0]
    assert_same(tmp_path, whole)


def test_only_damaged_checkpoints_are_refused(tmp_path, eager, small):
    with pytest.raises(Cancelled):
        train(small, pause_after(8), tmp_path)
    for each in (tmp_path / "checkpoints").glob("*.json"):
        each.write_text("{}")
    with pytest.raises(LabError, match=r"No checkpoint in .* is intact"):
        train(small, Context(), tmp_path, resume=True)


def test_lines_of_metrics_after_the_checkpoint_are_forgotten(tmp_path, whole, small):
    with pytest.raises(Cancelled):
        train(small, pause_after(8), tmp_path)
    with (tmp_path / "metrics.jsonl").open("a") as file:
        file.write('{"step": 99.0}\n{"step": 1')
    train(small, Context(), tmp_path, resume=True)
    assert_same(tmp_path, whole)


def test_a_full_disk_stops_with_a_sentence_and_leaves_the_last_checkpoint(tmp_path, whole, eager, monkeypatch, small):
    taken, real = [], files.os.fsync

    def fsync(file):
        taken.append(file)
        if len(taken) > 24:  # a file's, then its folder's
            raise OSError(errno.ENOSPC, "No space left on device")
        real(file)

    monkeypatch.setattr(files.os, "fsync", fsync)
    with pytest.raises(LabError, match=r"No space left on device.*--resume; its last checkpoint is still good"):
        train(small, Context(), tmp_path)
    monkeypatch.setattr(files.os, "fsync", real)
    assert checkpoint.newest_first(tmp_path / "checkpoints")
    assert not list(tmp_path.rglob("*.part"))
    train(small, Context(), tmp_path, resume=True)
    assert_same(tmp_path, whole)


def test_a_run_is_not_overwritten(tmp_path, whole, small):
    with pytest.raises(LabError, match="already a finished run"):
        train(small, Context(), whole)
    with pytest.raises(Cancelled):
        train(small, pause_after(1), tmp_path)
    with pytest.raises(LabError, match=r"unfinished run .* --resume"):
        train(small, Context(), tmp_path)
    with pytest.raises(LabError, match="has another recipe"):
        train(small.replace(seed=1), Context(), tmp_path, resume=True)


def test_a_run_whose_data_have_changed_is_not_carried_on(tmp_path, small):
    with pytest.raises(Cancelled):
        train(small, pause_after(3), tmp_path)
    inputs = json.loads((tmp_path / "provenance.json").read_text())
    inputs[-1]["inputs"] = ["of other images"]
    (tmp_path / "provenance.json").write_text(json.dumps(inputs))
    with pytest.raises(LabError, match="have changed since it started"):
        train(small, Context(), tmp_path, resume=True)


def test_a_finished_run_that_is_carried_on_is_as_it_was(whole, small):
    before = (whole / "card.json").read_bytes()
    run = train(small, Context(), whole, resume=True)
    assert (whole / "card.json").read_bytes() == before
    assert run.recipe == small
    assert run.accuracies.clean == json.loads(before)["measured"]["clean"]
    assert run.history.step[-1] == 12


def test_a_folder_belongs_to_one_process(tmp_path, small):
    with claimed(tmp_path), pytest.raises(LabError, match="is being trained already"):
        train(small, Context(), tmp_path)
    assert run_in(tmp_path) is None


def test_a_folder_that_cannot_be_made_is_said(tmp_path, small):
    (tmp_path / "file").write_text("")
    with pytest.raises(LabError, match="choose another name"):
        train(small, Context(), tmp_path / "file")


def test_a_checkpoint_holds_what_was_put_in(tmp_path):
    from lab.training.state import TrainingState

    def state():
        model = torch.nn.Linear(3, 2)
        return TrainingState(model, torch.optim.Adam(model.parameters()))

    first, second = state(), state()
    first.model(torch.ones(1, 3)).sum().backward()
    first.optimiser.step()
    first.step, first.lines = 1, [{"step": 1.0}]
    first.tally.add(3, {"loss": 0.1})
    checkpoint.write(tmp_path, first)
    tensors, record = checkpoint.read(checkpoint.newest_first(tmp_path)[0])
    second.restore(tensors, record, first.lines)
    assert second.tally.sums == first.tally.sums
    assert set(second.tensors()) == set(first.tensors())
    assert all(torch.equal(each, second.tensors()[name]) for name, each in first.tensors().items())
    assert {"optimiser.0.exp_avg", "optimiser.1.step", "model.weight"} <= set(tensors)
