"""Files of weights as they are found in the world: what fits is read, whatever it is called, and all else is said."""

import io
import json
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import nn

from lab.errors import ModelError
from lab.models import Normalised, load_weights
from tests.models.checkpoints import SD, begun, changed, net, refusal, same, state


class Wrapped(nn.Module):
    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner


def without_counters(of: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name: value for name, value in of.items() if "num_batches" not in name}


READ = {
    "bare": SD,
    "ordered": OrderedDict(SD),
    "state_dict": {"state_dict": SD, "test_acc": 0.9},
    "model": {"epoch": 3, "model": SD, "optimizer": {"state": {0: {"exp_avg": SD["fc.weight"]}}, "param_groups": [{}]}},
    "model_state_dict": {"model_state_dict": SD, "loss": torch.tensor(0.1)},
    "net": {"net": SD, "acc": 91.2, "epoch": 7},
    "ema": {"ema": SD},
    "two deep": {"state": {"model": {"state_dict": SD}}},
    "one in a list": {"state_dict": [SD]},
    "a tuple": (SD, 3),
    "module.": begun("module.", SD),
    "_orig_mod.": begun("_orig_mod.", SD),
    "model.": begun("model.", SD),
    "nested and begun": {"state_dict": begun("module.", SD)},
    "_orig_mod.module.": begun("_orig_mod.module.", SD),
    "module.model.": begun("module.model.", SD),
    "a name of its own": begun("resnet.", SD),
    "parallel inside": {("fc.module" + name[2:] if name[:3] == "fc." else name): each for name, each in SD.items()},
    "compiled inside": {name.replace("conv.", "conv._orig_mod."): each for name, each in SD.items()},
    "averaged": begun("module.", SD) | {"n_averaged": torch.tensor(3)},
    "no num_batches_tracked": without_counters(SD),
    "half": {name: each.half() if each.is_floating_point() else each for name, each in SD.items()},
    "bfloat16": {name: each.bfloat16() if name.startswith("fc") else each for name, each in SD.items()},
    "double": {name: each.double() for name, each in SD.items()},
    "numbers beside": SD | {"epoch": 3, "arch": "net", "best": None},
    "numpy accuracy": {"state_dict": SD, "acc": np.float64(0.91)},
    "numpy numbers": {"net": SD, "n": np.int64(3), "ok": np.bool_(True), "f": np.float32(2)},
    "twice the same": {"state_dict": SD, "best": SD},
    "of other models too": {"generator": {"g.weight": torch.ones(2)}, "classifier": SD},
    "parameters": {name: nn.Parameter(each) if each.is_floating_point() else each for name, each in SD.items()},
}


@pytest.mark.parametrize("name", READ)
def test_what_is_unambiguous_is_read(tmp_path: Path, name: str) -> None:
    torch.save(READ[name], tmp_path / "w.pt")
    for model in (net(2), Normalised(net(2), [0.5], [0.2]), Wrapped(net(2)), nn.DataParallel(net(2))):
        if isinstance(model, Wrapped) and name == "a name of its own":
            continue  # two names of nobody's knowledge
        load_weights(model, tmp_path / "w.pt")
        assert same(model)


@pytest.mark.parametrize(
    "name", ["w.pkl", "w.model", "w.th", "w.bin", "w.ckpt", "w.pth.tar", "W.PT", "w", "w.safetensor"]
)
@pytest.mark.parametrize("kind", ["zip", "legacy", "safetensors"])
def test_a_files_name_says_nothing(tmp_path: Path, name: str, kind: str) -> None:
    if kind == "safetensors":
        safetensors.torch.save_file(SD, tmp_path / name)
    else:
        torch.save(SD, tmp_path / name, _use_new_zipfile_serialization=kind == "zip")
    model = net(2)
    load_weights(model, tmp_path / name)
    assert same(model)


