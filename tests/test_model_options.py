"""Which models the options --model, --weights and --name make, and what they are called."""

import json
import os
from pathlib import Path

import pytest

from lab import catalogue
from lab.cli import options, serve
from lab.cli.main import main
from lab.errors import ModelError
from lab.specs import Custom, Trained
from lab.specs.models import names_of

NET = "nets:build"
BUILDER = "from torch import nn\ndef build():\n    return nn.Sequential(nn.Flatten(), nn.Linear(784, 10))\n"


@pytest.fixture
def files(tmp_path, monkeypatch):
    """Empty files a.pt, b.pt, one/best.pt, two/best.pt and epoch.10.ckpt, epoch.20.ckpt in the working directory."""
    monkeypatch.chdir(tmp_path)
    for name in ("a.pt", "b.pt", "one/best.pt", "two/best.pt", "epoch.10.ckpt", "epoch.20.ckpt"):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).touch()
    return tmp_path


def called(models, weights=(), names=()):
    return names_of(options.models(models, weights, names))


def test_one_builder_serves_for_several_checkpoints(files):
    found = options.models([NET], ["a.pt", "b.pt"], ["A", "B"])
    assert found == (Custom(NET, str(files / "a.pt")), Custom(NET, str(files / "b.pt")))
    assert names_of(found) == ("A", "B")


@pytest.mark.parametrize(
    ("weights", "names"),
    [
        (("a.pt", "b.pt"), ("a", "b")),
        (("epoch.10.ckpt", "epoch.20.ckpt"), ("epoch.10", "epoch.20")),
        (("one/best.pt", "two/best.pt"), (f"{NET} (one/best.pt)", f"{NET} (two/best.pt)")),
        (("a.pt",), (f"{NET} (a.pt)",)),
        ((), (NET,)),
    ],
)
def test_checkpoints_of_one_builder_are_called_by_their_files(files, weights, names):
    assert called([NET], weights) == names
    assert called([NET] * max(1, len(weights)), weights) == names  # as it is when the builder is written each time


def test_different_builders_stay_in_their_names(files):
    assert called([NET, "nets:other"], ["a.pt", "b.pt"]) == (f"{NET} (a.pt)", "nets:other (b.pt)")


def test_checkpoints_stand_where_their_builder_stands_among_other_models(files):
    found = options.models(["standard", NET, "pgd-trained"], ["a.pt", "b.pt"], [])
    assert names_of(found) == ("standard", "a", "b", "pgd-trained")
    assert found[0] == Trained("standard")


@pytest.mark.parametrize(
    ("models", "weights", "names", "words"),
    [
        ([NET], ["a.pt", "b.pt"], ["A"], "There are 2 built models, but --name is given once: give one for each"),
        ([NET], ["a.pt"], ["A", "B"], "There is 1 built model, but --name is given 2 times"),
        ([NET], [], ["A", "B"], "There is 1 built model, but --name is given 2 times"),
        ([NET, NET], ["a.pt"], [], "There are 2 built models, but --weights is given once"),
        ([NET, "nets:other"], ["a.pt", "b.pt", "a.pt"], [], "There are 2 built models, but --weights is given 3 times"),
        ([NET], ["a.pt", "b.pt"], ["A", "A"], "Two models have the same --name"),
        (["standard"], ["a.pt", "b.pt"], [], "belongs to no model"),
        ([NET], ["a.pt", "c.pt"], [], "There is no weights file"),
    ],
)
def test_a_wrong_number_of_files_or_names_is_one_sentence(files, models, weights, names, words):
    with pytest.raises(ModelError, match=words):
        options.models(models, weights, names)


@pytest.mark.parametrize(
    ("names", "called"), [([], ["a", "b"]), (["old", "new"], ["old", "new"])], ids=["by file", "named"]
)
def test_checkpoints_of_one_builder_are_offered_to_the_pages(files, monkeypatch, names, called):
    for variable in ("LAB_OWN_MODELS", "LAB_MODULE_FOLDERS"):
        monkeypatch.setenv(variable, "")
    serve.offer_models([NET], ["a.pt", "b.pt"], names)
    records = json.loads(os.environ["LAB_OWN_MODELS"])
    assert [each["weights"] for each in records] == [str(files / "a.pt"), str(files / "b.pt")]
    assert [each.name for each in catalogue.models() if each.origin == "custom"] == called


def test_checkpoints_of_one_builder_are_attacked_and_analysed(files, monkeypatch, capsys):
    import torch
    from torch import nn

    (files / "nets_for_two.py").write_text(BUILDER)
    monkeypatch.syspath_prepend(files)
    monkeypatch.setenv("LAB_HOME", str(files / "home"))
    for name in ("a.pt", "b.pt"):
        torch.save({f"1.{key}": value for key, value in nn.Linear(784, 10).state_dict().items()}, name)
    two = ["--model", "nets_for_two:build", "--weights", "a.pt", "--weights", "b.pt", "--json"]
    assert main(["attack", *two, "--attack", "FGSM", "--images", "5", "--eps", "8/255"]) == 0
    records = json.loads(capsys.readouterr().out)
    assert [each["model_name"] for each in records] == ["a", "b"]
    assert {each["eps"] for each in records} == {8 / 255}
    small = ["--set", "images=0", "--set", "attack.steps=2", "--set", "attack.restarts=2"]
    assert main(["analyse", "Restarts", *two, "--name", "A", "--name", "B", *small]) == 0
    assert [each["model"] for each in json.loads(capsys.readouterr().out)["summary"]] == ["A", "B"]
