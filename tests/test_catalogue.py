"""The catalogue: what is listed, what is found by name, and what decides a result."""

import ast
import gc
import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from lab import catalogue, datafiles, sources
from lab.errors import DataError, ModelError
from lab.specs import (
    MNIST,
    Custom,
    Digits,
    ImageFolder,
    Linf,
    NpzFile,
    Preview,
    Restarts,
    SmallCNN,
    Standard,
    Trained,
    to_dict,
)


@pytest.fixture(autouse=True)
def folders(tmp_path, monkeypatch):
    monkeypatch.setenv("LAB_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("LAB_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("LAB_OWN_DATA", raising=False)
    monkeypatch.delenv("LAB_OWN_MODELS", raising=False)
    monkeypatch.setattr("lab.catalogue.model_cards.ZOO", tmp_path / "zoo")
    monkeypatch.setattr(catalogue.packaged, "PACKAGED", ())
    (tmp_path / "data").mkdir()
    (tmp_path / "zoo").mkdir()


def put_run(tmp_path, name="mine", **changes):
    folder = tmp_path / "home" / "runs" / name
    folder.mkdir(parents=True)
    (folder / "weights.safetensors").write_bytes(b"weights of " + name.encode())
    card = {
        "name": name,
        "recipe": to_dict(Standard()),
        "architecture": to_dict(SmallCNN(width=8)),
        "data": "digits",
        "shape": [1, 28, 28],
        "classes": 10,
        "measured": {"clean": 0.97, "fgsm": 0.01},
        "sha256": "0" * 64,
    }
    (folder / "card.json").write_text(json.dumps(card | changes))
    return folder


def put_npz(path, n=6):
    x, y = np.zeros((n, 5, 4, 3), np.uint8), np.arange(n) % 3
    np.savez(path, x_train=x, y_train=y, x_test=x[:3], y_test=y[:3])
    return path


def test_a_finished_run_is_listed_with_what_its_card_says(tmp_path):
    put_run(tmp_path)
    [card] = catalogue.models()
    assert (card.name, card.spec, card.origin, card.data) == ("mine", Trained("mine"), "run", "digits")
    assert (card.shape, card.classes, card.architecture) == ((1, 28, 28), 10, SmallCNN(width=8))
    assert card.measured == {"clean": 0.97, "fgsm": 0.01}
    assert catalogue.find_model("mine") == Trained("mine")


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "null",
        "7",
        '"card"',
        "{}",
        '{"shape": [1, 2]}',
        "\x00",
        json.dumps({"shape": [1, 2, 3], "data": "", "measured": None}),
    ],
)
def test_a_damaged_card_is_skipped_with_a_sentence_and_the_rest_is_listed(tmp_path, text):
    put_run(tmp_path, "good")
    broken = put_run(tmp_path, "broken") / "card.json"
    broken.write_text(text)
    assert [each.name for each in catalogue.models()] == ["good"]
    [problem] = catalogue.problems()
    assert str(broken) in problem
    assert "train it again or remove it" in problem
    assert "subscriptable" not in problem
    with pytest.raises(ModelError) as refused:
        catalogue.find_model("broken")
    assert str(refused.value) == problem


def test_a_card_whose_weights_are_gone_is_no_model(tmp_path):
    (put_run(tmp_path) / "weights.safetensors").unlink()
    assert catalogue.models() == []
    assert "weights.safetensors is missing" in catalogue.problems()[0]
    with pytest.raises(ModelError, match=r"weights\.safetensors is missing"):
        catalogue.find_model("mine")


def test_a_damaged_card_takes_its_name_from_no_other_model(tmp_path):
    (tmp_path / "zoo" / "mine.json").write_text("{")
    put_run(tmp_path)
    assert catalogue.find_card("mine").origin == "run"


def test_a_card_that_changed_is_read_again(tmp_path):
    folder = put_run(tmp_path)
    assert [each.data for each in catalogue.models()] == ["digits"]
    card = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps(card | {"data": "mnist"}))
    assert [each.data for each in catalogue.models()] == ["mnist"]


def test_an_unfinished_run_is_not_listed_and_no_problem(tmp_path):
    folder = put_run(tmp_path)
    (folder / "card.json").rename(folder / "recipe.json")
    assert catalogue.models() == []
    assert catalogue.problems() == []
    with pytest.raises(ModelError, match=r"^mine is a training that has not ended: resume it with .* --name mine\.$"):
        catalogue.find_model("mine")


