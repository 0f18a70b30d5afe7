"""What a further restart of PGD finds counts, in the images, the number and the warning."""

import pytest
import torch
from torch import nn

from lab.attacks import attack, further_restart, judge
from lab.context import Context
from lab.errors import AttackError
from lab.specs import L2, PGD, Linf
from tests.attacks.conftest import images

WEAK = PGD(steps=1, step_size=0.005)


@pytest.fixture
def x():
    return images(200)


@pytest.fixture
def y(model, x):
    with torch.no_grad():
        return model(x).argmax(1)


@pytest.mark.parametrize(("ball", "weak"), [(Linf(0.02), WEAK), (L2(0.15), PGD(steps=1, step_size=0.02))])
def test_what_it_finds_is_in_the_images_and_in_the_number(model, x, y, ball, weak):
    first = attack(weak, model, x, y, ball)
    before = judge(x, y, first, model, ball)
    x_adv, gain = further_restart(weak, model, x, y, first, ball)
    after = judge(x, y, x_adv, model, ball).beside_restart(gain)
    assert 0 < gain < before.robust_accuracy
    assert after.robust_accuracy == pytest.approx(before.robust_accuracy - gain)
    assert after.health.restart_gain == gain
    assert any("One further random start fooled" in each for each in after.health.warnings)
    assert not any("further random start" in each for each in before.health.warnings)


def test_only_images_that_it_fooled_are_others(model, x, y):
    first = attack(WEAK, model, x, y, Linf(0.02))
    given = first.clone()
    x_adv, gain = further_restart(WEAK, model, x, y, first, Linf(0.02))
    other = (x_adv != first).flatten(1).any(1)
    assert int(other.sum()) == round(gain * len(x))
    with torch.no_grad():
        assert (model(x_adv[other]).argmax(1) != y[other]).all()
        assert (model(first[other]).argmax(1) == y[other]).all()
    assert torch.equal(first, given)  # what was handed in stays


@pytest.mark.parametrize("ball", [Linf(0.02), Linf(0.5)])
def test_a_strong_attack_gains_nothing(model, x, y, ball):
    strong = PGD(steps=20, restarts=20)
    first = attack(strong, model, x, y, ball)
    x_adv, gain = further_restart(strong, model, x, y, first, ball)
    assert gain == 0
    assert torch.equal(x_adv, first)
    assert judge(x, y, x_adv, model, ball).beside_restart(gain).health.restart_gain == 0


def test_its_start_is_another_one_whatever_the_batch(model, x, y):
    """With the first start again it would find nothing; its draws are those of the image's position."""
    ball, first = Linf(0.02), attack(WEAK, model, x, y, Linf(0.02))
    whole, _ = further_restart(WEAK, model, x, y, first, ball, Context(seed=3))
    part, _ = further_restart(WEAK, model, x[50:], y[50:], first[50:], ball, Context(seed=3).only(list(range(50, 200))))
    assert torch.allclose(whole[50:], part, atol=1e-12)


def test_images_misclassified_before_are_no_gain(model, x, y):
    wrong = (y + 1) % 10
    x_adv, gain = further_restart(WEAK, model, x, wrong, x, Linf(0.02))
    assert gain == 0
    assert torch.equal(x_adv, x)


def test_no_images_gain_nothing(model, x, y):
    x_adv, gain = further_restart(WEAK, model, x[:0], y[:0], x[:0], Linf(0.02))
    assert (len(x_adv), gain) == (0, 0.0)


def test_what_is_no_image_is_refused(model, x, y):
    with pytest.raises(AttackError, match="adversarial images"):
        further_restart(WEAK, model, x, y, "images", Linf(0.02))


class Counting(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model, self.gradients = model, 0

    def forward(self, pixels):
        self.gradients += len(pixels) * torch.is_grad_enabled()
        return self.model(pixels)


def test_only_what_withstood_the_attack_is_attacked_again(model, x, y):
    ball = Linf(0.02)
    first = attack(WEAK, model, x, y, ball)
    left = int(judge(x, y, first, model, ball).robust.sum())
    counting = Counting(model)
    further_restart(WEAK, counting, x, y, first, ball)
    assert left <= counting.gradients <= left + 2  # and a dry pass of two