def test_numbers_of_an_older_numpy_are_read(tmp_path: Path) -> None:
    torch.save({"net": SD, "acc": np.float64(0.5)}, tmp_path / "w.pt", _use_new_zipfile_serialization=False)
    content = (tmp_path / "w.pt").read_bytes()
    (tmp_path / "w.pt").write_bytes(content.replace(b"numpy._core.multiarray", b"numpy.core.multiarray"))
    model = net(2)
    load_weights(model, tmp_path / "w.pt")
    assert same(model)


def test_tied_weights_may_be_saved_once(tmp_path: Path) -> None:
    def tied() -> nn.Sequential:
        layer = nn.Linear(3, 3)
        return nn.Sequential(layer, layer)

    one, other = tied(), tied()
    safetensors.torch.save_model(one, str(tmp_path / "w.safetensors"))
    load_weights(other, tmp_path / "w.safetensors")
    assert torch.equal(one[0].weight, other[1].weight)


def test_two_values_for_tied_weights_are_refused(tmp_path: Path) -> None:
    layer = nn.Linear(3, 3)
    untied = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    torch.save(untied.state_dict(), tmp_path / "w.pt")
    with pytest.raises(
        ModelError, match=r"0\.weight and 1\.weight differ, but are one weight in the model: give .*\.$"
    ):
        load_weights(nn.Sequential(layer, layer), tmp_path / "w.pt")
    untied[1].load_state_dict(untied[0].state_dict())
    torch.save(untied.state_dict(), tmp_path / "w.pt")
    load_weights(nn.Sequential(layer, layer), tmp_path / "w.pt")
    assert torch.equal(layer.weight, untied[0].weight)


def normed(weight_norm: Callable[[nn.Module], nn.Module]) -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(weight_norm(nn.Conv2d(1, 2, 3)), nn.Flatten(), weight_norm(nn.Linear(8, 3)))


@pytest.mark.filterwarnings("ignore:.*weight_norm.*deprecated")
@pytest.mark.parametrize("beginning", ["", "module.", "model."])
def test_names_that_only_the_layers_know_are_read(tmp_path: Path, beginning: str) -> None:
    old, new = normed(nn.utils.weight_norm), normed(nn.utils.parametrizations.weight_norm)
    with torch.no_grad():
        old[0].weight_g.mul_(2)
        old[2].weight_g.mul_(3)
    torch.save({"state_dict": begun(beginning, old.state_dict())}, tmp_path / "w.pt")
    load_weights(new, tmp_path / "w.pt")
    x = torch.rand(2, 1, 4, 4)
    torch.testing.assert_close(new(x), old(x))
    wrapped = Normalised(normed(nn.utils.parametrizations.weight_norm), [0.0], [1.0])
    load_weights(wrapped, tmp_path / "w.pt")
    torch.testing.assert_close(wrapped(x), old(x))
    diverged = dict(old.state_dict()) | {"0.weight_g": torch.full((2, 1, 1, 1), torch.nan)}
    torch.save(begun(beginning, diverged), tmp_path / "nan.pt")
    with pytest.raises(ModelError, match="values that are not finite"):
        load_weights(new, tmp_path / "nan.pt")
    torch.testing.assert_close(new(x), old(x))


class Remembers(nn.Linear):
    """A layer with more than tensors in its state."""

    def get_extra_state(self) -> dict[str, float]:
        return {"scale": 7.0}

    def set_extra_state(self, state: dict[str, float]) -> None:
        pass


@pytest.mark.filterwarnings("ignore:.*quantiz", "ignore:torch.ao", "ignore:.*TypedStorage")
@pytest.mark.parametrize(
    "make",
    [
        lambda: nn.Sequential(Remembers(3, 2)),
        lambda: torch.ao.quantization.quantize_dynamic(nn.Sequential(nn.Linear(3, 2)), {nn.Linear}, torch.qint8),
    ],
    ids=["extra state", "packed integers"],
)
def test_a_model_with_more_than_tensors_is_refused(tmp_path: Path, make: Callable[[], nn.Module]) -> None:
    torch.save(make().state_dict(), tmp_path / "w.pt")
    with pytest.raises(ModelError, match=r"^The model keeps 0\..* among its weights, and nothing but .*\.$"):
        load_weights(make(), tmp_path / "w.pt")


