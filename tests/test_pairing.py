"""Which models belong to which data, wherever the two are paired: lists, results, the command line."""

import json
from pathlib import Path

import numpy as np
import pytest

from lab import catalogue
from lab.analysis import analyse
from lab.catalogue import ModelCard
from lab.cli.main import main
from lab.context import Context
from lab.pairing import (
    at_home,
    marked,
    names_on,
    offered,
    trained_alike,
    trained_elsewhere,
    unmarked,
    warnings,
)
from lab.specs import (
    MNIST,
    PGD,
    Adversarial,
    Custom,
    Digits,
    EnsembleAttack,
    EnsembleExamples,
    Explore,
    FashionMNIST,
    ImageFolder,
    Linf,
    LossSurface,
    Masking,
    NpzFile,
    Restarts,
    Trained,
    TransferMatrix,
    cascade_training,
    ensemble_training,
)
from tests.data.published_files import mnist_files, put


def card(data: str, recipe: dict | None = None) -> ModelCard:
    return ModelCard("mine", Trained("mine"), "run", data, recipe=recipe)


@pytest.mark.parametrize(
    ("model", "data", "elsewhere"),
    [
        (card("digits"), Digits(), ""),
        (card("digits"), MNIST(), "digits"),
        (card("mnist"), FashionMNIST(), "mnist"),
        (card("digits"), NpzFile("/a/digits2.npz"), "digits"),
        (card("pets"), ImageFolder("/a/pets"), ""),
        (card("imagenet"), ImageFolder("/a/pets"), "imagenet"),
        (card(""), MNIST(), ""),  # a custom model, of which nothing is known
    ],
)
def test_a_model_belongs_to_the_data_it_was_trained_on(model, data, elsewhere):
    assert trained_elsewhere(model, data) == elsewhere


def test_two_files_of_one_name_are_two_data_sets_and_a_moved_one_stays_what_it_is(tmp_path):
    here, there = tmp_path / "a" / "x.npz", tmp_path / "b" / "x.npz"
    here.parent.mkdir()
    here.touch()
    mine = card("x", {"data": {"spec": "NpzFile", "path": str(here)}})
    assert trained_elsewhere(mine, NpzFile(str(here))) == ""
    assert trained_elsewhere(mine, NpzFile(str(there))) == str(here)
    here.unlink()
    assert trained_elsewhere(mine, NpzFile(str(there))) == ""


def test_a_mark_can_be_taken_off():
    assert marked("standard", "digits") == "standard (trained on digits)"
    assert marked("standard", "") == "standard"
    assert [unmarked(marked("standard", each)) for each in ("", "digits")] == ["standard"] * 2


def test_every_model_in_a_spec_is_asked_about():
    attack = EnsembleAttack(models=(Trained("standard-b"),))
    said = warnings(MNIST(), Explore(data=MNIST(), attack=attack))
    assert [each.split()[0] for each in said] == ["standard", "standard-b"]
    assert warnings(Digits(), Explore(attack=attack)) == []
    assert warnings(MNIST(), Custom("nets:small")) == []
    assert names_on((Trained("standard"), Custom("nets:small")), MNIST())[1] == "nets:small"


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory) -> Path:
    """Images that have the digits' shape and classes, and are none."""
    path = tmp_path_factory.mktemp("data") / "noise.npz"
    draw = np.random.default_rng(0)
    x, y = draw.random((20, 28, 28), np.float32), np.arange(20) % 10
    np.savez(path, x_train=x, y_train=y, x_test=x, y_test=y)
    return path


MARKED = "standard (trained on digits)"


@pytest.mark.slow
@pytest.mark.parametrize("kind", [Restarts, Explore, TransferMatrix, Masking])
def test_results_mark_models_from_elsewhere(elsewhere, kind):
    few = {"images": (0,)} if kind is Restarts else {"images": 4} if kind is not Explore else {}
    quick = {"attack": PGD(steps=2)} if kind in (Restarts, Explore) else {"eps": ()}
    spec = kind(data=NpzFile(str(elsewhere)), models=(Trained("standard"),), ball=Linf(0.1), **few, **quick)
    result = analyse(spec, Context())
    names = [getattr(each, "model", each) for each in result.models]
    assert names == [MARKED]
    assert MARKED in result.to_frame().to_csv()


