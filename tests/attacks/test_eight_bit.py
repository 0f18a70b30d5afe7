"""Adversarial examples in 8 bits: rounded inside the ball where that can be, and predicted again."""

import numpy as np
import pytest
import torch
from torch import nn

from lab.attacks import examples, rounded_inside
from lab.attacks.ball import distance
from lab.errors import AttackError
from lab.specs import L2, PGD, Linf

DRAW = torch.Generator().manual_seed(0)


def on_grid(*shape: int) -> torch.Tensor:
    return torch.randint(0, 256, shape, generator=DRAW) / 255


def moved(x: torch.Tensor, ball) -> torch.Tensor:
    """Images on the surface of the ball, or where [0, 1] ends."""
    delta = torch.randn(x.shape, generator=DRAW)
    if isinstance(ball, Linf):
        return (x + ball.eps * delta.sign()).clamp(0, 1)
    return (x + ball.eps * delta / delta.flatten(1).norm(dim=1).view(-1, 1, 1, 1)).clamp(0, 1)


@pytest.mark.parametrize("ball", [Linf(0.3), Linf(8 / 255), Linf(0.0123), L2(0.5), L2(3)], ids=str)
def test_images_on_the_grid_stay_inside_the_ball_and_become_levels(ball):
    x = on_grid(40, 3, 6, 6)
    x_adv = moved(x, ball)
    rounded = rounded_inside(x_adv, x, ball)
    assert (rounded * 255 - (rounded * 255).round()).abs().max() < 1e-4
    assert (distance(ball, rounded, x) <= ball.eps * (1 + 1e-5) + 1e-5).all()
    assert (rounded - x_adv).abs().max() < 1 / 255 + 1e-6


def test_a_step_of_whole_levels_loses_nothing():
    x, ball = on_grid(40, 1, 6, 6), Linf(8 / 255)
    x_adv = moved(x, ball)
    assert torch.allclose(rounded_inside(x_adv, x, ball), x_adv, atol=1e-6)


def test_what_need_not_move_inwards_goes_to_the_nearest_level():
    x = torch.full((1, 1, 1, 2), 100 / 255)
    x_adv = torch.tensor([[[[110.7, 90.2]]]]) / 255
    assert (rounded_inside(x_adv, x, Linf(0.3)) * 255).round().flatten().tolist() == [111, 90]
    assert (rounded_inside(x_adv, x, Linf(10.7 / 255)) * 255).round().flatten().tolist() == [110, 91]


class Threshold(nn.Module):
    """Class 1 for images whose mean is above 0.5."""

    def forward(self, x):
        middle = x.flatten(1).mean(1)
        return torch.stack([0.5 - middle, middle - 0.5], 1)


def test_an_example_that_only_float_pixels_make_no_longer_fools():
    grey = 127 / 255  # below 0.5; one level higher is above it
    x = torch.full((3, 1, 2, 2), grey)
    x_adv = torch.stack([x[0], x[1] + 0.6 / 255, x[2] + 1 / 255])
    found = examples(
        Threshold(), x, torch.tensor([0, 0, 0]), x_adv, Linf(1.2 / 255), name="threshold", spec=PGD(), seed=3
    )
    assert found.adversarial.tolist() == [0, 1, 1]
    assert found.fools.tolist() == [False, True, True]
    assert found.fools_rounded.tolist() == [False, True, True]
    narrow = examples(
        Threshold(), x[1:2], torch.tensor([0]), x_adv[1:2], Linf(0.7 / 255), name="threshold", spec=PGD(), seed=3
    )
    assert narrow.fools.tolist() == [True]
    assert narrow.predicted.tolist() == [0]
    assert narrow.fools_rounded.tolist() == [False]
    assert narrow.rounded_accuracy == 1.0


def test_images_between_two_levels_may_have_no_rounding_inside_a_tiny_ball():
    x = torch.full((1, 1, 2, 2), 100.5 / 255)
    found = examples(Threshold(), x, torch.tensor([1]), x, Linf(0.1 / 255), name="t", spec=PGD(), seed=0)
    assert not found.inside.any()
    assert not found.fools_rounded.any()


def test_what_is_predicted_is_what_the_model_says_of_the_kept_pixels():
    x = torch.rand((20, 1, 4, 4), generator=DRAW)
    found = examples(
        Threshold(), x, torch.zeros(20, dtype=torch.int64), moved(x, L2(1)), L2(1), name="t", spec=PGD(), seed=0
    )
    again = Threshold()(torch.from_numpy(found.rounded) / 255).argmax(1)
    assert np.array_equal(again.numpy(), found.predicted)
    assert found.rounded.dtype == np.uint8
    assert len(found.to_frame()) == 20


def test_an_example_outside_the_ball_is_refused():
    x = torch.zeros((1, 1, 2, 2))
    with pytest.raises(AttackError, match=r"lies 0\.5 from its original"):
        examples(Threshold(), x, torch.tensor([0]), x + 0.5, Linf(0.3), name="t", spec=PGD(), seed=0)