def test_of_two_models_with_one_name_the_first_counts(tmp_path, monkeypatch):
    put_run(tmp_path)
    monkeypatch.setenv("LAB_OWN_MODELS", json.dumps([{"name": "mine", "builder": "a:b", "weights": ""}]))
    assert [each.origin for each in catalogue.models()] == ["run"]
    assert "'mine'" in catalogue.problems()[0]


def test_custom_models_come_from_the_environment(monkeypatch):
    monkeypatch.setenv("LAB_OWN_MODELS", json.dumps([{"name": "net", "builder": "a.b:c", "weights": "w.safetensors"}]))
    [card] = catalogue.models()
    assert (card.name, card.spec, card.origin) == ("net", Custom("a.b:c", "w.safetensors"), "custom")


@pytest.mark.parametrize("text", ["{", "[1]", '[{"name": "x"}]', '[{"name": "x", "builder": 3}]'])
def test_unreadable_custom_models_are_a_problem_not_a_crash(monkeypatch, text):
    monkeypatch.setenv("LAB_OWN_MODELS", text)
    assert catalogue.models() == []
    assert "LAB_OWN_MODELS" in catalogue.problems()[0]


def test_published_data_that_is_not_there_says_what_to_do():
    cards = {each.name: each for each in catalogue.data_sets()}
    assert list(cards) == ["digits", "mnist", "fashion-mnist", "cifar10", "cifar100", "svhn", "photos"]
    assert cards["digits"].available
    assert (cards["digits"].shape, cards["digits"].classes, cards["digits"].n_test) == ((1, 28, 28), 10, 360)
    assert not cards["mnist"].available
    assert "MNIST/raw" in cards["mnist"].note
    assert "LAB_DATA" in cards["mnist"].note
    assert "data fetch cifar10" in cards["cifar10"].note


def test_npz_files_of_the_data_folder_are_listed_from_their_headers(tmp_path):
    put_npz(tmp_path / "data" / "pets.npz")
    (tmp_path / "data" / "broken.npz").write_bytes(b"PK nonsense")
    cards = {each.name: each for each in catalogue.data_sets()}
    assert (cards["pets"].shape, cards["pets"].classes, cards["pets"].n_test) == ((3, 5, 4), 3, 3)
    assert cards["pets"].available
    assert not cards["broken"].available
    assert "broken.npz" in cards["broken"].note


def test_custom_data_comes_from_the_environment_and_a_taken_name_becomes_the_path(tmp_path, monkeypatch):
    own = put_npz(tmp_path / "digits.npz")
    for part, name in (("train", "cat"), ("train", "dog"), ("test", "cat")):
        folder = tmp_path / "animals" / part / name
        folder.mkdir(parents=True)
        (folder / "a.png").write_bytes(b"")
    monkeypatch.setenv("LAB_OWN_DATA", json.dumps([str(own), str(tmp_path / "animals")]))
    cards = {each.name: each for each in catalogue.data_sets()}
    assert cards[str(own)].spec == NpzFile(str(own))
    assert catalogue.find_data("digits") == Digits()
    assert cards["animals"].spec == ImageFolder(str(tmp_path / "animals"))
    assert (cards["animals"].shape, cards["animals"].classes, cards["animals"].n_test) == ((3, 32, 32), 2, 1)


def test_data_is_found_by_name_in_any_case_and_by_path(tmp_path):
    path = put_npz(tmp_path / "elsewhere.npz")
    assert catalogue.find_data("MNIST") == MNIST()
    assert catalogue.find_data(str(path)) == NpzFile(str(path))
    assert catalogue.find_data(str(tmp_path)) == ImageFolder(str(tmp_path))


def test_an_unknown_name_is_answered_with_close_and_known_ones(tmp_path):
    put_run(tmp_path, "standard")
    with pytest.raises(DataError, match=r"'mnits', but there is mnist; known are digits, mnist"):
        catalogue.find_data("mnits")
    with pytest.raises(ModelError, match=r"'standart', but there is standard; known are standard"):
        catalogue.find_model("standart")
    with pytest.raises(ModelError, match="known are standard"):
        catalogue.find_model("../../standard")


