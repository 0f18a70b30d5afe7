"""Flipped pixels: how many change, which are chosen, and what that achieves."""

from itertools import combinations

import pytest
import torch
from torch import nn

from lab.attacks import attack, judge, maximise
from lab.attacks.ball import distance, full_step
from lab.attacks.objectives import cross_entropy, margin
from lab.attacks.pixels import flipped
from lab.context import Cancelled, Context
from lab.errors import AttackError
from lab.specs import L0, PGD, FlipPixels, Linf, Margin
from tests.attacks.conftest import Linear, images, network

ATTACKS = [FlipPixels(), FlipPixels(tries=30), FlipPixels(search="greedy"), FlipPixels(search="gradient")]


@pytest.fixture
def linear():
    """Two classes and nearly binary images of ten pixels."""
    generator = torch.Generator().manual_seed(3)
    net = Linear(torch.randn(2, 10, generator=generator, dtype=torch.float64), torch.zeros(2, dtype=torch.float64))
    x = (images(6, side=5)[:, :, :2] > 0.5).double() * 0.9 + 0.05
    return net, x, net(x).argmax(1)


def test_a_flip_inverts_every_channel_of_its_pixel():
    x = images(2, 3, 4)
    shown = flipped(x, torch.tensor([[5], [0]]))
    assert torch.allclose(shown[0, :, 1, 1], 1 - x[0, :, 1, 1])
    assert torch.allclose(shown[1, :, 0, 0], 1 - x[1, :, 0, 0])
    assert (shown != x).sum() == 6


def test_distance_counts_pixels_not_channels():
    x = images(3, 3, 4)
    shown = flipped(x, torch.tensor([[1, 2, 3], [4, 5, 6], [7, 8, 9]]))
    shown[2] = x[2]
    shown[2, 1, 0, 0] += 1e-3
    assert distance(L0(), shown, x).tolist() == [3, 3, 1]


def test_the_judge_refuses_one_pixel_too_many(model, x, y):
    shown = flipped(x, torch.arange(6).expand(12, 6))
    with pytest.raises(AttackError, match="lies 6 from its original, but the ball allows 5"):
        judge(x, y, shown, model, L0(5))
    assert (judge(x, y, shown, model, L0(6)).distance == 6).all()


@pytest.mark.parametrize("search", ["greedy", "gradient"])
def test_linear_model_loses_what_its_best_flips_cost(linear, search):
    net, x, y = linear
    found = margin(net(maximise(FlipPixels(search=search, objective=Margin(1e6)), net, x, y, L0(3))), y)
    sets = torch.tensor(list(combinations(range(10), 3)))
    best = torch.stack([margin(net(flipped(x, each.expand(6, 3))), y) for each in sets]).amin(0)
    assert torch.allclose(found, best)


def test_full_step_is_the_best_change_of_a_linear_function():
    x, gradient = images(2, 3, 3), images(2, 3, 3, seed=9) - 0.5
    gain = ((full_step(L0(1), x, gradient) - x) * gradient).flatten(1).sum(1)
    best = torch.where(gradient > 0, 1 - x, -x).mul(gradient).sum(1).flatten(1).amax(1)
    assert torch.allclose(gain, best)
    assert torch.equal(full_step(L0(3), x, torch.zeros_like(x)), x)


@pytest.mark.parametrize("method", ATTACKS)
@pytest.mark.parametrize("run", [attack, maximise])
def test_changes_no_more_pixels_than_allowed(model, x, y, method, run):
    result = judge(x, y, run(method, model, x, y, L0(4)), model, L0(4))
    assert result.distance.max() <= 4
    assert (result.distance > 0).any()


def test_more_sets_never_lose_and_greedy_beats_them(model, x, y):
    def loss(method):
        return cross_entropy(model(maximise(method, model, x, y, L0(3))), y)

    few, many = loss(FlipPixels(tries=2)), loss(FlipPixels(tries=50))
    assert (many >= few).all()
    assert loss(FlipPixels(search="greedy")).mean() > many.mean()


def test_a_verdict_flips_no_more_than_it_needs(model, x, y):
    result = judge(x, y, attack(FlipPixels(search="greedy"), model, x, y, L0(5)), model, L0(5))
    one = judge(x, y, attack(FlipPixels(search="greedy"), model, x, y, L0(1)), model, L0(1))
    assert (result.distance[~one.robust] == one.distance[~one.robust]).all()
    assert result.robust_accuracy <= one.robust_accuracy


@pytest.mark.parametrize("method", ATTACKS)
@pytest.mark.parametrize("run", [attack, maximise])
def test_eps_zero_gives_the_image_back(model, x, y, method, run):
    assert torch.equal(run(method, model, x, y, L0(0)), x)


@pytest.mark.parametrize("method", ATTACKS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(("n", "channels", "classes"), [(0, 1, 10), (1, 1, 10), (1, 3, 2), (3, 3, 1000)])
def test_any_number_of_images_channels_and_classes(method, dtype, n, channels, classes):
    net, x = network(channels, classes, side=6).to(dtype), images(n, channels, side=6).to(dtype)
    y = torch.zeros(n, dtype=torch.long)
    for ball in (L0(2), L0(1000)):
        x_adv = attack(method.replace(tries=3), net, x, y, ball)
        assert x_adv.dtype == dtype
        assert judge(x, y, x_adv, net, ball).robust.shape == (n,)


@pytest.mark.parametrize("method", ATTACKS)
@pytest.mark.parametrize("run", [attack, maximise])
def test_result_does_not_depend_on_the_batch(model, x, y, method, run, monkeypatch):
    whole = run(method, model, x, y, L0(3), Context(seed=5))
    monkeypatch.setattr("lab.attacks.batches.batch_size", lambda _device: 5)
    monkeypatch.setattr("lab.attacks.candidates.batch_size", lambda _device: 60)
    assert torch.equal(run(method, model, x, y, L0(3), Context(seed=5)), whole)


def test_needs_no_gradient_and_can_be_judged_without(model, x, y):
    class NoGradient(nn.Module):
        def forward(self, pixels):
            return model(pixels).detach()

    net = NoGradient()
    result = judge(x, y, attack(FlipPixels(search="greedy"), net, x, y, L0(3)), net, L0(3))
    assert result.robust_accuracy < result.clean_accuracy
    assert result.health.zero_gradient == 1


def test_refuses_what_does_not_fit(model, x, y):
    with pytest.raises(AttackError, match="Flip pixels requires the threat model L0, not L∞"):
        attack(FlipPixels(), model, x, y, Linf(0.1))
    with pytest.raises(AttackError, match="Only Flip pixels works in the threat model L0"):
        attack(PGD(), model, x, y, L0())
    with pytest.raises(Cancelled):
        attack(FlipPixels(), model, x, y, L0(), Context(cancelled=lambda: True))
