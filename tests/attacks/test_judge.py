"""The judge refuses what is no adversarial example, and says when a number cannot be trusted."""

import numpy as np
import pytest
import torch
from torch import nn

from lab.attacks import attack, judge
from lab.errors import AttackError
from lab.results import AttackResult
from lab.specs import FGSM, L2, PGD, Linf


def test_counts_images_recognised_before_and_after(model, x, y):
    result = judge(x, y, x, model, Linf(0.1))
    assert result.clean_accuracy == result.robust_accuracy == pytest.approx(10 / 12)
    assert (result.clean[:10] == y[:10].numpy()).all()
    assert (result.distance == 0).all()


def test_an_image_misread_before_is_not_robust_when_the_attack_repairs_it(model, x, y):
    with torch.no_grad():
        right = model(x).argmax(1)
    shown = x[[0] * 12]
    result = judge(x, right[[0] * 12], shown, model, Linf(1.0))
    assert result.adversarial.tolist() == [int(right[0])] * 12
    assert (result.robust == (result.clean == int(right[0]))).all()
    assert not result.robust.all()


@pytest.mark.parametrize(("ball", "step"), [(Linf(0.1), 0.1), (L2(0.5), 0.5)])
def test_refuses_images_outside_the_ball(model, x, y, ball, step):
    inside = x * 0.5 + 0.25
    moved = inside.clone()
    moved[3, 0, 0, 0] += step * 1.01
    with pytest.raises(AttackError, match="the ball allows"):
        judge(inside, y, moved, model, ball)
    with pytest.raises(AttackError, match="the ball allows"):
        judge(inside, y, inside * torch.nan, model, ball)


def test_refuses_pixels_out_of_range(model, x, y):
    with pytest.raises(AttackError, match=r"outside \[0, 1\]"):
        judge(x, y, x - 0.5, model, Linf(0.6))


def test_refuses_another_shape(model, x, y):
    with pytest.raises(AttackError, match="shape"):
        judge(x, y, x[:3], model, Linf(0.1))


class Probabilities(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, pixels):
        return self.model(pixels).softmax(1)


class Noisy(Probabilities):
    def forward(self, pixels):
        return self.model(pixels) + torch.rand(len(pixels), 10, dtype=pixels.dtype)


class Staircase(Probabilities):
    """Pixels rounded through a straight line of slope zero: its gradient is exactly zero."""

    def forward(self, pixels):
        return self.model(pixels + 0 * pixels.sign()) * 0 + self.model(pixels).detach()


def test_health_names_what_makes_the_number_worthless(model, x, y):
    method = PGD(steps=10, step_size=0.03)

    def health(net):
        return judge(x, y, attack(method, net, x, y, Linf(0.1)), net, Linf(0.1)).health

    healthy = health(model)
    assert healthy.warnings == ()
    assert health(Probabilities(model)).probabilities
    assert health(Noisy(model)).unstable > 0.9
    assert health(Staircase(model)).zero_gradient == 1.0
    for net in (Probabilities(model), Noisy(model), Staircase(model)):
        assert health(net).warnings


def test_says_when_one_step_is_stronger(model, x, y):
    ball = Linf(0.3)
    result = judge(x, y, x, model, ball)  # an "attack" that does nothing
    assert result.health.one_step_stronger
    assert not judge(x, y, attack(FGSM(), model, x, y, ball), model, ball).health.one_step_stronger


def test_one_row_per_image(model, x, y):
    frame = judge(x, y, x, model, Linf(0.1)).to_frame()
    assert list(frame["y"]) == y.tolist()
    assert frame["robust"].sum() == 10


class Rounding(nn.Module):
    """Class 1 only where a pixel lies a hair above a half: no picture file of 8 bits can hold that."""

    def forward(self, pixels):
        first = pixels.flatten(1)[:, :1]
        return torch.cat([torch.zeros_like(first), 5e-4 - (first - 0.5010).abs()], 1)


def test_pixels_can_be_rounded_before_they_are_predicted_once_more():
    x = torch.full((3, 1, 4, 4), 0.5)
    y, x_adv = torch.zeros(3, dtype=torch.long), torch.full((3, 1, 4, 4), 0.5012)
    x_adv[2] = 0.5
    result = judge(x, y, x_adv, Rounding(), Linf(0.1), levels=256)
    assert result.robust.tolist() == [False, False, True]
    assert result.rounded.tolist() == [0, 0, 0]
    assert (result.robust_accuracy, result.rounded_accuracy) == (pytest.approx(1 / 3), 1.0)
    assert judge(x, y, x_adv, Rounding(), Linf(0.1), levels=10_001).rounded.tolist() == [1, 1, 0]
    assert "rounded" in result.to_frame()
    plain = judge(x, y, x_adv, Rounding(), Linf(0.1))
    assert plain.rounded is None
    assert plain.rounded_accuracy != plain.rounded_accuracy
    with pytest.raises(AttackError, match="at least 2 levels"):
        judge(x, y, x_adv, Rounding(), Linf(0.1), levels=1)


def test_a_stronger_transfer_is_said(model, x, y):
    ball = Linf(0.1)
    nothing = judge(x, y, x, model, ball)
    transferred = judge(x, y, attack(FGSM(), model, x, y, ball), model, ball)
    assert nothing.health.transfer_stronger is None
    assert any("made on another model" in each for each in nothing.beside_transfer(transferred).health.warnings)
    assert transferred.beside_transfer(nothing).health.warnings == ()


def test_a_result_without_health_stays_without():
    bare = AttackResult(*[np.zeros(2, int)] * 3, np.zeros(2), np.ones(2), 0.1)
    assert bare.beside_transfer(bare) is bare
    assert bare.beside_restart(0.5) is bare
