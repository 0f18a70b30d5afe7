"""Loading networks: what was saved comes back, and every fault is one sentence."""

import functools
import json
import struct
import sys
import zipfile

import pytest
import safetensors.torch
import torch
from torch import nn

from lab import datafiles
from lab.errors import ModelError
from lab.models import build, load, load_weights, save_weights
from lab.models.adapter import name_of as name_in_sentences
from lab.specs import Custom, SmallCNN, Standard, Trained, to_dict
from lab.specs.models import name_of

SMALL = SmallCNN(width=2)


@pytest.fixture(autouse=True)
def folders(tmp_path, monkeypatch):
    monkeypatch.setenv("LAB_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("LAB_OWN_MODELS", raising=False)
    monkeypatch.setattr("lab.catalogue.model_cards.ZOO", tmp_path / "zoo")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))


def network(seed=1):
    return build(SMALL, generator=torch.Generator().manual_seed(seed))


def same(one, other):
    return all(torch.equal(a, b) for a, b in zip(one.state_dict().values(), other.state_dict().values(), strict=True))


def put_run(tmp_path, name="mine"):
    weights = tmp_path / "home" / "runs" / name / "weights.safetensors"
    save_weights(network(), weights)
    card = {
        "recipe": to_dict(Standard()),
        "architecture": to_dict(SMALL),
        "data": "digits",
        "shape": [1, 28, 28],
        "classes": 10,
        "measured": {},
        "sha256": datafiles.file_hash(weights),
    }
    (weights.parent / "card.json").write_text(json.dumps(card))
    return weights


def complaint(spec):
    with pytest.raises(ModelError) as found:
        load(spec)
    text = str(found.value)
    assert text.endswith(".")
    assert "\n" not in text
    return text


def test_a_finished_run_comes_back_frozen_in_eval_mode(tmp_path):
    put_run(tmp_path)
    found = load(Trained("mine"), "cpu")
    assert same(found, network())
    assert not found.training
    assert not any(each.requires_grad for each in found.parameters())
    assert load(Trained("mine"), "cpu") is found


def test_a_run_trained_again_is_loaded_again(tmp_path):
    weights = put_run(tmp_path)
    first = load(Trained("mine"))
    save_weights(network(seed=2), weights)
    card = json.loads((weights.parent / "card.json").read_text())
    (weights.parent / "card.json").write_text(json.dumps(card | {"sha256": datafiles.file_hash(weights)}))
    assert not same(load(Trained("mine")), first)


def test_weights_that_are_not_the_cards_are_refused(tmp_path):
    weights = put_run(tmp_path)
    content = bytearray(weights.read_bytes())
    content[-1] ^= 0xFF
    weights.write_bytes(content)
    assert f"{weights} is damaged" in complaint(Trained("mine"))
    weights.write_bytes(content[:100])
    assert f"{weights} is damaged" in complaint(Trained("mine"))


def test_an_unknown_model_is_refused():
    assert "There is no model called 'nobody'" in complaint(Trained("nobody"))


def test_saving_replaces_whole_files_and_leaves_nothing_else(tmp_path):
    path = tmp_path / "deep" / "w.safetensors"
    for seed in (1, 2):
        save_weights(network(seed), path)
    assert [each.name for each in path.parent.iterdir()] == ["w.safetensors"]
    found = network(seed=3)
    load_weights(found, path)
    assert same(found, network(seed=2))


def test_tied_weights_can_be_saved(tmp_path):
    layer = nn.Linear(3, 3)
    tied = nn.Sequential(layer, layer)
    save_weights(tied, tmp_path / "w.safetensors")
    load_weights(tied, tmp_path / "w.safetensors")


BUILDERS = """
from torch import nn
Net = lambda: nn.Linear(2, 3)
number = 3
def broken(): raise OSError("no such thing")
def nothing(): return None
def leaves():
    import os
    os._exit(0)
async def waits(): return nn.Linear(2, 3)
class Odd(BaseException):
    def __str__(self): raise RuntimeError
def odd(): raise Odd
def wide(width): return nn.Linear(width, 3)
made = nn.Linear(2, 3)
class NoEvaluation(nn.Linear):
    def eval(self): raise RuntimeError("no such mode")
class NoTraining(nn.Linear):
    def train(self): return self
class NoState(nn.Linear):
    def state_dict(self, *arguments, **options): raise KeyError("state")
class NoBeginning(nn.Module):
    def __init__(self): self.scale = 1
no_evaluation = lambda: NoEvaluation(2, 3)
no_training = lambda: NoTraining(2, 3)
no_state = lambda: NoState(2, 3)
def empty(): return nn.Linear(2, 3, device="meta")
def exits_later():
    class Exits(nn.Linear):
        def eval(self): raise SystemExit("bye")
    return Exits(2, 3)
def normalised():
    from lab.models import Normalised
    return Normalised(nn.Conv2d(3, 4, 1), [0.5] * 3, [0.2] * 3)
def of_the_lab():
    from lab.models import load
    from lab.specs import Trained
    return load(Trained("mine"))
def around_the_labs(): return nn.Sequential(nn.Identity(), of_the_lab())
shared = nn.Linear(2, 3)
def one_name(): return shared
def other_name(): return shared
"""


