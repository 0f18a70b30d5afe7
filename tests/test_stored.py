"""Users' models on the command line: their stored results, their names, and that none is left out."""

import json
import sys
from pathlib import Path

import pytest
import torch

from lab import catalogue
from lab.cli import serve
from lab.cli.main import main
from lab.home import results_folder
from lab.models import built
from lab.results.result import unpack
from lab.specs.models import name_of

NET = """
import torch
from torch import nn
def make():
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
"""
UNSEEDED = NET.replace("    torch.manual_seed(0)\n", "")
RESTARTS = "--set attack.restarts=2 --set attack.steps=2 --set images=0,1"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """An empty folder to stand in and an empty store."""
    monkeypatch.setenv("LAB_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(built, "_imports", {})
    yield tmp_path
    for name in ("mine", "blocks"):
        sys.modules.pop(name, None)


@pytest.fixture
def lab(capsys):
    """Run a command line. Returns what it printed and complained of."""

    def run(line: str, code: int = 0) -> tuple[str, str]:
        assert main(line.split()) == code
        return tuple(capsys.readouterr())

    return run


def stored() -> int:
    return len(list(results_folder().glob("*.result")))


def test_a_changed_helper_brings_another_answer(lab):
    Path("mine.py").write_text("from blocks import make\ndef build(): return make()")
    Path("blocks.py").write_text(NET)
    for name in ("1", "again"):
        lab(f"analyse Restarts --model mine:build {RESTARTS} --csv {name}.csv")
    assert stored() == 1
    assert Path("again.csv").read_text() == Path("1.csv").read_text()
    Path("blocks.py").write_text(NET.replace("seed(0)", "seed(1)"))
    lab(f"analyse Restarts --model mine:build {RESTARTS} --csv 2.csv")
    assert Path("2.csv").read_text() != Path("1.csv").read_text()
    assert stored() == 2


def test_what_a_builder_makes_anew_each_time_is_not_stored_and_the_user_is_told(lab):
    Path("mine.py").write_text(UNSEEDED)
    _, said = lab(f"analyse Restarts --model mine:make {RESTARTS}")
    assert "Results of mine:make are not stored: its builder makes different weights each time" in said
    assert not stored()


def test_attack_says_that_no_weights_were_given(lab):
    Path("mine.py").write_text(UNSEEDED)
    said, _ = lab("attack --model mine:make --attack FGSM --images 5")
    assert "no weights given: the model is as its builder made it" in said
    assert "Warning: mine:make: its builder makes different weights each time (1.weight)" in said
    Path("mine.py").write_text(NET)
    said, _ = lab("attack --model mine:make --attack FGSM --images 5")
    assert "no weights given: the model is as its builder made it" in said
    assert "each time" not in said
    said, _ = lab("attack --model standard --attack FGSM --images 5")
    assert "no weights given" not in said


@pytest.mark.parametrize(
    "command", ["attack --attack FGSM --images 3", f"analyse Restarts {RESTARTS}", "evaluate --images 3"]
)
def test_what_was_left_out_of_a_file_of_weights_is_said_each_time(lab, command):
    Path("mine.py").write_text(NET.replace("784, 10))", "784, 4), nn.Linear(4, 10))"))
    network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(784, 4), torch.nn.Linear(4, 10))
    saved = {f"model.{name}": value for name, value in network.state_dict().items()}
    torch.save(saved | {"criterion.centres": torch.ones(3)}, "w.pt")
    for _ in range(2):  # computed, and read
        _, said = lab(f"{command} --model mine:make --weights w.pt")
        assert said.count("w.pt: model.* was read, criterion.* left out; a normalisation") == 1


def checkpoints(*paths: str) -> None:
    Path("mine.py").write_text(NET)
    for seed, path in enumerate(paths):
        torch.manual_seed(seed)
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        torch.save(torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(784, 10)).state_dict(), path)


TWO = "--model mine:make --model mine:make --weights a/w.pt --weights b/w.pt"
CURVES = "--set attacks=FGSM --set images=10 --set levels=2 --set searched=2"


def test_two_checkpoints_of_one_builder_have_two_names(lab):
    checkpoints("a/w.pt", "b/w.pt")
    lab(f"analyse RobustnessCurves {TWO} {CURVES} --csv names.csv")
    rows = Path("names.csv").read_text()
    assert "mine:make (a/w.pt)" in rows
    assert "mine:make (b/w.pt)" in rows
    lab(f"analyse RobustnessCurves {TWO} {CURVES} --name old --name new --csv names.csv")
    rows = Path("names.csv").read_text()
    assert "\nold," in rows
    assert "\nnew," in rows
    assert "mine" not in rows


