"""What a worker stores of users' models, and under which name."""

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from torch import nn

import lab
from lab.context import Context
from lab.engine import work
from lab.errors import EngineError
from lab.keys import asked_key, stored_key
from lab.specs import PGD, Custom, Digits, Restarts
from lab.store import Store
from tests.models.test_live import linear, restarts
from tests.waiting import PATIENCE

NETS = """
import torch
from torch import nn
def deep(): return nn.Sequential(nn.Flatten(), nn.Linear(784, 4), nn.Linear(4, 10))
def unseeded(): return nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
def seeded():
    torch.manual_seed(0)
    return unseeded()
"""


@pytest.fixture
def publisher(tmp_path, monkeypatch):
    """Who hears what the worker says; the user's code lies in a folder of its own."""
    (tmp_path / "worker_nets.py").write_text(NETS)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(work, "_context", lambda *_: Context())
    monkeypatch.setattr(work, "use_all_cores", lambda: None)
    monkeypatch.setattr(work, "require_memory", lambda *_: None)
    notes: list[str] = []
    return SimpleNamespace(note=notes.append, notes=notes)


def made(name: str, folder: Path, publisher) -> Restarts:
    spec = Restarts(models=(Custom(f"worker_nets:{name}"),), images=(0,), attack=PGD(steps=1, restarts=2))
    stored = work._stored_key(spec, asked_key(spec), publisher)
    work._compute(Store(folder), stored, spec, asked_key(spec), publisher, None, None)
    return spec


def test_a_result_is_stored_under_the_key_that_holds_the_loaded_model(tmp_path, publisher) -> None:
    spec = made("seeded", tmp_path / "results", publisher)
    [path] = (tmp_path / "results").iterdir()
    assert path.stem == stored_key(spec, asked_key(spec)) != asked_key(spec)
    assert publisher.notes == []


def test_a_model_that_is_another_one_each_time_is_noted_and_not_stored(tmp_path, publisher) -> None:
    made("unseeded", tmp_path / "results", publisher)
    assert not (tmp_path / "results").exists()
    [note] = publisher.notes
    assert note.startswith("Results of worker_nets:unseeded are not stored: its builder makes different weights each")


def beside_a_loss(folder) -> Restarts:
    """An analysis of a model whose file of weights holds a loss, too."""
    network = nn.Sequential(nn.Flatten(), nn.Linear(784, 4), nn.Linear(4, 10))
    saved = {f"model.{name}": value for name, value in network.state_dict().items()}
    torch.save(saved | {"criterion.centres": torch.ones(3)}, folder / "w.pt")
    model = Custom("worker_nets:deep", str(folder / "w.pt"))
    return Restarts(models=(model,), images=(0,), attack=PGD(steps=1, restarts=2))


def test_what_was_left_out_of_a_file_of_weights_is_noted(tmp_path, publisher) -> None:
    spec = beside_a_loss(tmp_path)
    publisher.progress, publisher.close, publisher.wanted = lambda _: None, lambda: None, lambda: True
    found = work.outcome(lambda: spec, asked_key(spec), publisher)
    assert found.data
    [note] = publisher.notes
    assert "w.pt: model.* was read, criterion.* left out" in note


def test_a_notebook_is_warned_of_what_was_left_out(tmp_path, publisher) -> None:
    with pytest.warns(UserWarning, match=r"w\.pt: model\.\* was read, criterion\.\* left out") as warned:
        lab.analyse(beside_a_loss(tmp_path))
    assert [each.filename for each in warned] == [__file__]
    notes: list[str] = []
    lab.analyse(beside_a_loss(tmp_path), Context(on_note=notes.append))
    assert len(notes) == 1


def test_a_model_changed_while_it_is_computed_with_is_not_stored(tmp_path, publisher, monkeypatch) -> None:
    source = tmp_path / "worker_nets.py"

    def change(*_):
        source.write_text(NETS.replace("seed(0)", "seed(1)"))
        return Context()

    monkeypatch.setattr(work, "_context", change)
    made("seeded", tmp_path / "results", publisher)
    assert not (tmp_path / "results").exists()


def test_an_engine_elsewhere_says_that_it_does_not_have_a_live_model(engine):
    lab.live(linear(), "only here")
    with pytest.raises(EngineError, match="This process has no live model called 'only here'"):
        engine.submit(restarts("only here").replace(data=Digits())).wait(PATIENCE)