@pytest.mark.parametrize("line", ["attack --images 4", "analyse Restarts --set attack.steps=2 --model standard"])
def test_the_command_line_warns_once_and_goes_on(elsewhere, line, capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("LAB_HOME", str(tmp_path))
    assert main([*line.split(), "--data", str(elsewhere), "--json"]) == 0
    out, err = capsys.readouterr()
    json.loads(out)
    assert err.count("Warning: standard was trained on digits, not on noise") == 1
    assert main([*line.split(), "--json"]) == 0
    assert "Warning" not in capsys.readouterr().err


ZOO = [each for each in catalogue.models() if each.origin == "zoo"]


@pytest.mark.parametrize("data", [Digits(), MNIST(), FashionMNIST()])
def test_a_shipped_model_belongs_to_the_data_that_its_name_begins_with(data):
    at_home = {each.name for each in ZOO if not trained_elsewhere(each, data)}
    alike = {trained_alike(catalogue.trained_as(each.name), data) for each in ZOO}
    assert at_home == alike & {each.name for each in ZOO}
    assert at_home


def test_shipped_models_are_offered_on_their_data_and_marked_on_others_that_are_here_beside_them(tmp_path, monkeypatch):
    def names(data):
        return {marked(each.name, other) for each, other in offered(ZOO, catalogue.data_card(data))}

    monkeypatch.setenv("LAB_DATA", str(tmp_path))
    digits = {each.name for each in ZOO if each.data == "digits"}
    assert names(Digits()) == digits
    put(tmp_path / "MNIST" / "raw", mnist_files())
    assert {"mnist-standard (trained on mnist)"} | digits < names(Digits())
    assert {"mnist-standard", "standard (trained on digits)"} < names(MNIST())
    assert not any("fashion" in each for each in names(MNIST()))


def test_a_request_for_other_data_asks_for_the_models_that_were_trained_alike_on_them():
    cascade = EnsembleExamples(models=(Trained("standard"), Trained("mine")))
    asked = at_home(Adversarial(source=cascade), MNIST())
    assert asked.source.models == (Trained("mnist-standard"), Trained("mine"))
    assert at_home(Restarts(), Digits()) == Restarts()
    assert at_home(Trained("standard"), ImageFolder("/a/pets")) == Trained("standard")


@pytest.mark.parametrize(
    "spec",
    [LossSurface(), Masking(), TransferMatrix(), cascade_training(), ensemble_training()],
    ids=lambda each: each.title,
)
def test_a_request_asks_for_no_model_of_other_data_where_some_ship(spec):
    """Fashion-MNIST has no models of most kinds: they stay out, or another of its models stands in."""
    asked = at_home(spec, FashionMNIST())
    shipped = {each.spec: each.data for each in ZOO}
    named = [each for each in catalogue.parts(asked) if isinstance(each, Trained)]
    assert named
    assert {shipped[each] for each in named} == {"fashion-mnist"}
    assert len(set(named)) == len(named)


def test_models_of_the_data_that_are_asked_for_stay():
    asked = TransferMatrix(models=(Trained("fashion-mnist-pgd-trained"), Trained("mine")))
    assert at_home(asked, FashionMNIST()) == asked


@pytest.mark.parametrize(
    "line", ["attack --attack FGSM --images 4", "analyse Restarts --set images=0 --set attack.steps=1"]
)
def test_a_command_without_a_model_takes_the_one_of_its_data(line, capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("LAB_HOME", str(tmp_path))
    put(tmp_path / "data" / "MNIST" / "raw", mnist_files())
    monkeypatch.setenv("LAB_DATA", str(tmp_path / "data"))
    assert main([*line.split(), "--data", "mnist", "--json"]) == 0
    out, err = capsys.readouterr()
    assert "mnist-standard" in out
    assert "Warning" not in err
