"""One-step attacks against closed forms, autograd and each other."""

import pytest
import torch
from torch import nn

from lab.attacks import attack, maximise
from lab.attacks.ball import distance
from lab.context import Context
from lab.specs import (
    FGSM,
    L2,
    RFGSM,
    FastEntropy,
    FastGradientL2,
    FastGradientLinf,
    Linf,
    Margin,
    RandomSign,
    RStepLL,
    StepLL,
    StepRnd,
)
from tests.attacks.conftest import Linear, images, network

BALLS = [Linf(0.1), L2(0.7)]
BALL = Linf(0.1)


@pytest.fixture
def linear():
    """Two classes, images far from the edges of [0, 1], so that no clipping interferes."""
    generator = torch.Generator().manual_seed(3)
    x = 0.5 + 0.1 * torch.rand(6, 1, 4, 5, generator=generator, dtype=torch.float64)
    net = Linear(torch.randn(2, 20, generator=generator, dtype=torch.float64), torch.zeros(2, dtype=torch.float64))
    return net, x, net(x).argmax(1)


def gradient_of(loss, x):
    pixels = x.clone().requires_grad_()
    return torch.autograd.grad(loss(pixels), pixels)[0]


@pytest.mark.parametrize("method", [FastGradientL2(), FastGradientL2(labels="predicted"), FastGradientLinf()])
def test_a_gradient_divided_by_its_norm_lowers_a_linear_margin_by_the_closed_form(linear, method):
    net, x, y = linear
    w, ball = net.weight[1] - net.weight[0], Linf(0.05)
    norm = 2 if isinstance(method, FastGradientL2) else torch.inf
    before = (net(x)[:, 1] - net(x)[:, 0]).abs()
    logits = net(maximise(method, net, x, y, ball))
    after = (logits[:, 1] - logits[:, 0]) * torch.where(y == 1, 1, -1)
    assert torch.allclose(before - after, (ball.eps * w @ w / w.norm(p=norm)).expand(6), atol=1e-12)


def test_a_divided_gradient_has_length_eps_in_its_norm(model, x, y):
    x = 0.4 + 0.2 * x
    for method, ball in ((FastGradientL2(), L2(0.1)), (FastGradientLinf(), Linf(0.1))):
        assert torch.allclose(distance(ball, maximise(method, model, x, y, BALL), x), torch.tensor(0.1).double())


def test_in_the_l2_ball_fgsm_and_both_fast_gradients_are_one(model, x, y):
    ball = L2(0.7)
    found = [maximise(method, model, x, y, ball) for method in (FGSM(), FastGradientL2(), FastGradientLinf())]
    assert torch.equal(found[0], found[1])
    middle = 0.4 + 0.2 * x  # away from the edges projection and clipping commute
    found = [maximise(method, model, middle, y, ball) for method in (FastGradientL2(), FastGradientLinf())]
    assert torch.allclose(*found, atol=1e-12)


@pytest.mark.parametrize("ball", BALLS)
def test_without_the_random_step_rfgsm_is_fgsm(model, x, y, ball):
    assert torch.equal(maximise(RFGSM(alpha=0), model, x, y, ball), maximise(FGSM(), model, x, y, ball))
    assert torch.equal(maximise(RStepLL(alpha=0), model, x, y, ball), maximise(StepLL(), model, x, y, ball))


@pytest.mark.parametrize(("behind", "plain"), [(RFGSM(), FGSM(alpha=0.5)), (RStepLL(), StepLL(alpha=0.5))])
def test_any_one_step_attack_may_stand_behind_a_random_step(model, x, y, behind, plain):
    assert torch.equal(maximise(behind, model, x, y, BALL), maximise(plain, model, x, y, BALL))
    entropy = maximise(FastEntropy(alpha=0.5), model, x, y, BALL)
    assert not torch.equal(entropy, maximise(FastEntropy(), model, x, y, BALL))


@pytest.mark.parametrize("ball", BALLS)
def test_a_random_step_of_full_length_leaves_nothing_for_the_gradient(model, x, y, ball):
    method = RFGSM(alpha=1)
    assert torch.equal(maximise(method, model, x, y, ball), maximise(method, network(seed=9), x, y, ball))
    assert torch.equal(maximise(method, model, x, y, BALL), maximise(RandomSign(), model, x, y, BALL))