def test_fingerprints_follow_weights_and_data_but_not_dates(tmp_path):
    weights = put_run(tmp_path, "standard") / "weights.safetensors"
    npz = put_npz(tmp_path / "a.npz")
    spec = Restarts(data=NpzFile(str(npz)), models=(Trained("standard"),), ball=Linf(0.1))
    before = catalogue.fingerprints(spec)
    assert len(before) == 3
    os.utime(npz, ns=(1, 1))
    assert catalogue.fingerprints(spec) == before
    weights.write_bytes(b"other weights")
    put_npz(npz, n=9)
    after = catalogue.fingerprints(spec)
    assert [old == new for old, new in zip(before, after, strict=True)] == [False, False, True]


def test_fingerprints_follow_the_architecture_in_which_the_weights_are_read(tmp_path):
    card = put_run(tmp_path, "standard") / "card.json"
    before = catalogue.fingerprints(Trained("standard"))
    record = json.loads(card.read_text())
    record["architecture"] = {"spec": "Binarised", "architecture": record["architecture"], "threshold": 0.6}
    card.write_text(json.dumps(record))
    assert catalogue.fingerprints(Trained("standard")) != before


def test_fingerprints_of_an_own_model_follow_its_source(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    source = tmp_path / "net_of_mine.py"
    source.write_text("def build(): return 1")
    before = catalogue.fingerprints(Custom("net_of_mine:build"))
    source.write_text("def build(): return 2, 3")
    assert catalogue.fingerprints(Custom("net_of_mine:build")) != before
    assert "net_of_mine" not in sys.modules


def test_fingerprints_of_what_is_not_there_is_a_sentence():
    with pytest.raises(DataError, match="MNIST/raw"):
        catalogue.fingerprints(Preview(data=MNIST()))
    with pytest.raises(ModelError, match="check its path"):
        catalogue.fingerprints(Custom("a:b", "nowhere.safetensors"))


def test_a_renamed_picture_changes_a_folders_fingerprint(tmp_path):
    for part in ("train/a", "test/a"):
        (tmp_path / "p" / part).mkdir(parents=True)
        (tmp_path / "p" / part / "1.png").write_bytes(b"x")
    spec = ImageFolder(str(tmp_path / "p"))
    before = datafiles.fingerprint(spec)
    (tmp_path / "p/train/a").rename(tmp_path / "p/train/b")
    assert datafiles.fingerprint(spec) != before


def test_the_catalogue_needs_no_torch():
    code = (
        "import sys; from lab import catalogue; from lab.specs import Digits\n"
        "catalogue.models(); catalogue.data_sets(); catalogue.fingerprints(Digits())\n"
        "assert not {'torch', 'torchvision', 'sklearn'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_what_a_page_calls_a_spec_is_in_no_key_and_all_else_is(tmp_path, monkeypatch):
    source = tmp_path / "specs" / "bim.py"
    source.parent.mkdir()
    monkeypatch.setattr("lab.catalogue.deciding.__file__", str(tmp_path / "catalogue" / "deciding.py"))

    def version(text):
        source.write_text(text, "utf-8")
        return catalogue.implementation.__wrapped__()

    before = version('class BIM(Iterated, title="BIM"):\n    eps: float = param(0.3, 0.0, label="ε")\n')
    words = 'class BIM(\n    Iterated,\n    title="Basic",\n):\n'
    words += '    eps: float = param(\n        0.3, 0.0, label="Radius"\n    )\n'
    assert version(words) == before
    for old, new in (("0.3", "0.4"), ("Iterated", "PGD"), ("eps", "ε"), ("label", "unit"), ("title", "kind")):
        assert version(words.replace(old, new)) != before


def test_sources_are_parsed_in_several_threads_at_once():
    """As on a worker: its garbage collector calls back, and lets another thread run while a syntax tree is built."""
    source = Path(catalogue.__file__).read_bytes()
    threshold = gc.get_threshold()
    gc.callbacks.append(pauses := lambda *_: time.sleep(0))
    gc.set_threshold(20)
    try:
        with ThreadPoolExecutor(8) as threads:
            trees = list(threads.map(sources.parsed, [source] * 40))
    finally:
        gc.set_threshold(*threshold)
        gc.callbacks.remove(pauses)
    assert len({ast.dump(each) for each in trees}) == 1