@pytest.fixture
def builders(tmp_path):
    package = tmp_path / "own_nets"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "nets.py").write_text(BUILDERS)
    (package / "exits.py").write_text("raise SystemExit('usage: --arch')")
    (package / "lacks.py").write_text("import own_helper")
    (package / "bad.py").write_text("def (")
    yield "own_nets.nets"
    for name in [each for each in sys.modules if each.startswith("own_nets")]:
        del sys.modules[name]


@pytest.mark.parametrize("ending", [".safetensors", ".pt", ".pth"])
def test_an_own_network_is_imported_from_the_working_directory(tmp_path, builders, ending):
    state = nn.Linear(2, 3).state_dict()
    path = tmp_path / f"w{ending}"
    safetensors.torch.save_file(state, path) if ending == ".safetensors" else torch.save(state, path)
    found = load(Custom(f"{builders}:Net", str(path)))
    assert torch.equal(found.weight, state["weight"])
    assert not found.training
    assert not found.weight.requires_grad


@pytest.mark.parametrize(
    ("builder", "other"),
    [
        ("of_the_lab", Trained("mine")),
        ("around_the_labs", Trained("mine")),
        ("one_name", Custom("own_nets.nets:other_name")),
        ("one_name", Custom("own_nets.nets:one_name", "other.pt")),
    ],
)
def test_a_builder_that_returns_a_loaded_model_leaves_that_as_it_is(tmp_path, builders, builder, other):
    put_run(tmp_path)
    torch.save({"weight": torch.zeros(3, 2), "bias": torch.zeros(3)}, "other.pt")
    loaded = load(other)
    before, called = {key: value.clone() for key, value in loaded.state_dict().items()}, name_in_sentences(loaded)
    changed = {key: value + 1 for key, value in load(Custom(f"{builders}:{builder}")).state_dict().items()}
    torch.save(changed, "changed.pt")
    load(Custom(f"{builders}:{builder}", "changed.pt"))
    assert all(torch.equal(before[key], value) for key, value in loaded.state_dict().items())
    assert name_in_sentences(loaded) == called == name_of(other)


def test_normalisation_is_no_part_of_the_weights(builders):
    assert list(load(Custom(f"{builders}:normalised")).state_dict()) == ["model.weight", "model.bias"]


@pytest.mark.parametrize(
    ("builder", "words"),
    [
        ("", "is not a builder: write it as package.module:function"),
        ("own_nets.nets", "is not a builder"),
        ("own_nets.nets:", "is not a builder"),
        ("own_nets.nowhere:Net", "The module 'own_nets.nowhere' cannot be imported (ModuleNotFoundError"),
        ("own_nets.bad:Net", "(bad.py, line 1)): import it in Python to see where."),
        ("own_nets.exits:Net", "cannot be imported (SystemExit: usage: --arch): import it in Python to see where."),
        ("own_nets.lacks:Net", "No module named 'own_helper'): start from the folder that holds it, or install it."),
        ("..own:Net", "does not name a module: write package.module:function, such as nets:build"),
        ("own_nets/nets.py:Net", "without a path, and start from its folder"),
        ("./nets:Net", "does not name a module"),
        ("nets.py:Net", "does not name a module"),
        ("own_nets.nets:Nut", "has no 'Nut': define a function that returns the model"),
        ("own_nets.nets:number", "has a value of type int as 'number'"),
        ("own_nets.nets:broken", "own_nets.nets:broken() raised OSError: no such thing: call it in Python"),
        ("own_nets.nets:odd", "own_nets.nets:odd() raised Odd: call it in Python to see where"),
        ("own_nets.nets:wide", "'width': it is called without arguments"),
        ("own_nets.nets:made", "own_nets.nets:made is a model itself: name a function that returns it"),
        (
            "own_nets.nets:no_evaluation",
            "own_nets.nets:no_evaluation cannot be made ready (RuntimeError: no such mode)",
        ),
        ("own_nets.nets:no_training", "cannot be made ready (TypeError: "),
        ("own_nets.nets:no_state", "cannot be made ready (KeyError: 'state')"),
        ("own_nets.nets:NoBeginning", "cannot be made ready (AttributeError: "),
        ("own_nets.nets:empty", "cannot be made ready (NotImplementedError: Cannot copy out of meta tensor"),
        ("own_nets.nets:exits_later", "cannot be made ready (SystemExit: bye)"),
        ("own_nets.nets:leaves", "raised SystemExit: os._exit(0): call it"),
        ("own_nets.nets:waits", "returned a value of type coroutine: it must"),
        ("own_nets.nets:nothing", "returned a value of type NoneType: it must return a torch.nn.Module"),
    ],
)
def test_a_bad_builder_is_refused_in_one_sentence(builders, builder, words):
    assert words in complaint(Custom(builder))


