"""FGSM and PGD against closed forms, exact relations and the properties every attack must have."""

import pytest
import torch
from torch import nn

from lab.attacks import attack, judge, maximise
from lab.attacks.ball import distance
from lab.attacks.gradient import input_gradient
from lab.attacks.iterative import follow_restarts
from lab.context import Cancelled, Context
from lab.errors import AttackError
from lab.specs import FGSM, L2, PGD, CrossEntropy, Linf, Margin
from tests.attacks.conftest import Linear, images, network

ATTACKS = [
    FGSM(),
    FGSM(labels="predicted"),
    PGD(steps=5),
    PGD(steps=5, restarts=3),
    PGD(steps=3, random_start=False),
    PGD(steps=5, objective=Margin(), labels="predicted"),
]
BALLS = [Linf(0.1), L2(0.7)]


@pytest.fixture
def linear():
    """Two classes, images far from the edges of [0, 1], so that no clipping interferes."""
    generator = torch.Generator().manual_seed(3)
    weight = torch.randn(2, 20, generator=generator, dtype=torch.float64)
    x = 0.5 + 0.1 * torch.rand(6, 1, 4, 5, generator=generator, dtype=torch.float64)
    net = Linear(weight, torch.zeros(2, dtype=torch.float64))
    return net, x, net(x).argmax(1)


@pytest.mark.parametrize("method", [FGSM(), PGD(steps=20, step_size=0.02), PGD(steps=20, step_size=0.02, restarts=2)])
@pytest.mark.parametrize(("ball", "dual"), [(Linf(0.05), 1), (L2(0.05), 2)])
def test_linear_model_loses_eps_times_the_dual_norm(linear, method, ball, dual):
    net, x, y = linear
    w = net.weight[1] - net.weight[0]
    before = (net(x)[:, 1] - net(x)[:, 0]).abs()
    after = net(maximise(method, net, x, y, ball))
    margin = (after[:, 1] - after[:, 0]) * torch.where(y == 1, 1, -1)
    assert torch.allclose(before - margin, (ball.eps * w.norm(p=dual)).expand(6), atol=1e-9)


@pytest.mark.parametrize("ball", BALLS)
def test_fgsm_is_one_step_pgd_of_full_length(model, x, y, ball):
    one = PGD(steps=1, step_size=ball.eps, random_start=False)
    assert torch.equal(maximise(FGSM(), model, x, y, ball), maximise(one, model, x, y, ball))


@pytest.mark.parametrize("method", ATTACKS)
@pytest.mark.parametrize("ball", BALLS)
@pytest.mark.parametrize("run", [attack, maximise])
def test_stays_in_the_ball_and_in_range(model, x, y, method, ball, run):
    x_adv = run(method, model, x, y, ball)
    assert distance(ball, x_adv, x).max() <= ball.eps + 1e-12
    assert x_adv.min() >= 0
    assert x_adv.max() <= 1
    assert not torch.equal(x_adv, x)


@pytest.mark.parametrize("method", ATTACKS)
@pytest.mark.parametrize("ball", [Linf(0.0), L2(0.0)])
def test_eps_zero_gives_the_image_back(model, x, y, method, ball):
    assert torch.equal(attack(method, model, x, y, ball), x)


@pytest.mark.parametrize("method", ATTACKS)
@pytest.mark.parametrize(("n", "channels", "classes"), [(0, 1, 10), (1, 1, 10), (1, 3, 2), (3, 3, 1000)])
def test_any_number_of_images_channels_and_classes(method, n, channels, classes):
    net, x = network(channels, classes), images(n, channels)
    y = torch.zeros(n, dtype=torch.long)
    assert judge(x, y, attack(method, net, x, y, Linf(0.1)), net, Linf(0.1)).robust.shape == (n,)


@pytest.mark.parametrize("ball", BALLS)
@pytest.mark.parametrize("objective", [CrossEntropy(), Margin(kappa=3.0)])
def test_gradient_direction_is_autograds(model, x, y, ball, objective):
    copy = x.clone().requires_grad_()
    logits = model(copy)
    if isinstance(objective, CrossEntropy):
        loss = nn.functional.cross_entropy(logits, y, reduction="sum")
    else:
        others = logits.scatter(1, y.unsqueeze(1), -torch.inf).amax(1)
        loss = (others - logits.gather(1, y.unsqueeze(1)).squeeze(1)).clamp(max=3.0).sum()
    [expected] = torch.autograd.grad(loss, copy)
    gradient, _ = input_gradient(model, x, y, objective)
    cosine = nn.functional.cosine_similarity(gradient.flatten(1), expected.flatten(1))
    moved = expected.flatten(1).abs().amax(1) > 0
    assert torch.allclose(cosine[moved], torch.ones_like(cosine[moved]))
    assert torch.equal(gradient.flatten(1).abs().amax(1) > 0, moved)


