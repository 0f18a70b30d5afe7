"""Every kind of model that users bring is attacked as it is, or refused in one sentence."""

import builtins
import contextlib
import functools
import os
import sys
import threading
import warnings
from collections import OrderedDict
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from lab.attacks import attack, attack_sweep, evaluate, judge, maximise, minimum_distance, orthogonal_count
from lab.errors import AttackError, LabError
from lab.models import build, embed
from lab.models.adapter import Adapted, adapted
from lab.models.aside import users_code
from lab.specs import FGSM, L2, CarliniWagnerLinf, Linf, SmallCNN, Square
from tests.models.small import BALL, SPEC, net


class Around(nn.Module):
    """A model that does something with a plain one; a parameter of its own tells its type."""

    def __init__(self, run, inner=None):
        super().__init__()
        self.inner = net() if inner is None else inner
        self.run = run

    def forward(self, pixels):
        return self.run(self.inner, pixels)


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


class OneMemory(nn.Module):
    """A model that writes all its logits of so many images into the same memory, as captured graphs and the sessions of
    other libraries do."""

    def __init__(self):
        super().__init__()
        self.inner, self.memory = net(), {}

    def forward(self, pixels):
        logits = self.inner(pixels)
        memory = self.memory.setdefault(logits.shape, torch.empty_like(logits).detach())
        return memory.detach().copy_(logits.detach())


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


def test_logits_stay_what_they_are_when_the_model_writes_its_next_into_their_memory(x, y):
    model = OneMemory()
    one, other = (adapted(model)(each) for each in (x, x.flip(0)))
    assert torch.equal(one, model.inner(x))
    assert torch.equal(other, model.inner(x.flip(0)))
    found = evaluate(model, x, y, BALL)
    assert found.clean_accuracy == 1
    assert next(each for each in found.checks if each.kind == "batch").state == "passed"


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


def no_gradients(inner, pixels):
    torch.set_grad_enabled(False)
    return inner(pixels)


def double_everywhere(inner, pixels):
    torch.set_default_dtype(torch.float64)
    return inner(pixels)


def nowhere(inner, pixels):
    torch.set_default_device("meta")
    return inner(pixels)


def somewhere_else(inner, pixels):
    os.chdir("/")
    return inner(pixels)


def silences_print(inner, pixels):
    """As published training programs do on all processes but the first."""
    builtins.print = lambda *_, **__: None
    return inner(pixels)


def strict(inner, pixels):
    np.seterr(all="raise")
    warnings.simplefilter("error")
    return inner(pixels)


def shallow(inner, pixels):
    sys.setrecursionlimit(200)
    return inner(pixels)


def fails_in_a_mess(inner, pixels):
    torch.set_default_dtype(torch.float64)
    os.chdir("/")
    raise ValueError


@pytest.fixture
def settings():
    """What a model may change in the whole process, looked at now and put right in the end."""

    def look():
        made = torch.empty(1)
        errors = [each for each in warnings.filters if each[0] == "error"], np.geterr()
        torchs = made.dtype, made.device, torch.is_grad_enabled()
        return *torchs, os.getcwd(), builtins.print, errors, sys.getrecursionlimit()

    before = look()
    yield look
    builtins.print = before[4]
    np.seterr(**before[5][1])
    sys.setrecursionlimit(before[6])
    torch.set_default_dtype(before[0])
    torch.set_default_device(None)
    torch.set_grad_enabled(before[2])
    os.chdir(before[3])


SETTERS = [no_gradients, double_everywhere, nowhere, somewhere_else, silences_print, strict, shallow, fails_in_a_mess]


@pytest.mark.parametrize("run", SETTERS)
def test_what_a_model_sets_in_the_process_is_undone(run, settings, x):
    before, model = settings(), adapted(Around(run))
    with contextlib.suppress(AttackError):
        model(x)
    assert settings() == before


@pytest.mark.parametrize("layout", [torch.channels_last, torch.contiguous_format])
def test_the_users_layout_is_tried_when_channels_last_fails(layout):
    """What a GPU is given, simulated: a batch of colour images channels last."""

    class Flat(nn.Module):
        def __init__(self):
            super().__init__()
            self.last = nn.Linear(3 * 16, 5)

        def forward(self, pixels):
            return self.last(pixels.view(len(pixels), -1))

    model = adapted(Flat())
    shown = torch.rand(4, 3, 4, 4).contiguous(memory_format=layout)
    assert torch.allclose(model(shown), model(shown.contiguous()))
    shown.requires_grad_()
    [gradient] = torch.autograd.grad(model(shown).sum(), shown)
    assert gradient.shape == shown.shape


def strided(last, pixels):
    return last(pixels.as_strided((len(pixels), 48), (48, 1)))


def from_storage(last, pixels):
    """As a compiled kernel reads that was written for images row by row."""
    values = torch.empty(0).set_(pixels.detach().untyped_storage()).view(len(pixels), 48)
    return last(values + pixels.flatten(1) - pixels.flatten(1).detach())


def in_order_of_memory(last, pixels):
    values = torch.from_numpy(pixels.detach().numpy().ravel(order="K").copy()).view(len(pixels), 48)
    return last(values) + 0 * pixels.sum()


def together_only(last, pixels):
    return strided(last, at_least_two(nn.Identity(), pixels))