def test_weights_that_do_not_fit_are_refused_with_the_first_at_fault(tmp_path, builders):
    good = nn.Linear(2, 3).state_dict()
    path = tmp_path / "w.safetensors"
    for state, words in (
        ({"weight": good["weight"]}, "has no bias: give the weights of exactly this model"),
        (good | {"extra": good["bias"].clone()}, "has extra besides"),
        (good | {"weight": torch.zeros(3, 5)}, "weight has shape (3, 5) where the model has (3, 2)"),
    ):
        safetensors.torch.save_file(state, path)
        assert words in complaint(Custom(f"{builders}:Net", str(path)))


def test_bad_weight_files_are_refused(tmp_path, builders):
    def about(name, content=None):
        if content is not None:
            (tmp_path / name).write_bytes(content)
        return complaint(Custom(f"{builders}:Net", str(tmp_path / name)))

    assert "check its path" in about("nowhere.pt")
    assert "is damaged or no safetensors file" in about("w.safetensors", b"nonsense")
    assert "is damaged or no safetensors file" in about("empty.safetensors", b"")
    assert "is damaged or holds more than tensors" in about("w.ckpt", b"nonsense")
    assert "is damaged or holds more than tensors" in about("w.pt", b"nonsense")
    assert "is damaged or holds more than tensors" in about("w.pth", b"")


@pytest.mark.parametrize("checksums", [True, False])
def test_weights_that_are_not_what_was_written_are_refused(tmp_path, builders, checksums):
    """As after a bad copy; PyTorch would read them. A file may have been written without checksums."""
    path, given = tmp_path / "w.pt", nn.Linear(2, 3)
    torch.serialization.set_crc32_options(checksums)
    try:
        torch.save(given.state_dict(), path)
    finally:
        torch.serialization.set_crc32_options(True)
    assert same(load(Custom(f"{builders}:Net", str(path))), given)
    content, values = path.read_bytes(), given.bias.detach().numpy().tobytes()
    path.write_bytes(content.replace(values, bytes(len(values))))
    if checksums:
        text = complaint(Custom(f"{builders}:Net", str(path)))
        assert "does not match its checksum): copy or download it again" in text


@pytest.mark.parametrize("numbers", [0, 1])
def test_whichever_part_of_a_file_is_damaged_it_is_named(tmp_path, builders, numbers):
    """The shortest one too, such as the version of the format, also beside a tensor of no numbers."""
    path = tmp_path / "w.pt"
    torch.save({"weight": torch.ones(3, 2), "bias": torch.ones(numbers)}, path)
    content = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        members = [each for each in archive.infolist() if each.file_size]
    assert len(members) >= 4
    for each in members:
        lengths = struct.unpack_from("<HH", content, each.header_offset + 26)  # of its name and its extra field
        first = each.header_offset + 30 + sum(lengths)
        path.write_bytes(content[:first] + bytes([content[first] ^ 1]) + content[first + 1 :])
        assert f"is damaged ({each.filename} does not match" in complaint(Custom(f"{builders}:Net", str(path)))


@pytest.mark.parametrize("protocol", [4, 5])
def test_a_pickle_protocol_that_is_not_read_is_named(tmp_path, builders, protocol):
    torch.save(nn.Linear(2, 3).state_dict(), tmp_path / "w.pt", pickle_protocol=protocol)
    assert "pickled by a protocol other than 2" in complaint(Custom(f"{builders}:Net", str(tmp_path / "w.pt")))


def test_files_are_told_apart_by_content_whatever_their_names(tmp_path, builders):
    given = nn.Linear(2, 3)
    for name, save in (
        ("a.safetensors", torch.save),
        ("old.safetensors", functools.partial(torch.save, _use_new_zipfile_serialization=False)),
        ("b.pt", safetensors.torch.save_file),
    ):
        save(given.state_dict(), tmp_path / name)
        assert same(load(Custom(f"{builders}:Net", str(tmp_path / name))), given)
    (tmp_path / "model.safetensors.index.json").write_text('{"weight_map": {"weight": "model-1.safetensors"}}')
    assert "an index of several files" in complaint(
        Custom(f"{builders}:Net", str(tmp_path / "model.safetensors.index.json"))
    )


def test_nothing_is_unpickled_from_a_pt_file(tmp_path, builders):
    torch.save(nn.Linear(2, 3), tmp_path / "whole.pt")
    text = complaint(Custom(f"{builders}:Net", str(tmp_path / "whole.pt")))
    assert "holds more than tensors (torch.nn.modules.linear.Linear), and nothing is unpickled here" in text
    assert "safetensors.torch.save_file" in text