def test_attack_evaluates_every_model(lab):
    checkpoints("a/w.pt", "b/w.pt")
    said, _ = lab(f"attack {TWO} --attack FGSM --images 5")
    assert said.count("robust accuracy") == 2
    assert "against mine:make (a/w.pt) on 5" in said
    assert "against mine:make (b/w.pt) on 5" in said
    said, _ = lab(f"attack --model standard {TWO} --attack FGSM --images 5 --json")
    found = json.loads(said)
    assert [each["model_name"] for each in found] == ["standard", "mine:make (a/w.pt)", "mine:make (b/w.pt)"]
    assert len({each["clean_accuracy"] for each in found}) > 1


def test_of_several_models_none_is_attacked_for_nothing(lab):
    out, said = lab("attack --model standard --model nowhere:build --images 5", code=2)
    assert not out
    assert "nowhere" in said


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("attack --eps .1 --eps .2", "Argument --eps: given more than once"),
        ("attack --data digits --data mnist", "Argument --data: given more than once"),
        ("attack --seed 1 --seed=2", "Argument --seed: given more than once"),
        ("attack --attack PGD --images 3 --attack FGSM", "Argument --attack: given more than once"),
        ("serve --port 1 --port 2", "Argument --port: given more than once"),
        ("--host a --host b", "Argument --host: given more than once"),
        ("train Standard --name a --name b", "Argument --name: given more than once"),
        ("analyse Restarts --csv a.csv --csv b.csv", "Argument --csv: given more than once"),
        ("attack --set steps=3 --set steps=4", "'steps' is set more than once"),
        ("train standard-training --vary seed=1 --vary seed=2", "'seed' is set more than once"),
        ("train standard-training --seed 1 --vary seed=1,2", "'seed' is set more than once"),
        ("train standard-training --set epochs=1 --vary epochs=1,2", "'epochs' is set more than once"),
        ("analyse Restarts --set attack.steps=3 --set attack=PGD", "'attack' is set after one of its own fields"),
        ("analyse Restarts --seed 1 --set seed=2", "'seed' is set more than once"),
        ("analyse Restarts --model standard --set models=[]", "'models' is set more than once"),
        (f"attack {TWO} --weights a/w.pt", "There are 2 built models, but --weights is given 3 times"),
        (
            "attack --model mine:make --model mine:make --weights a/w.pt",
            "There are 2 built models, but --weights is given once",
        ),
        (f"attack {TWO} --name one", "There are 2 built models, but --name is given once"),
        (f"attack {TWO} --name one --name one", "Two models have the same --name"),
        ("serve --model mine:make --name standard", "already a model called 'standard'"),
    ],
)
def test_what_would_be_dropped_silently_is_refused(lab, line, words):
    checkpoints("a/w.pt", "b/w.pt")
    out, said = lab(line, code=2)
    assert not out
    assert words in said
    assert said.count("\n") == 1
    assert len(said) <= 301


def test_several_models_are_served_under_the_names_they_were_given(lab, monkeypatch):
    checkpoints("a/w.pt", "b/w.pt")
    for variable in ("LAB_OWN_MODELS", "LAB_MODULE_FOLDERS"):
        monkeypatch.setenv(variable, "")
    weights = [str(Path(each).resolve()) for each in ("a/w.pt", "b/w.pt")]
    for names, called in (([], ["mine:make (a/w.pt)", "mine:make (b/w.pt)"]), (["old", "new"], ["old", "new"])):
        serve.offer_models(["mine:make"] * 2, weights, names)
        cards = [each for each in catalogue.models() if each.origin == "custom"]
        assert [each.name for each in cards] == called
        assert [name_of(each.spec) for each in cards] == called
        assert not catalogue.problems()
        monkeypatch.setenv("LAB_OWN_MODELS", "")


def test_a_result_that_cannot_be_stored_is_printed_and_written_all_the_same(lab, folder):
    (folder / "home").mkdir()
    (folder / "home" / "results").write_text("no folder")
    out, said = lab("analyse Preview --set images=0,1 --npz p.npz --csv p.csv")
    assert "class" in out
    assert "Warning: The result could not be stored" in said
    assert said.count("\n") == 1
    assert unpack(Path("p.npz").read_bytes()).y.shape == (2,)
    assert Path("p.csv").read_text().count("\n") == 3


def test_a_stored_result_of_a_newer_lab_is_said_and_stays(lab):
    lab("analyse Preview --set images=0,1")
    [path] = results_folder().iterdir()
    path.write_bytes(newer := b"adversarial-lab result 2 blake3 0123")
    out, said = lab("analyse Preview --set images=0,1")
    assert "class" in out
    assert "format has number 2) and stays as it is. It is computed again." in said
    assert path.read_bytes() == newer
