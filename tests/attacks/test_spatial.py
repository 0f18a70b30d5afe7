"""Rotations and translations: the warp, the lattice the judge knows, and the three searches."""

from itertools import pairwise

import pytest
import torch
from torch import nn

from lab.attacks import attack, judge, maximise
from lab.attacks.ball import distance
from lab.attacks.objectives import cross_entropy
from lab.attacks.spatial import lattice, warp
from lab.context import Cancelled, Context
from lab.errors import AttackError
from lab.specs import FGSM, L2, PGD, Linf, RotateTranslate, Spatial
from tests.attacks.conftest import images, network

BALL = Spatial(rotation=30.0, translation=1.5)
ATTACKS = [
    RotateTranslate(),
    RotateTranslate(search="random", tries=20),
    RotateTranslate(search="gradient", tries=2, steps=10),
]


def _shares(rows):
    return torch.tensor(rows, dtype=torch.float64)


@pytest.mark.parametrize("side", [7, 8])
def test_a_quarter_turn_is_counter_clockwise(side):
    x = images(2, 3, side)
    turned = warp(x, _shares([[1, 0, 0], [-1, 0, 0]]), Spatial(rotation=90.0))
    assert torch.allclose(turned[0], torch.rot90(x[0], 1, (1, 2)))
    assert torch.allclose(turned[1], torch.rot90(x[1], -1, (1, 2)))


def test_a_shift_brings_black_in_from_outside():
    x = images(2)
    shifted = warp(x, _shares([[0, 1, 0], [0, 0, 0.5]]), Spatial(translation=4.0))
    assert torch.allclose(shifted[0, :, :, 4:], x[0, :, :, :-4])
    assert torch.allclose(shifted[1, :, 2:], x[1, :, :-2])
    assert (shifted[0, :, :, :4] < 1e-12).all()
    assert (shifted[1, :, :2] < 1e-12).all()


def test_a_wide_image_is_not_sheared():
    x = torch.zeros(1, 1, 9, 21, dtype=torch.float64)
    x[0, 0, 4, 13] = 1  # three to the right of the centre
    turned = warp(x, _shares([[1, 0, 0]]), Spatial(rotation=90.0))
    assert turned[0, 0, 1, 10] == pytest.approx(1)  # three above it


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_no_rotation_and_no_translation_give_the_same_pixels(dtype):
    x = images(3, 3).to(dtype)
    assert torch.equal(warp(x, torch.zeros(3, 3, dtype=dtype), BALL), x)


def test_warp_is_differentiable():
    shares = _shares([[0.31, -0.27, 0.83], [0.0, 0.0, 0.0]])
    smooth = nn.functional.interpolate(images(1, side=4).repeat(2, 1, 1, 1), 32, mode="bicubic").clamp(0.01, 0.99)
    moved = shares[:1].requires_grad_()
    assert torch.autograd.gradcheck(lambda s: warp(smooth[:1], s, BALL), moved, eps=1e-7, atol=1e-4)
    still = shares[1:].detach().requires_grad_()
    [slope] = torch.autograd.grad(warp(smooth[1:], still, BALL).square().sum(), still)
    assert (slope != 0).all()


def test_lattice_holds_the_grid_of_the_paper():
    points = lattice(Spatial(), images(1))
    assert points.shape == (775, 3)
    assert torch.equal(points[0], torch.zeros(3, dtype=torch.float64))
    assert (points.abs().amax(1).diff() >= 0).all()
    assert lattice(Spatial(translation=0.0), images(1)).shape == (31, 3)
    assert lattice(Spatial(eps=0.5), images(1)).abs().max() == 0.5
    assert lattice(Spatial(eps=0.0), images(1)).shape == (1, 3)


def test_distance_finds_the_smallest_transformation_that_gives_the_picture():
    x = images(3)
    shown = warp(x, _shares([[0, 0, 0], [0.4, -0.5, 0], [-0.2, 0, 0]]), BALL)
    assert distance(BALL, shown, x).tolist() == pytest.approx([0, 0.5, 0.2])
    blank = torch.full_like(x, 0.5)
    assert distance(Spatial(translation=0.0), blank, blank).tolist() == [0, 0, 0]


def test_the_judge_refuses_what_is_no_rotation(model, x, y):
    turned = warp(x, _shares([[0.4, 0.5, 0]]).expand(12, 3), BALL)
    assert (judge(x, y, turned, model, BALL).distance == 0.5).all()
    with pytest.raises(AttackError, match=r"ball allows 0\.25"):
        judge(x, y, turned, model, BALL.replace(eps=0.25))
    turned[5, 0, 6, 6] += 0.01 if turned[5, 0, 6, 6] < 0.5 else -0.01
    with pytest.raises(AttackError, match="inf from its original"):
        judge(x, y, turned, model, BALL)