@pytest.mark.parametrize("count", [1, 2, 5])
@pytest.mark.parametrize("run", [strided, from_storage, in_order_of_memory, together_only])
@pytest.mark.parametrize("laid", ["channels last", "permuted"])
def test_a_model_that_looks_at_the_memory_of_its_images_sees_the_same_ones_in_any_layout(run, laid, count):
    """On a GPU attacks show images channels last, and the judge row by row: robust to the one, if not the other."""
    core, rows = Around(run, nn.Linear(48, 5)), torch.rand(count, 3, 4, 4)
    if laid == "permuted":  # as of an array whose last axis are the channels
        x = rows.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2)
    else:
        x = rows.contiguous(memory_format=torch.channels_last)
    assert torch.equal(x, rows)
    assert not x.is_contiguous()
    model = adapted(core)
    assert torch.allclose(model(x), adapted(core)(rows))
    slopes = [
        torch.autograd.grad(model(each)[:, 0].sum(), each)[0] for each in (x.requires_grad_(), rows.requires_grad_())
    ]
    assert torch.allclose(*slopes)


class InFours(nn.Module):
    """Takes four images at a time."""

    def __init__(self, size=4):
        super().__init__()
        self.last, self.size = nn.Linear(64, 5), size

    def forward(self, pixels):
        return self.last(pixels.view(self.size, -1))


def traced_for_four():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.jit.trace(InFours(), torch.rand(4, 1, 8, 8), check_trace=False)


def exported_for_four():
    return torch.export.export(plain(), (torch.rand(4, 1, 8, 8),)).module()


def plain():
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 5))


def asserting(inner, pixels):
    assert len(pixels) == 4, "give batches of 4 images"
    return inner(pixels)


def at_most_seven(inner, pixels):
    if len(pixels) > 7:
        raise RuntimeError("at most 7 at once")
    return inner(pixels)


def at_least_two(inner, pixels):
    if len(pixels) == 1:
        raise RuntimeError("more than one, please")
    return inner(pixels)


@pytest.mark.parametrize("count", [1, 2, 4, 6, 9])
@pytest.mark.parametrize("layout", [torch.channels_last, torch.contiguous_format])
@pytest.mark.parametrize("make", [InFours, traced_for_four, exported_for_four, lambda: Around(asserting, plain())])
def test_a_model_that_takes_batches_of_one_size_is_given_them(make, layout, count):
    core = make()
    model, x = adapted(core), torch.rand(count, 1, 8, 8).contiguous(memory_format=layout).requires_grad_()
    filled = torch.cat([x, x[-1:].expand(-count % 4, 1, 8, 8)]).contiguous().split(4)
    wanted = torch.cat([core(part) for part in filled])[:count]
    assert torch.allclose(model(x), wanted, atol=1e-6)
    [found] = torch.autograd.grad(model(x).square().sum(), x)
    [true] = torch.autograd.grad(wanted.square().sum(), x)
    assert torch.allclose(found, true, atol=1e-5)


@pytest.mark.parametrize("count", [1, 3, 4, 9])
@pytest.mark.parametrize(
    "make",
    [
        InFours,
        lambda: Around(asserting, plain()),
        lambda: Around(at_most_seven, plain()),
        lambda: Around(at_least_two, plain()),
        lambda: plain().bfloat16(),
    ],
)
def test_the_embedding_is_that_of_the_images_whatever_batches_the_model_takes(make, count):
    core, x = make(), torch.rand(count, 1, 8, 8)
    embedding, logits = embed(core, x)
    assert embedding.dtype == logits.dtype == torch.float32
    assert torch.allclose(embedding, x.flatten(1), atol=1e-2)
    assert logits.shape == (count, 5)


def test_a_last_linear_layer_that_takes_parts_of_images_is_no_embedding():
    model = Around(lambda inner, pixels: inner(pixels.reshape(-1, 16)).reshape(len(pixels), -1), nn.Linear(16, 2))
    with pytest.raises(LabError, match="takes 12 rows for 3 images"):
        embed(model, torch.rand(3, 1, 8, 8))


def test_no_images_have_no_logits():
    model = adapted(Around(at_least_two, plain()))
    for count in (0, 1, 0):
        assert model(torch.rand(count, 1, 8, 8)).shape == (count, 5)


def test_a_size_of_batches_is_tried_only_where_the_model_names_it(x):
    seen = []

    def strict(inner, pixels):
        seen.append(len(pixels))
        raise ValueError("3 of 9999 at 12345 and 0.5 with 70, 71, 72, 73, 74, 75, 76, 77")

    with pytest.raises(AttackError, match="ValueError: 3 of 9999"):
        adapted(Around(strict))(x[:2])
    assert seen == [2, 3, 70, 71, 72, 73, 74, 75, 76]


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


def test_an_interrupt_is_no_refusal(x, y):
    def interrupted(inner, pixels):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        attack(SPEC, Around(interrupted), x, y, BALL)


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


def test_only_a_users_code_is_kept_from_ending_the_process(monkeypatch):
    ended = []
    monkeypatch.setattr(os, "_exit", ended.append)
    with users_code():
        with pytest.raises(SystemExit):
            os._exit(1)
        other = threading.Thread(target=lambda: os._exit(2))
        other.start()
        other.join()
    os._exit(3)
    assert ended == [2, 3]
