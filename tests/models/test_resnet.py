"""Residual networks: the papers' sizes, starts and inputs."""

import math

import pytest
import torch
from torch import nn

from lab.errors import ModelError, SpecError
from lab.models import HeConv2d, MeanSubtraction, build, crop_side, fit_mean
from lab.models.build import blank
from lab.models.resnet import Residual
from lab.models.wide_resnet import PreActivated
from lab.specs import Binarised, InputDropout, ResNet, SmallCNN, WideResNet

CIFAR = (3, 32, 32)


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def parameters(architecture, shape=CIFAR):
    return sum(each.numel() for each in blank(architecture, shape, 10).parameters())


@pytest.mark.parametrize(
    ("depth", "published", "exactly"),
    [(20, 0.27, 269722), (32, 0.46, 464154), (44, 0.66, 658586), (56, 0.85, 853018), (110, 1.7, 1727962)],
)
def test_the_sizes_are_those_of_he_table_6(depth, published, exactly):
    assert parameters(ResNet(depth)) == exactly
    assert exactly / 1e6 == pytest.approx(published, rel=0.02)


def test_the_depth_counts_the_layers_with_weights():
    for depth in (20, 56):
        layers = [each for each in blank(ResNet(depth), CIFAR, 10).modules() if isinstance(each, nn.Conv2d | nn.Linear)]
        assert len(layers) == depth
    with pytest.raises(SpecError, match=r"must be 6n \+ 2"):
        ResNet(21)


def test_two_units_before_the_last_layer_are_64_by_2_and_2_by_10():
    linear = [each for each in blank(ResNet(embedding=2), CIFAR, 10).modules() if isinstance(each, nn.Linear)]
    assert [(each.in_features, each.out_features) for each in linear] == [(64, 2), (2, 10)]


def test_w32_10_has_the_challenges_size():
    convolutions = 9 * (3 * 16 + 16 * 160 + 9 * 160**2 + 160 * 320 + 9 * 320**2 + 320 * 640 + 9 * 640**2)
    norms = 2 * (16 + 9 * 160 + 160 + 9 * 320 + 320 + 9 * 640 + 640)
    assert parameters(WideResNet()) == convolutions + norms + 640 * 10 + 10 == 45901914


def test_a_residual_unit_of_zeros_is_its_shortcut():
    x = torch.rand(2, 4, 7, 7, generator=seeded(0))
    for unit, shrunk in (
        (Residual(4, 8, 2), x[:, :, ::2, ::2]),
        (PreActivated(4, 8, 2, shared=False), nn.functional.avg_pool2d(x, 2, ceil_mode=True)),
    ):
        nn.init.zeros_(unit.conv2.weight)
        out = unit(x)
        assert out.shape == (2, 8, 4, 4)
        first = int(out[0, :, 0, 0].ne(0).nonzero()[0])
        torch.testing.assert_close(out[:, first : first + 4], shrunk)
        assert out.ne(0).sum() == shrunk.ne(0).sum()


def test_only_the_first_wide_unit_shares_its_activation_with_the_shortcut():
    units = [each for each in blank(WideResNet(units=3), CIFAR, 10).modules() if isinstance(each, PreActivated)]
    assert [each.shared for each in units] == [True] + [False] * 8
    assert [each.stride for each in units] == [1, 1, 1, 2, 1, 1, 2, 1, 1]


def test_convolutions_start_as_he_says_and_norms_as_identity():
    network = build(ResNet(8), CIFAR, generator=seeded(1))
    for module in network.modules():
        if isinstance(module, HeConv2d):
            expected = math.sqrt(2 / (9 * module.out_channels))
            assert module.weight.std().item() == pytest.approx(expected, rel=0.1)
            assert module.weight.mean().item() == pytest.approx(0, abs=expected / 5)
        if isinstance(module, nn.BatchNorm2d):
            assert module.weight.eq(1).all()
            assert not module.bias.any()
            assert not module.running_mean.any()
            assert module.running_var.eq(1).all()
            assert module.num_batches_tracked == 0


def mean_of(network):
    return next(each.mean for each in network.modules() if isinstance(each, MeanSubtraction))


@pytest.mark.parametrize(("mean", "dims"), [("pixel", (0,)), ("channel", (0, 2, 3))])
def test_the_mean_is_that_of_the_training_images(mean, dims):
    images = torch.rand(10, *CIFAR, generator=seeded(0))
    network = build(ResNet(8, width=2, mean=mean), CIFAR)
    assert not mean_of(network).any()
    fit_mean(network, images.split(4))
    assert network.training
    torch.testing.assert_close(mean_of(network), images.mean(dims, keepdim=True)[0])
    before = mean_of(network).clone()
    fit_mean(network, images)
    torch.testing.assert_close(mean_of(network), before)
    network.eval()
    torch.testing.assert_close(network(images), network.head(network.features[1:](images - before)))


def test_the_mean_is_that_of_what_arrives():
    images = torch.rand(10, *CIFAR, generator=seeded(0))
    network = build(Binarised(InputDropout(ResNet(8, width=2, crop=24))), CIFAR)
    fit_mean(network, images)
    torch.testing.assert_close(mean_of(network), (images > 0.5).float()[:, :, 4:28, 4:28].mean(0))
    fit_mean(build(SmallCNN(2)), images)  # nothing to do


def test_a_network_that_crops_takes_crops_and_whole_images():
    network = build(ResNet(8, width=2, crop=24), CIFAR).eval()
    assert crop_side(network) == 24
    assert crop_side(nn.Sequential(network)) == 24
    assert crop_side(build(ResNet(8, width=2), CIFAR)) is None
    x = torch.rand(2, *CIFAR, generator=seeded(0))
    assert torch.equal(network(x), network(x[:, :, 4:28, 4:28]))
    with pytest.raises(ModelError, match="20×32 pixels are too small for a crop of 24×24"):
        network(x[:, :, :20])
    with pytest.raises(ModelError, match="28×28 pixels are too small for a crop of 30×30"):
        build(ResNet(crop=30), (1, 28, 28))
