"""What every attack must do, whichever it is: each one that is defined is tried, with fewer steps than its default."""

from dataclasses import fields
from typing import Any

import pytest
import torch
from torch import nn

import lab.attacks
from lab import plugins
from lab.attacks import attack, judge, maximise
from lab.attacks.ball import distance
from lab.context import Cancelled, Context
from lab.errors import AttackError
from lab.specs import L2, AttackSpec, CrossEntropy, Linf, ModelSpec, Spec, from_json, to_json
from lab.specs.extended import Extended
from lab.specs.pixels import L0
from lab.specs.spatial import Spatial
from lab.specs.spec import family_of, params
from tests.attacks.conftest import images, network
from tests.families import family

FEW = {"steps": 4, "queries": 30, "searches": 2, "directions": 6, "k": 4}
SIDE = 6
BALLS = {"FlipPixels": [L0(3)], "RayS": [Linf(0.1)], "RotateTranslate": [Spatial()], "Staged": [Extended()]}
"""Threat models of the attacks that do not work in both norms; all others are tried in L∞ and L2."""


def quick(spec: Spec) -> Any:
    """The spec with few steps, queries and settings to search over, so that every attack can be tried often."""
    changes: dict[str, Any] = {}
    for each in fields(spec):
        value = getattr(spec, each.name)
        if each.name in FEW:
            changes[each.name] = min(value, FEW[each.name])
        elif isinstance(value, Spec):
            changes[each.name] = quick(value)
        elif isinstance(value, tuple):
            changes[each.name] = tuple(quick(item) if isinstance(item, Spec) else item for item in value[:2])
    return spec.replace(**changes)


def asks_other_models(spec: Spec) -> bool:
    values = [value for each in fields(spec) for value in _flat(getattr(spec, each.name))]
    return any(isinstance(value, ModelSpec) for value in values)


