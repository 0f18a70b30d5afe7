"""Rotation, flipped pixels and an L∞ attack together, and what the judge accepts of them."""

import pytest
import torch
from torch import nn

from lab.attacks import attack, judge, maximise
from lab.attacks.ball import distance
from lab.attacks.pixels import flipped
from lab.attacks.spatial import warp
from lab.errors import AttackError
from lab.specs import PGD, Extended, FlipPixels, Linf, RotateTranslate, Spatial, Square, Staged
from tests.attacks.conftest import images, network

BALL = Extended(eps=0.02, pixels=2)
ATTACKS = [
    Staged(perturb=PGD(steps=5, step_size=0.01)),
    Staged(RotateTranslate(search="random"), FlipPixels(search="greedy"), Square(queries=20)),
]


def test_distance_sees_through_rotation_and_flipped_pixels():
    x = images(3)
    turned = warp(x, torch.tensor([[0.4, 0, 0]], dtype=x.dtype).expand(3, 3), Spatial(rotation=20.0))
    shown = flipped((turned + 0.01).clamp(0, 1), torch.tensor([[3, 70]]).expand(3, 2))
    assert distance(BALL, shown, x).tolist() == pytest.approx([0.01] * 3)
    assert (distance(BALL.replace(pixels=1), shown, x) > 0.02).all()
    assert (distance(BALL.replace(rotation=0.0), shown, x) > 0.02).all()
    assert (distance(BALL.replace(pixels=144), 1 - x, x) == 0).all()


@pytest.mark.parametrize("method", ATTACKS)
@pytest.mark.parametrize("run", [attack, maximise])
def test_stays_in_the_ball_and_fools_more_than_its_last_stage(model, x, y, method, run):
    result = judge(x, y, run(method, model, x, y, BALL), model, BALL)
    alone = judge(x, y, run(method.perturb, model, x, y, Linf(BALL.eps)), model, Linf(BALL.eps))
    assert result.robust_accuracy < alone.robust_accuracy


@pytest.mark.parametrize("method", ATTACKS)
def test_nothing_allowed_gives_the_image_back(model, x, y, method):
    assert torch.equal(attack(method, model, x, y, Extended(eps=0.0, pixels=0, rotation=0.0)), x)


@pytest.mark.parametrize("method", ATTACKS)
@pytest.mark.parametrize(("n", "channels", "classes"), [(0, 1, 10), (1, 1, 10), (1, 3, 2), (3, 3, 1000)])
def test_any_number_of_images_channels_and_classes(method, n, channels, classes):
    net, x = network(channels, classes, side=6), images(n, channels, side=6)
    y = torch.zeros(n, dtype=torch.long)
    for dtype in (torch.float64, torch.float32):
        x_adv = attack(method, net.to(dtype), x.to(dtype), y, BALL)
        assert judge(x.to(dtype), y, x_adv, net, BALL).robust.shape == (n,)


def test_refuses_what_does_not_fit(model, x, y):
    for method, ball, words in (
        (Staged(), Linf(0.1), "requires the threat model Combined, not L∞"),
        (PGD(), BALL, "Only Rotate, flip"),
    ):
        with pytest.raises(AttackError, match=words):
            attack(method, model, x, y, ball)
    flat = nn.Linear(144, 10).double()
    with pytest.raises(AttackError, match="height, width"):
        attack(Staged(), flat, x.flatten(1), flat(x.flatten(1)).argmax(1), BALL)
