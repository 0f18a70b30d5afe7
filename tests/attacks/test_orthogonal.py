"""Orthogonal directions: orthogonal, of length one, and as aligned with the gradient as the lemmas say."""

import pytest
import torch

from lab.attacks import attack, judge, maximise
from lab.attacks.ball import distance, project
from lab.attacks.gradient import input_gradient
from lab.attacks.objectives import margin
from lab.attacks.orthogonal import directions, orthogonal_count
from lab.context import Context
from lab.errors import AttackError
from lab.specs import FGSM, L2, CrossEntropy, Linf
from lab.specs.orthogonal import OrthogonalDirections
from tests.attacks.conftest import Linear, images, network

ORDERS = [1, 4, 16, 36, 64, 100]
BALLS = [Linf(0.1), L2(0.7)]


@pytest.fixture
def gradient():
    generator = torch.Generator().manual_seed(2)
    return torch.randn(3, 3, 20, 20, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("k", [1, 4, 7, 16, 36, 64, 100])
@pytest.mark.parametrize("ball", [Linf(0.1), L2(1.0)])
def test_directions_are_orthogonal_and_of_length_one(gradient, ball, k):
    found = directions(ball, gradient, k, Context())
    assert found.shape == (3, k, 3, 20, 20)
    assert torch.allclose(distance(ball, found.flatten(0, 1), torch.zeros(())), torch.ones((), dtype=found.dtype))
    flat = found.flatten(2)
    inner = flat @ flat.transpose(1, 2)
    assert (inner - inner.diagonal(dim1=1, dim2=2).diag_embed()).abs().max() < 1e-9


@pytest.mark.parametrize("k", ORDERS)
def test_alignment_with_the_signed_gradient_is_the_bound_of_lemma_6(gradient, k):
    found = directions(Linf(0.1), gradient, k, Context()).flatten(2)
    aligned = (found @ gradient.sign().flatten(1).unsqueeze(2)).squeeze(2)
    pixels = 1200 // k * k  # the padding: pixels left over stay unchanged
    assert torch.equal((found != 0).sum(2), torch.full((3, k), pixels))
    assert torch.equal(aligned, torch.full_like(aligned, pixels * k**-0.5).round())


def test_expected_alignment_with_the_gradient_is_lemma_7s(gradient):
    one = gradient[:1].expand(400, -1, -1, -1)
    found = directions(Linf(0.1), one, 16, Context(seed=1)).flatten(2)
    aligned = (found @ one.flatten(1).unsqueeze(2)).mean((0, 2))
    assert torch.allclose(aligned, one[0].abs().sum() / 4 * torch.ones_like(aligned), rtol=0.03)


@pytest.mark.parametrize("k", ORDERS)
@pytest.mark.parametrize("scale", [1.0, 1e-200])
def test_l2_alignment_is_the_gradients_length_over_root_k(gradient, k, scale):
    found = directions(L2(1.0), gradient * scale, k, Context()).flatten(2)
    aligned = (found @ gradient.flatten(1).unsqueeze(2)).squeeze(2)
    assert torch.allclose(aligned, gradient.flatten(1).norm(dim=1).unsqueeze(1) * k**-0.5)


@pytest.mark.parametrize("ball", BALLS)
def test_no_gradient_still_gives_orthogonal_directions(gradient, ball):
    flat = directions(ball, gradient * 0, 16, Context()).flatten(2)
    inner = flat @ flat.transpose(1, 2)
    assert (inner - inner[:, 0, 0].view(-1, 1, 1) * torch.eye(16)).abs().max() < 1e-9


@pytest.mark.parametrize("ball", BALLS)
def test_the_single_direction_is_fgsm(model, x, y, ball):
    gradient, _ = input_gradient(model, x, y, CrossEntropy())
    single = maximise(OrthogonalDirections(1), model, x, y, ball)
    moved = gradient != 0  # where it is zero, FGSM stays and a direction of ±1 cannot
    assert torch.allclose(single[moved], maximise(FGSM(), model, x, y, ball)[moved], atol=1e-12)


@pytest.mark.parametrize("ball", BALLS)
def test_the_attack_proposes_the_worst_direction(model, x, y, ball):
    x_adv = maximise(OrthogonalDirections(4), model, x, y, ball, Context(seed=3))
    gradient, _ = input_gradient(model, x, y, CrossEntropy())
    found = directions(ball, gradient, 4, Context(seed=3))
    margins = torch.stack([margin(model(project(ball, x + ball.eps * found[:, i], x)), y) for i in range(4)])
    assert torch.allclose(margin(model(x_adv), y), margins.amin(0))


@pytest.mark.parametrize("k", [1, 4, 16])
@pytest.mark.parametrize("dual", [1, 2])
def test_on_a_linear_model_the_count_is_the_closed_forms(k, dual):
    """All k directions fool exactly from eps = margin · √k / dual norm on, with a gradient of equal sizes."""
    generator = torch.Generator().manual_seed(4)
    weight = torch.zeros(2, 64, dtype=torch.float64)
    weight[1] = torch.randint(0, 2, (64,), generator=generator) * 2 - 1
    x = torch.full((1, 1, 8, 8), 0.5, dtype=torch.float64)
    net = Linear(weight, torch.tensor([0.1, 0.0]).double() + torch.stack([weight[1].sum() / 2, x.new_zeros(())]))
    y = net(x).argmax(1)
    least = margin(net(x), y).item() * k**0.5 / weight[1].norm(p=dual).item()
    ball = Linf if dual == 1 else L2
    assert orthogonal_count(net, x, y, ball(least * 1.001), (k,)).largest.tolist() == [k]
    assert orthogonal_count(net, x, y, ball(least * 0.999), (k,)).at_least.tolist() == [0]


def test_counts_grow_with_eps_and_leave_out_misread_images(model, x, y):
    small, large = (orthogonal_count(model, x, y, Linf(eps)) for eps in (0.02, 0.2))
    assert small.orders.tolist() == ORDERS
    assert small.fooling.shape == (6, 12)
    assert small.fooling.sum() < large.fooling.sum()
    assert (large.largest <= large.at_least).all()
    assert large.largest.max() > 1
    assert (large.fooling[:, -2:] == 0).all()
    assert torch.equal(large.fooling[0, :10] == 1, margin(model(maximise(FGSM(), model, x, y, Linf(0.2))), y)[:10] < 0)


def test_orders_that_do_not_fit_are_left_out_and_refused(x):
    net, small = network(side=5), images(2, side=5)
    y = torch.zeros(2, dtype=torch.long)
    assert orthogonal_count(net, small, y, Linf(0.1)).orders.tolist() == [1, 4, 16]
    with pytest.raises(AttackError, match="at least 36 pixels"):
        attack(OrthogonalDirections(20), net, small, y, Linf(0.1))
    assert orthogonal_count(net, small[:0], y[:0], Linf(0.1)).at_least.shape == (0,)


@pytest.mark.parametrize("ball", BALLS)
@pytest.mark.parametrize("k", [1, 16, 100])
def test_stays_in_the_ball_and_in_range(model, x, y, ball, k):
    x_adv = attack(OrthogonalDirections(k), model, x, y, ball)
    judge(x, y, x_adv, model, ball)
    assert not torch.equal(x_adv, x)
    assert torch.equal(attack(OrthogonalDirections(k), model, x, y, ball.replace(eps=0.0)), x)


@pytest.mark.parametrize(("n", "channels", "classes"), [(0, 1, 10), (1, 1, 10), (1, 3, 2), (3, 3, 1000)])
def test_any_number_of_images_channels_and_classes(n, channels, classes):
    net, x = network(channels, classes).float(), images(n, channels).float()
    y = torch.zeros(n, dtype=torch.long)
    for ball in BALLS:
        x_adv = attack(OrthogonalDirections(), net, x, y, ball)
        assert judge(x, y, x_adv, net, ball).robust.shape == (n,)


@pytest.mark.parametrize("ball", BALLS)
def test_draws_do_not_depend_on_the_batch(model, x, y, ball, monkeypatch):
    method = OrthogonalDirections(4)
    whole = attack(method, model, x, y, ball, Context(seed=5))
    counted = orthogonal_count(model, x, y, ball, ctx=Context(seed=5)).fooling
    for module in ("batches", "orthogonal"):
        monkeypatch.setattr(f"lab.attacks.{module}.batch_size", lambda _device: 5)
    assert torch.allclose(attack(method, model, x, y, ball, Context(seed=5)), whole, atol=1e-12)
    assert torch.equal(orthogonal_count(model, x, y, ball, ctx=Context(seed=5)).fooling, counted)
    assert not torch.equal(attack(method, model, x, y, ball, Context(seed=6)), whole)