def test_rfgsm_is_the_papers_formula(model, x, y):
    """Tramèr et al. 2018, eq. 7, with the random step read off the attack that takes nothing but it."""
    half = maximise(RFGSM(alpha=1), model, x, y, Linf(0.05))
    slope = gradient_of(lambda pixels: nn.functional.cross_entropy(model(pixels), y, reduction="sum"), half)
    expected = (half + 0.05 * slope.sign()).clamp(0, 1)
    assert torch.allclose(maximise(RFGSM(), model, x, y, BALL), expected, atol=1e-12)


def test_step_ll_lowers_the_loss_of_the_least_likely_class(model, x, y):
    target = model(x).argmin(1)
    slope = gradient_of(lambda pixels: nn.functional.cross_entropy(model(pixels), target, reduction="sum"), x)
    found = maximise(StepLL(), model, x, y, BALL)
    assert torch.equal(found, (x - 0.1 * slope.sign()).clamp(0, 1))
    assert torch.equal(found, maximise(FGSM(labels="least likely"), model, x, y, BALL))


def test_behind_a_random_step_the_clean_image_decides_the_labels(model, x, y):
    clean = model(x).argmax(1)
    half = maximise(RFGSM(alpha=1), model, x, y, Linf(0.4))
    assert not torch.equal(model(half).argmax(1), clean)
    slope = gradient_of(lambda pixels: nn.functional.cross_entropy(model(pixels), clean, reduction="sum"), half)
    found = maximise(RFGSM(labels="predicted"), model, x, y, Linf(0.8))
    assert torch.allclose(found, (half + 0.4 * slope.sign()).clamp(0, 1), atol=1e-12)


def test_between_two_classes_every_loss_is_the_same(x):
    net = network(classes=2)
    right = net(x).argmax(1)
    expected = maximise(FGSM(), net, x, right, BALL)
    for method in (FGSM(labels="predicted"), StepLL(), StepRnd(), FastEntropy(), FGSM(objective=Margin(kappa=1e6))):
        assert torch.equal(maximise(method, net, x, right, BALL), expected), method


def test_labels_that_leak_nothing_do_not_depend_on_the_label(model, x, y):
    for method in (FGSM(labels="predicted"), StepLL(), RStepLL(), FastEntropy(), FastGradientL2(labels="predicted")):
        assert torch.equal(maximise(method, model, x, y, BALL), maximise(method, model, x, (y + 1) % 10, BALL))
    assert not torch.equal(maximise(FGSM(), model, x, y, BALL), maximise(FGSM(), model, x, (y + 1) % 10, BALL))


def test_fast_entropy_follows_autograds_gradient_of_the_entropy(model, x, y):
    def entropy(pixels):
        log_p = model(pixels).log_softmax(1)
        return -(log_p.exp() * log_p).sum()

    expected = (x + 0.1 * gradient_of(entropy, x).sign()).clamp(0, 1)
    assert torch.equal(maximise(FastEntropy(), model, x, y, BALL), expected)


def test_fast_entropy_is_not_blinded_by_scaled_logits(model, x, y):
    class Scaled(nn.Module):
        def forward(self, pixels):
            return model(pixels) * 1e4

    model.float()
    found = maximise(FastEntropy(), Scaled(), x.float(), y, BALL)
    assert (distance(BALL, found, x.float()) > 0.09).all()


@pytest.mark.parametrize("method", [FGSM(), FGSM(labels="predicted"), StepLL(), StepRnd(), FastGradientLinf()])
def test_one_pass_gives_the_labels_and_the_gradient(model, x, y, method):
    asked = []

    class Counting(nn.Module):
        def forward(self, pixels):
            asked.append(len(pixels))
            return model(pixels)

    attack(method, Counting(), x, y, BALL)
    assert asked == [2, len(x)]  # two images to look at the logits, then one pass


def test_the_random_step_is_drawn_for_each_image(model):
    x = images(1).repeat(4, 1, 1, 1)
    y = torch.zeros(4, dtype=torch.long)
    found = maximise(RFGSM(), model, x, y, BALL, Context(seed=2))
    assert len(found.unique(dim=0)) == 4
    assert torch.equal(found[2:], maximise(RFGSM(), model, x[2:], y[2:], BALL, Context(seed=2).at(2)))