def test_grid_search_finds_the_largest_loss(model, x, y):
    points = lattice(BALL, x)
    found = maximise(RotateTranslate(), model, x, y, BALL)
    losses = torch.stack([cross_entropy(model(warp(x, point.expand(12, 3), BALL)), y) for point in points])
    assert torch.allclose(cross_entropy(model(found), y), losses.amax(0))


def test_a_verdict_takes_the_smallest_misread_transformation(model, x, y):
    points = lattice(BALL, x)
    result = judge(x, y, attack(RotateTranslate(), model, x, y, BALL), model, BALL)
    misclassified = torch.stack([model(warp(x, point.expand(12, 3), BALL)).argmax(1) != y for point in points])
    assert result.robust.tolist() == (~misclassified.any(0)).tolist()
    smallest = points.abs().amax(1)[misclassified.int().argmax(0)]
    fell = misclassified.any(0).numpy()
    assert result.distance[fell].tolist() == pytest.approx(smallest[fell].tolist())


def test_more_tries_never_lose_and_the_grid_is_worst(model, x, y):
    def loss(method):
        return cross_entropy(model(maximise(method, model, x, y, BALL)), y)

    losses = [loss(RotateTranslate(search="random", tries=tries)) for tries in (1, 5, 50)] + [loss(RotateTranslate())]
    assert all((more >= fewer).all() for fewer, more in pairwise(losses))


def test_climbing_raises_the_loss():
    smooth = nn.functional.interpolate(images(20, side=3), 12, mode="bicubic").clamp(0, 1)
    net = network(seed=4)
    y = net(smooth).argmax(1)

    def loss(steps):
        method = RotateTranslate(search="gradient", tries=1, steps=steps, step_size=0.05)
        return cross_entropy(net(maximise(method, net, smooth, y, BALL)), y).mean()

    assert loss(40) > loss(1)


@pytest.mark.parametrize("method", ATTACKS)
@pytest.mark.parametrize("run", [attack, maximise])
def test_stays_on_the_lattice_and_fools(model, x, y, method, run):
    result = judge(x, y, run(method, model, x, y, BALL), model, BALL)
    assert result.robust_accuracy < result.clean_accuracy / 2


@pytest.mark.parametrize("method", ATTACKS)
@pytest.mark.parametrize("run", [attack, maximise])
def test_eps_zero_gives_the_image_back(model, x, y, method, run):
    for ball in (BALL.replace(eps=0.0), Spatial(rotation=0.0, translation=0.0)):
        assert torch.equal(run(method, model, x, y, ball), x)


@pytest.mark.parametrize("method", ATTACKS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(("n", "channels", "classes"), [(0, 1, 10), (1, 1, 10), (1, 3, 2), (3, 3, 1000)])
def test_any_number_of_images_channels_and_classes(method, dtype, n, channels, classes):
    net, x = network(channels, classes, side=6).to(dtype), images(n, channels, side=6).to(dtype)
    y, ball = torch.zeros(n, dtype=torch.long), Spatial(translation=1.0, angles=5, shifts=1)
    x_adv = attack(method, net, x, y, ball)
    assert x_adv.dtype == dtype
    assert judge(x, y, x_adv, net, ball).robust.shape == (n,)


@pytest.mark.parametrize("method", ATTACKS)
@pytest.mark.parametrize("run", [attack, maximise])
def test_result_does_not_depend_on_the_batch(model, x, y, method, run, monkeypatch):
    whole = run(method, model, x, y, BALL, Context(seed=5))
    monkeypatch.setattr("lab.attacks.batches.batch_size", lambda _device: 5)
    monkeypatch.setattr("lab.attacks.candidates.batch_size", lambda _device: 60)
    assert torch.allclose(run(method, model, x, y, BALL, Context(seed=5)), whole, atol=1e-9)


def test_refuses_what_does_not_fit(model, x, y):
    for method, ball, words in (
        (RotateTranslate(), Linf(0.1), "Rotate and translate requires the threat model Spatial, not L∞"),
        (PGD(), BALL, "Only Rotate and translate works in the threat model Spatial"),
        (FGSM(), BALL, "Only Rotate and translate works"),
    ):
        with pytest.raises(AttackError, match=words):
            attack(method, model, x, y, ball)
    flat = nn.Linear(144, 10).double()
    with pytest.raises(AttackError, match="height, width"):
        attack(RotateTranslate(), flat, x.flatten(1), flat(x.flatten(1)).argmax(1), BALL)
    with pytest.raises(Cancelled):
        attack(RotateTranslate(), model, x, y, BALL, Context(cancelled=lambda: True))


def test_a_rotated_image_can_be_attacked_further(model, x, y):
    """Tramèr et al. 2018, App. C.1: first rotate, then PGD; each step judged in its own ball."""
    turned = attack(RotateTranslate(search="random", tries=3), model, x, y, BALL)
    ball = L2(0.2)
    both = judge(turned, y, attack(PGD(step_size=0.05), model, turned, y, ball), model, ball)
    assert both.robust_accuracy < judge(x, y, turned, model, BALL).robust_accuracy
