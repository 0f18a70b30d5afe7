"""Noise: the right distribution, inside the ball, without looking at model or label."""

import pytest
import torch
from torch import nn

from lab.attacks import attack, judge
from lab.context import Context
from lab.specs import L2, Linf, RandomSign, TruncatedNormal

NOISE = [RandomSign(), TruncatedNormal()]


@pytest.fixture
def grey():
    """Images in the middle of [0, 1], so that nothing is clipped."""
    return torch.full((20, 1, 40, 40), 0.5, dtype=torch.float64), torch.zeros(20, dtype=torch.long)


class Blind(nn.Module):
    """A model without gradient: noise needs none."""

    def forward(self, x):
        return torch.zeros(len(x), 3, dtype=x.dtype)


def test_random_sign_moves_every_pixel_by_eps_either_way(grey):
    x, y = grey
    delta = attack(RandomSign(), Blind(), x, y, Linf(0.1)) - x
    assert torch.allclose(delta.abs(), torch.full_like(x, 0.1))
    assert (delta > 0).double().mean().item() == pytest.approx(0.5, abs=0.02)


def test_truncated_normal_has_the_moments_of_two_deviations(grey):
    x, y = grey
    delta = (attack(TruncatedNormal(), Blind(), x, y, Linf(0.1)) - x) / 0.05
    assert delta.abs().max() <= 2 + 1e-12
    assert delta.abs().max() > 1.9
    assert delta.mean().item() == pytest.approx(0, abs=0.03)
    assert delta.std().item() == pytest.approx(0.8796, abs=0.02)  # of a normal cut off at two deviations
    inside = (delta.abs() < 1).double().mean().item()
    assert inside == pytest.approx(0.6827 / 0.9545, abs=0.01)


@pytest.mark.parametrize("method", NOISE)
@pytest.mark.parametrize("ball", [Linf(0.3), L2(0.5)])
def test_noise_is_drawn_for_each_image_from_the_seed(model, x, y, method, ball):
    found = attack(method, model, x, y, ball, Context(seed=4))
    assert judge(x, y, found, model, ball).distance.max() <= ball.eps + 1e-9
    assert torch.equal(attack(method, model, x[5:], y[5:], ball, Context(seed=4).at(5)), found[5:])
    assert not torch.equal(attack(method, model, x, y, ball, Context(seed=5)), found)
