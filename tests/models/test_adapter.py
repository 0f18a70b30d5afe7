"""Every kind of model that users bring is attacked as it is, or refused in one sentence."""

import functools
import os
import sys
from collections import OrderedDict
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from lab.attacks import attack, attack_sweep, judge, maximise, minimum_distance, orthogonal_count
from lab.errors import AttackError, LabError
from lab.models import build, embed
from lab.models.adapter import Adapted, adapted
from lab.specs import FGSM, L2, CarliniWagnerLinf, Linf, SmallCNN, Square
from tests.models.around import Around
from tests.models.small import BALL, SPEC, net


def in_place(inner, pixels):
    pixels -= 0.5
    return inner(pixels + 0.5)


def clamping(inner, pixels):
    return inner(pixels.clamp_(0.2, 0.8))


def autocast(inner, pixels):
    with torch.autocast("cpu", torch.bfloat16):
        return inner(pixels)


def viewing(inner, pixels):
    return inner(pixels.view(-1, 64).view(-1, 1, 8, 8))


class Wordless(BaseException):
    """As the errors of some libraries: no Exception, and unable to say what it is."""

    def __str__(self):
        raise RuntimeError


def printing(inner, pixels):
    print("in forward")
    return inner(pixels)


AROUND = {
    "in place": in_place,
    "clamp_": clamping,
    "autocast": autocast,
    "views": viewing,
    "prints": printing,
    "1-tuple": lambda inner, pixels: (inner(pixels),),
    "list of one": lambda inner, pixels: [inner(pixels)],
    "mapping": lambda inner, pixels: {"logits": inner(pixels), "hidden": pixels},
    "mapping of one": lambda inner, pixels: OrderedDict(out=inner(pixels)),
    "tuple with nothing": lambda inner, pixels: (inner(pixels), None),
    "mapping with nothing": lambda inner, pixels: {"loss": None, "out": inner(pixels)},
    "a class of its own": lambda inner, pixels: inner(pixels).as_subclass(type("Scores", (torch.Tensor,), {})),
    "sparse": lambda inner, pixels: inner(pixels).to_sparse(),
    "object": lambda inner, pixels: SimpleNamespace(logits=inner(pixels), loss=None),
    "map of one pixel": lambda inner, pixels: inner(pixels)[:, :, None, None],
    "squeezed": lambda inner, pixels: inner(pixels).squeeze(),
    "squeezed images": lambda inner, pixels: inner(pixels.squeeze(1).unsqueeze(1)),
    "double inside": lambda inner, pixels: inner.double()(pixels.double()),
    "asks a value": lambda inner, pixels: inner(pixels) * (1.0 if pixels.mean().item() > -1 else 0.0),
}


OTHERS = {
    "bfloat16": lambda: net().bfloat16(),
    "half": lambda: net().half(),
    "double": lambda: net().double(),
    "scripted": lambda: torch.jit.script(net()),
    "frozen script": lambda: torch.jit.freeze(torch.jit.script(net())),
    "traced": lambda: torch.jit.trace(net(), torch.rand(3, 1, 8, 8)),
    "parallel": lambda: nn.DataParallel(net()),
    "function": lambda: functools.partial(lambda scale, pixels, inner: inner(pixels) * scale, 2.0, inner=net()),
    "lambda": lambda: (lambda inner: lambda pixels: inner(pixels))(net()),
    "method": lambda: net().forward,
    "lazy": lambda: nn.Sequential(nn.LazyConv2d(3, 3), nn.LazyBatchNorm2d(), nn.ReLU(), nn.Flatten(), nn.LazyLinear(4)),
    "normalises the batch": lambda: nn.Sequential(
        nn.Flatten(), nn.Linear(64, 16), nn.BatchNorm1d(16, track_running_stats=False), nn.ReLU(), nn.Linear(16, 4)
    ),
}


MODELS = {name: functools.partial(Around, run) for name, run in AROUND.items()} | OTHERS


@pytest.mark.filterwarnings("ignore:.*deprecated")
@pytest.mark.parametrize("name", MODELS)
def test_a_users_model_is_attacked_and_judged(name, x, y, capsys):
    model, before = MODELS[name](), x.clone()
    for spec in (SPEC, FGSM(), Square(queries=20)):
        for run in (attack, maximise):
            found = run(spec, model, x, y, BALL)
            assert found.dtype == torch.float32
            assert torch.equal(x, before)
            result = judge(x, y, found, model, BALL)
            assert result.margin.dtype == np.float32
    assert torch.equal(x, before)
    assert not capsys.readouterr().out
    if name in AROUND and name not in ("clamp_", "autocast"):
        assert judge(x, y, x, model, BALL).clean_accuracy == 1