@pytest.mark.parametrize("scale", [1e3, 1e5])
def test_scaled_logits_do_not_blind_the_attack(model, x, y, scale):
    """The plain cross-entropy gradient underflows to zero here; ours keeps its direction."""

    class Scaled(nn.Module):
        def forward(self, pixels):
            return model(pixels) * scale

    plain, scaled, ball = model.float(), Scaled(), Linf(0.1)
    x, method = x.float(), PGD(steps=10, step_size=0.02)
    pixels = x.clone().requires_grad_()
    [underflowed] = torch.autograd.grad(nn.functional.cross_entropy(scaled(pixels), y, reduction="sum"), pixels)
    assert (underflowed == 0).flatten(1).all(1).float().mean() > 0.5  # the trap is really there
    ordinary = judge(x, y, attack(method, plain, x, y, ball), plain, ball)
    fooled = judge(x, y, attack(method, scaled, x, y, ball), scaled, ball)
    assert ordinary.robust_accuracy < ordinary.clean_accuracy
    assert fooled.robust_accuracy == ordinary.robust_accuracy
    assert fooled.health.saturated > 0.5


@pytest.mark.parametrize("run", [attack, maximise])
@pytest.mark.parametrize("ball", BALLS)
def test_draws_do_not_depend_on_the_batch(model, x, y, run, ball, monkeypatch):
    method = PGD(steps=3, restarts=2)
    whole = run(method, model, x, y, ball, Context(seed=5))
    monkeypatch.setattr("lab.attacks.batches.batch_size", lambda _device: 5)
    if run is attack:  # which restart is found first may differ, whether one is found may not
        batched = run(method, model, x, y, ball, Context(seed=5))
        assert (judge(x, y, batched, model, ball).robust == judge(x, y, whole, model, ball).robust).all()
    else:
        assert torch.allclose(run(method, model, x, y, ball, Context(seed=5)), whole, atol=1e-12)
    assert not torch.equal(run(method, model, x, y, ball, Context(seed=6)), whole)


def test_global_generator_is_untouched(model, x, y):
    before = torch.get_rng_state()
    attack(PGD(steps=2), model, x, y, Linf(0.1))
    assert torch.equal(torch.get_rng_state(), before)


def test_more_restarts_never_lose(model, x, y):
    ball = Linf(0.03)
    fallen = [judge(x, y, attack(PGD(steps=4, restarts=r), model, x, y, ball), model, ball).robust for r in (1, 4, 16)]
    assert (fallen[0] | ~fallen[1]).all()
    assert (fallen[1] | ~fallen[2]).all()


def test_verdict_and_largest_loss_agree_on_who_falls(model, x, y):
    ball, method = Linf(0.05), PGD(steps=20)
    verdict = judge(x, y, attack(method, model, x, y, ball), model, ball)
    largest = judge(x, y, maximise(method, model, x, y, ball), model, ball)
    assert (~verdict.robust | largest.robust).all()  # an image that falls at the end fell


def test_images_that_fell_are_not_attacked_further(model, x, y):
    asked = []

    class Counting(nn.Module):
        def forward(self, pixels):
            asked.append(len(pixels))
            return model(pixels)

    attack(PGD(steps=40), Counting(), x, y, Linf(0.3))
    assert sum(asked) < 10 * len(x)


def test_walk_ends_where_maximise_ends_and_records_the_loss(model, x, y):
    method, ball = PGD(steps=4), Linf(0.1)
    result = follow_restarts(method, model, x, y, ball, range(1), Context())
    assert torch.equal(result.end[0], maximise(method, model, x, y, ball))
    expected = nn.functional.cross_entropy(model(result.end[0]), y, reduction="none")
    assert torch.allclose(result.loss[0, -1], expected)
    assert result.loss.shape == (1, 5, len(x))


@pytest.mark.parametrize("failing", [False, True])
def test_model_is_left_as_it_was(x, failing):
    net = nn.Sequential(nn.BatchNorm2d(1), nn.Flatten(), nn.Linear(144, 4)).double().train()
    net[0].eval()
    net[2].bias.requires_grad_(False)
    net[2].weight.grad = torch.ones_like(net[2].weight)
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    stop = Context(cancelled=lambda: failing)
    try:
        attack(PGD(steps=2), net, x, torch.zeros(12, dtype=torch.long), Linf(0.1), stop)
    except Cancelled:
        assert failing
    assert [module.training for module in net] == [False, True, True]
    assert not net[2].bias.requires_grad
    assert net[2].weight.requires_grad
    assert torch.equal(net[2].weight.grad, torch.ones_like(net[2].weight))
    assert all(torch.equal(before[name], tensor) for name, tensor in net.state_dict().items())


class Constant(nn.Module):
    def forward(self, pixels):
        return torch.zeros(len(pixels), 10, dtype=pixels.dtype)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"x": images(12) * 255}, "divide them by 255"),
        ({"x": (images(12) - 0.5) / 0.2}, "lab.models.Normalised"),
        ({"x": images(12) * torch.nan}, "[0, 1]"),
        ({"x": images(12).mul(255).byte()}, "floating-point"),
        ({"y": torch.zeros(11, dtype=torch.long)}, "one whole-number label"),
        ({"y": torch.zeros(12)}, "one whole-number label"),
        ({"y": torch.full((12,), 10)}, "between 0 and 9"),
        ({"y": torch.full((12,), -1)}, "between 0 and 9"),
        ({"model": nn.Flatten(0)}, "(n, classes)"),
        ({"model": Constant()}, "no gradient"),
    ],
)
def test_bad_input_gets_one_sentence(model, x, y, change, words):
    call = {"model": model, "x": x, "y": y} | change
    with pytest.raises(AttackError, match=None) as caught:
        maximise(FGSM(), call["model"], call["x"], call["y"], Linf(0.1))
    message = str(caught.value)
    assert words in message
    assert message.endswith(".")
    assert "\n" not in message