def _flat(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


plugins.parts("computing")  # with LAB_PLUGINS=mine a plug-in's attacks are tried, too
PACKAGES = ("lab.", *(each.package.__name__ for each in plugins.load()))
KINDS = [kind for kind in family_of(AttackSpec) if kind.__module__.startswith(PACKAGES)]
ELSEWHERE = {"EnsembleAttack"}  # asks trained networks, which fit their data set only: test_ensemble.py has its cases
CASES = [
    pytest.param(quick(kind()), ball, id=f"{kind.__name__}-{type(ball).__name__}")
    for kind in KINDS
    if kind.__name__ not in ELSEWHERE
    for ball in BALLS.get(kind.__name__, [Linf(0.1), L2(0.7)])
]
every = pytest.mark.parametrize(("method", "ball"), CASES)
in_one_norm = pytest.mark.parametrize(("method", "ball"), family(CASES, lambda method, ball: not isinstance(ball, L2)))


@pytest.fixture
def model():
    return network(side=SIDE)


@pytest.fixture
def x():
    return images(7, side=SIDE)


@pytest.fixture
def y(model, x):
    with torch.no_grad():
        labels = model(x).argmax(1)
    labels[-1] = (labels[-1] + 1) % 10
    return labels


def scaled(model, factor):
    class Scaled(nn.Module):
        def forward(self, pixels):
            return model(pixels) * factor

    return Scaled()


@pytest.mark.parametrize("kind", KINDS)
def test_every_attack_is_described_and_can_be_written_down(kind):
    spec = kind()
    assert from_json(to_json(spec)) == spec
    assert kind.__doc__
    assert all(about.meaning for about in params(spec).values())
    assert lab.attacks.__doc__


def test_only_attacks_that_ask_other_models_are_tested_elsewhere():
    assert {kind.__name__ for kind in KINDS if asks_other_models(kind())} == ELSEWHERE


@every
@pytest.mark.parametrize("run", [attack, maximise])
def test_it_stays_in_the_ball_and_in_range_and_moves(model, x, y, method, ball, run):
    found = run(method, model, x, y, ball)
    assert distance(ball, found, x).max() <= ball.eps + 1e-9
    assert found.min() >= 0
    assert found.max() <= 1
    assert found.dtype == x.dtype
    assert judge(x, y, found, model, ball).robust.shape == (7,)
    if run is maximise:
        assert not torch.equal(found, x)


@in_one_norm
@pytest.mark.parametrize("run", [attack, maximise])
def test_eps_zero_gives_the_image_back(model, x, y, method, ball, run):
    more = {"pixels": 0, "rotation": 0} if isinstance(ball, Extended) else {}  # its eps is not all the room there is
    assert torch.equal(run(method, model, x, y, ball.replace(eps=0, **more)), x)


@in_one_norm
@pytest.mark.parametrize(
    ("run", "n", "channels", "classes"),
    [
        *((run, *numbers) for run in (attack, maximise) for numbers in ((0, 1, 10), (1, 1, 10), (1, 3, 2))),
        (attack, 2, 3, 1000),
    ],
)
def test_any_number_of_images_channels_and_classes(method, ball, n, channels, classes, run):
    net, x = network(channels, classes, side=SIDE), images(n, channels, side=SIDE)
    y = torch.zeros(n, dtype=torch.long)
    if n:
        y[0] = net(x[:1]).argmax()
    assert judge(x, y, run(method, net, x, y, ball), net, ball).robust.shape == (n,)


@in_one_norm
def test_it_works_in_float32(model, x, y, method, ball):
    net, x = model.float(), x.float()
    found = attack(method, net, x, y, ball)
    assert found.dtype == torch.float32
    judge(x, y, found, net, ball)


@in_one_norm
def test_draws_depend_on_the_seed_and_not_on_the_batch(model, x, y, method, ball, monkeypatch):
    whole = maximise(method, model, x, y, ball, Context(seed=5))
    assert torch.equal(maximise(method, model, x, y, ball, Context(seed=5)), whole)
    monkeypatch.setattr("lab.attacks.batches.batch_size", lambda _device: 3)
    assert torch.allclose(maximise(method, model, x, y, ball, Context(seed=5)), whole, atol=1e-9)


@in_one_norm
@pytest.mark.parametrize("stopped", [False, True])
def test_the_model_and_the_global_generator_are_left_as_they_were(x, method, ball, stopped):
    net = nn.Sequential(nn.BatchNorm2d(1), nn.Flatten(), nn.Linear(SIDE * SIDE, 4)).double().train()
    net[0].eval()
    net[2].bias.requires_grad_(False)
    net[2].weight.grad = torch.ones_like(net[2].weight)
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    drawn, pixels = torch.get_rng_state(), x.clone()
    with torch.no_grad():
        y = net.eval()(x).argmax(1)
    net.train()
    net[0].eval()
    if stopped:
        with pytest.raises(Cancelled):
            attack(method, net, x, y, ball, Context(cancelled=lambda: True))
    else:
        attack(method, net, x, y, ball)
    assert [module.training for module in net] == [False, True, True]
    assert [parameter.requires_grad for parameter in net.parameters()] == [True, True, True, False]
    assert torch.equal(net[2].weight.grad, torch.ones_like(net[2].weight))
    assert all(torch.equal(before[name], tensor) for name, tensor in net.state_dict().items())
    assert torch.equal(torch.get_rng_state(), drawn)
    assert torch.equal(x, pixels)


@in_one_norm
def test_without_a_gradient_it_works_or_says_so_in_one_sentence(x, method, ball):
    class Steps(nn.Module):
        def forward(self, pixels):
            with torch.no_grad():
                return (pixels.flatten(1) > 0.5)[:, :10].to(pixels.dtype)

    y = Steps()(x).argmax(1)
    complaint = None
    try:
        judge(x, y, attack(method, Steps(), x, y, ball), Steps(), ball)
    except AttackError as error:
        complaint = str(error)
    assert complaint is None or ("gradient" in complaint and complaint.endswith(".") and "\n" not in complaint)


def raises_cross_entropy(method: Spec) -> bool:
    return isinstance(getattr(method, "objective", None), CrossEntropy)


@pytest.mark.parametrize(
    ("method", "ball"),
    family(
        [each for each in CASES if raises_cross_entropy(each.values[0])], lambda method, ball: not isinstance(ball, L2)
    ),
)
@pytest.mark.parametrize("classes", [2, 10])
def test_scaled_logits_save_no_model(method, ball, classes):
    """Where a plain cross-entropy gradient underflows to zero, every attack on that loss still finds its way.

    Between two classes the direction is exactly the same; among more, a sure softmax names one rival only.
    """
    net, x = network(classes=classes, side=SIDE).float(), images(60, side=SIDE).float()
    net[-1].bias.data -= net(x).detach().mean(0)  # no class far ahead on every image
    y, sure = net(x).argmax(1), scaled(net, 1e5)  # an untrained network is hardly sure; a trained one needs 1000
    pixels = x.clone().requires_grad_()
    [plain] = torch.autograd.grad(nn.functional.cross_entropy(sure(pixels), y, reduction="sum"), pixels)
    assert (plain == 0).flatten(1).all(1).double().mean() > 0.5  # the trap is really there
    ordinary, trapped = (
        judge(x, y, attack(method, each, x, y, ball), each, ball).robust_accuracy for each in (net, sure)
    )
    assert ordinary < 1
    if classes == 2:
        assert trapped == ordinary
    else:
        assert trapped <= ordinary + 0.1
