"""What networks do to pixels first."""

import pytest
import torch

from lab.attacks import attack
from lab.errors import AttackError
from lab.models import Binarise, PerImageStandardisation, build
from lab.specs import FGSM, Binarised, Linf, SmallCNN


def images(n=3):
    return torch.rand(n, 1, 28, 28, generator=torch.Generator().manual_seed(n))


def test_binarised_images_are_black_and_white():
    x = torch.tensor([[[[0.0, 0.5, 0.51, 1.0]]]])
    assert Binarise()(x).flatten().tolist() == [0, 0, 1, 1]
    assert Binarise(0.2)(x).flatten().tolist() == [0, 1, 1, 1]
    assert torch.equal(Binarise()(images()), (images() > 0.5).float())


def test_straight_through_the_gradient_is_the_inner_networks():
    inner = build(SmallCNN(2))
    x, rounded = images().requires_grad_(), (images() > 0.5).float().requires_grad_()
    [through] = torch.autograd.grad(inner(Binarise()(x)).square().sum(), x)
    [expected] = torch.autograd.grad(inner(rounded).square().sum(), rounded)
    torch.testing.assert_close(through, expected)


def test_without_it_attacks_say_that_there_is_no_gradient():
    y = torch.zeros(3, dtype=torch.int64)
    network = build(Binarised(SmallCNN(2), straight_through=False))
    with pytest.raises(AttackError, match="no gradient to follow"):
        attack(FGSM(), network, images(), network(images()).argmax(1), Linf(0.3))
    exact, through = (build(Binarised(SmallCNN(2), straight_through=each)) for each in (False, True))
    assert torch.equal(exact(images()), through(images()))
    assert attack(FGSM(), through, images(), y, Linf(0.3)).shape == images().shape


def test_no_small_change_moves_a_pixel_far_from_the_threshold():
    digits = (images() > 0.5).float()
    moved = (digits + 0.3 * torch.sign(images() - 0.5)).clamp(0, 1)
    assert torch.equal(Binarise()(moved), Binarise()(digits))


def test_each_image_is_standardised_by_itself():
    out = PerImageStandardisation()(images())
    torch.testing.assert_close(out.mean((1, 2, 3)), torch.zeros(3), rtol=0, atol=1e-5)
    torch.testing.assert_close(out.std((1, 2, 3), correction=0), torch.ones(3))
    torch.testing.assert_close(PerImageStandardisation()(images() / 2), out)
    torch.testing.assert_close(PerImageStandardisation()(images()[1:2])[0], out[1])


def test_an_empty_image_stays_finite_and_so_does_its_gradient():
    x = torch.full((1, 3, 4, 4), 0.5, requires_grad=True)
    out = PerImageStandardisation()(x)
    assert not out.any()
    out[0, 0, 0, 0].backward()
    assert x.grad.isfinite().all()
    least = 1 / (255 * 48**0.5)
    assert x.grad[0, 0, 0, 0].item() == pytest.approx((1 - 1 / 48) / least, rel=1e-4)