def test_lazy_layers_take_their_shape_from_the_file(tmp_path: Path) -> None:
    torch.save({"state_dict": nn.Sequential(nn.Linear(5, 3)).state_dict()}, tmp_path / "w.pt")
    model = nn.Sequential(nn.LazyLinear(3))
    load_weights(model, tmp_path / "w.pt")
    assert model[0].weight.shape == (3, 5)


def test_what_is_infinite_in_the_model_itself_may_be(tmp_path: Path) -> None:
    def masked() -> nn.Module:
        model = nn.Linear(2, 2)
        model.register_buffer("mask", torch.tensor([0.0, -torch.inf]))
        return model

    torch.save(masked().state_dict(), tmp_path / "w.pt")
    load_weights(masked(), tmp_path / "w.pt")


NAN, INF = torch.full((3,), torch.nan), torch.tensor([0.0, torch.inf, 0.0])
REFUSED = {
    "three": (
        {"state_dict": [SD, state(2), state(3)]},
        "holds 3 sets of weights, ['state_dict'][0], ['state_dict'][1]",
    ),
    "how to choose": ({"state_dict": [SD, state(2)]}, "torch.save(torch.load('w.pt')['state_dict'][0], 'one.pt')"),
    "two": ({"model": SD, "ema": state(2)}, "holds 2 sets of weights, ['model'], ['ema']"),
    "nan": (changed(fc__bias=NAN), "fc.bias has 3 values that are not finite (as nan)"),
    "inf": ({"net": changed(fc__bias=INF)}, "fc.bias has 1 values that are not finite (as inf)"),
    "nan in a statistic": (changed(bn__running_var=torch.full((2,), torch.nan)), "bn.running_var has 2 values that"),
    "too large for float32": (
        changed(fc__bias=torch.full((3,), 1e300, dtype=torch.float64)),
        "fc.bias has 3 values that are not",
    ),
    "int8": (changed(fc__bias=torch.ones(3, dtype=torch.int8)), "fc.bias is of int8 where the model has float32"),
    "bool": (changed(fc__bias=torch.ones(3, dtype=torch.bool)), "fc.bias is of bool where the model has float32"),
    "complex": (changed(fc__bias=torch.ones(3, dtype=torch.complex64)), "fc.bias is of complex64 where the model has"),
    "sparse": (changed(fc__bias=torch.ones(3).to_sparse()), "w.pt"),
    "no values": (changed(fc__bias=torch.ones(3, device="meta")), "fc.bias is not stored as plain numbers"),
    "shape": (
        {"net": changed(fc__weight=torch.ones(10, 2))},
        "['net']: fc.weight has shape (10, 2) where the model has (3, 2)",
    ),
    "less": ({"net": {"conv.weight": SD["conv.weight"]}}, "['net'] has no conv.bias, bn.weight, bn.bias and 4 more"),
    "more": (begun("module.", SD) | {"module.head.weight": SD["fc.bias"]}, "has module.head.weight besides"),
    "its own normalisation": (
        begun("model.", SD) | {"mean": torch.ones(1), "std": torch.ones(1)},
        "has mean, std besides",
    ),
    "another model's": (
        {"state_dict": nn.Linear(2, 2).state_dict()},
        "['state_dict'] has no conv.weight, conv.bias, bn.weight",
    ),
    "no weights": ({"epoch": 3, "lr": 0.1}, "holds no weights, but epoch, lr"),
    "nothing": ({}, "holds no weights, it is empty"),
    "a tensor": (torch.ones(3), "holds no weights, but a Tensor"),
    "a number": (3, "holds no weights, but a int"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_is_refused_by_what_is_there(tmp_path: Path, name: str, recwarn: pytest.WarningsRecorder) -> None:
    content, words = REFUSED[name]
    torch.save(content, tmp_path / "w.pt")
    assert words in refusal(tmp_path / "w.pt")
    assert not recwarn.list


def zipped(content: dict[str, bytes], how: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", how) as archive:
        for name, each in content.items():
            archive.writestr(name, each)
    return buffer.getvalue()


class Evil:
    """What would run code when it is unpickled."""

    def __reduce__(self):
        return (print, ("unpickled!",))


def laughs() -> bytes:
    value: list[object] = []
    for _ in range(60):
        value = [value, value]
    return pickle.dumps(value, 2)


HOSTILE = {
    "nothing": (b"", "is damaged or holds more than tensors"),
    "nonsense": (b"nonsense", "is damaged or holds more than tensors"),
    "git lfs": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git lfs pull"),
    "a web page": (b"<!DOCTYPE html>", "is a web page"),
    "an npz": (zipped({"x.npy": b"\x93NUMPY"}), "holds more than tensors"),
    "a packed bomb": (zipped({"a/data.pkl": b"0" * 10**7}, zipfile.ZIP_DEFLATED), "is a packed archive"),
    "half an archive": (b"PK\x03\x04" + b"x" * 99, "is damaged or holds more than tensors"),
    "a header that lies": ((10**9).to_bytes(8, "little") + b"{}", "is damaged or holds more than tensors"),
    "a header of nothing": ((2).to_bytes(8, "little") + b"{x", "is damaged or no safetensors file"),
    "offsets that lie": (
        len(
            head := json.dumps({"a": {"dtype": "F32", "shape": [10**9], "data_offsets": [0, 4 * 10**9]}}).encode()
        ).to_bytes(8, "little")
        + head,
        "is damaged or no safetensors file",
    ),
    "a pickle that prints": (pickle.dumps(Evil(), 2), "nothing is unpickled here"),
    "a million laughs": (laughs(), "w.pt"),
    "endless nesting": (b"\x80\x02" + b"]" * 10**5 + b"a" * (10**5 - 1) + b".", "w.pt"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    content, words = HOSTILE[name]
    (tmp_path / "w.pt").write_bytes(content)
    assert words in refusal(tmp_path / "w.pt")
    assert "unpickled!" not in capsys.readouterr().out


@pytest.mark.filterwarnings("ignore")  # TorchScript is being given up
def test_whole_models_and_other_objects_are_refused_by_their_names(tmp_path: Path) -> None:
    path = tmp_path / "w.pt"
    for value, words in (
        (nn.DataParallel(nn.Linear(2, 2)), "torch.nn.parallel.data_parallel.DataParallel"),
        ({"state_dict": SD, "args": Path("x")}, "nothing is unpickled here"),
        ({"state_dict": SD, "of": np.array([object()])}, "nothing is unpickled here"),
    ):
        torch.save(value, path)
        assert words in refusal(path)
    torch.jit.save(torch.jit.script(nn.Linear(2, 2)), str(path))
    assert "TorchScript" in refusal(path)
    assert "There is no file" in refusal(tmp_path)


def test_state_dicts_with_thousands_of_others_beside_them_are_found_at_once(tmp_path: Path) -> None:
    other = {"exp_avg": torch.ones(1), "exp_avg_sq": torch.ones(1)}
    torch.save(
        {"optimizer_states": [other] * 3 + [dict(other) for _ in range(2000)], "state_dict": SD}, tmp_path / "w.pt"
    )
    model = net(2)
    load_weights(model, tmp_path / "w.pt")
    assert same(model)


def test_nothing_is_told_where_nothing_is_left_out(tmp_path: Path) -> None:
    for name in READ:
        torch.save(READ[name], tmp_path / "w.pt")
        assert not load_weights(net(2), tmp_path / "w.pt")