@pytest.mark.parametrize("name", ["half", "views", "1-tuple", "function", "in place", "double"])
def test_so_does_every_other_way_to_ask(name, x, y):
    model, before = MODELS[name](), x.clone()
    assert len(attack_sweep(SPEC, model, x, y, [Linf(0.1), Linf(0.2)])) == 2
    minimum_distance(CarliniWagnerLinf(steps=2), model, x, y)
    assert orthogonal_count(model, x, y, L2(0.5), (1, 4)).fooling.shape == (2, 6)
    assert torch.equal(x, before)
    if name != "function":
        assert embed(model, x)[1].dtype == torch.float32


def test_a_function_of_numpy_arrays_is_attacked_by_its_scores(x, y):
    model, shown = net(), x.clone()

    def function(pixels):
        with torch.no_grad():
            return model(torch.from_numpy(pixels.numpy())).double().numpy()

    result = judge(x, y, attack(Square(queries=20), function, x, y, BALL), function, BALL)
    assert result.clean_accuracy == 1
    assert torch.equal(x, shown)


def scripted_to_fail():
    """TorchScript, which says the reason of its failure last."""

    class Fixed(nn.Module):
        def forward(self, pixels):
            return pixels.reshape(4, 63)

    return torch.jit.script(Fixed())


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (
            Around(lambda inner, pixels: inner(pixels.repeat(1, 3, 1, 1))),
            r"Around cannot process images of shape \(1, 8, 8\): RuntimeError",
        ),
        (Around(lambda inner, pixels: sys.exit("usage: nets.py")), "SystemExit: usage: nets.py"),
        (Around(lambda inner, pixels: os._exit(0)), r"SystemExit: os\._exit\(0\)"),
        (Around(lambda inner, pixels: pixels["image"]), "Around cannot process images"),
        (Around(lambda inner, pixels: (inner(pixels), pixels)), "a tuple of 2"),
        (Around(lambda inner, pixels: {"a": pixels, "b": pixels}), "a mapping with the entries a, b"),
        (Around(lambda inner, pixels: inner(pixels)[:, 0]), r"returns \(2,\): give it an output for each class"),
        (Around(lambda inner, pixels: inner(pixels)[:, :1]), r"two are needed, one for each class: return torch\.cat"),
        (Around(lambda inner, pixels: inner(pixels)[:, :1].sigmoid()), r"leave out its sigmoid and return torch\.cat"),
        (
            Around(lambda inner, pixels: inner(pixels)[:, :0]),
            "no outputs, but needs one for each class: give its",
        ),
        (Around(lambda inner, pixels: inner(pixels).argmax(1)), r"logits of shape"),
        (Around(lambda inner, pixels: inner(pixels).long()), "real number"),
        (Around(lambda inner, pixels: None), "NoneType"),
        (Around(lambda inner, pixels: 1 / 0), "ZeroDivisionError"),
        (scripted_to_fail(), "images of .*: .*shape '.4, 63.' is invalid"),
        (Around(lambda inner, pixels: exec("raise Wordless", {"Wordless": Wordless})), "images of .*: Wordless"),
        (nn.Linear, "the class Linear"),
        ("standard", "a value of type str"),
        (Around(lambda inner, pixels: exec("raise ValueError('x' * 5000)")), "ValueError: xxx"),
    ],
)
@pytest.mark.parametrize("run", [attack, judge])
def test_what_cannot_be_attacked_is_refused_in_one_sentence(model, words, run, x, y):
    with pytest.raises(AttackError, match=words) as found:
        attack(SPEC, model, x, y, BALL) if run is attack else judge(x, y, x, model, BALL)
    assert len(str(found.value)) <= 300
    assert "\n" not in str(found.value)


def test_our_own_networks_get_no_copy():
    seen = []
    model = build(SmallCNN(width=2))
    model.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    shown = torch.rand(2, 1, 28, 28)
    adapted(model)(shown)
    assert seen[0] is shown
    assert adapted(model)(shown.double()).dtype == torch.float64
    assert isinstance(adapted(adapted(model)), Adapted)


def test_a_functions_model_is_put_into_evaluation_mode(x, y):
    inner = nn.Sequential(nn.Dropout(0.9), *net()).train()
    found = judge(x, y, x, lambda pixels: inner(pixels), BALL)
    assert found.clean_accuracy == 1
    assert found.health.unstable == 0
    assert inner.training


def test_a_check_that_fails_does_not_lose_the_verdict(x, y):
    """Square's queries were made: that the model has no gradient to examine is said, not raised."""

    def through_numpy(inner, pixels):
        return inner(torch.from_numpy(pixels.numpy()))

    def fragile(inner, pixels):
        if pixels.requires_grad or len(pixels) == 8:
            raise RuntimeError("not with a gradient")
        return inner(pixels)

    for run in (through_numpy, fragile):
        model = Around(run)
        result = judge(x, y, attack(Square(queries=10), model, x, y, BALL), model, BALL)
        assert result.clean_accuracy == 1
        assert any("Not every check could be made" in each for each in result.health.warnings)
        with pytest.raises(LabError, match="Around cannot process"):
            attack(SPEC, model, x, y, BALL)
