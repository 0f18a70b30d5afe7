"""Networks: their form is the papers', their weights are the generator's."""

import pytest
import torch
from torch import nn

from lab.errors import ModelError
from lab.models import Dropout, Normalised, build, default_device
from lab.models.initial import initialise
from lab.specs import MadryMNIST, SmallCNN, TramerA, TramerB, TramerBStar, TramerC, TramerD

SMALL = (SmallCNN(), MadryMNIST(width=1 / 16), TramerB(), TramerC(), TramerD())
ALL = (*SMALL, TramerA(), TramerBStar(), MadryMNIST())


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def same(one, other):
    return all(torch.equal(a, b) for a, b in zip(one.state_dict().values(), other.state_dict().values(), strict=True))


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 32, 32)])
@pytest.mark.parametrize("architecture", ALL, ids=str)
def test_the_logits_are_the_head_of_the_features(architecture, shape):
    network = build(architecture, shape, 7).eval()
    x = torch.rand(2, *shape, generator=seeded(0))
    logits = network(x)
    assert logits.shape == (2, 7)
    embedding = network.features(x)
    assert embedding.ndim == 2
    assert torch.equal(network.head(embedding), logits)


@pytest.mark.parametrize("architecture", SMALL, ids=str)
def test_equal_seeds_give_equal_weights_and_the_global_generator_is_untouched(architecture):
    before = torch.get_rng_state()
    assert same(build(architecture, generator=seeded(1)), build(architecture, generator=seeded(1)))
    assert not same(build(architecture, generator=seeded(1)), build(architecture, generator=seeded(2)))
    assert same(build(architecture), build(architecture))
    assert torch.equal(torch.get_rng_state(), before)


def test_the_weights_are_distributed_as_pytorchs_own():
    network = build(TramerC())
    own = {
        (module.weight.shape, name): getattr(module, name).std().item()
        for module in network.modules()
        if isinstance(module, (nn.Conv2d, nn.Linear))
        for name in ("weight", "bias")
    }
    with torch.random.fork_rng():
        fresh = [nn.Conv2d(1, 128, 3), nn.Conv2d(128, 64, 3), nn.Linear(1600, 128)]
    for module in fresh:
        assert own[module.weight.shape, "weight"] == pytest.approx(module.weight.std().item(), rel=0.1)
        assert own[module.weight.shape, "bias"] == pytest.approx(module.bias.std().item(), rel=0.4)


def test_a_layer_without_a_rule_is_refused():
    with pytest.raises(ModelError, match=r"no rule to initialise 0 \(PReLU\)"):
        initialise(nn.Sequential(nn.PReLU()), seeded(0))


@pytest.mark.parametrize(
    ("architecture", "parameters"),
    [
        # conv 5·5·1·64+64, conv 5·5·64·64+64, 20·20·64 → 128, 128 → 10
        (TramerA(), 1664 + 102464 + 3276928 + 1290),
        # conv 8·8·1·64+64, conv 6·6·64·128+128, conv 5·5·128·128+128, 128 → 10
        (TramerB(), 4160 + 295040 + 409728 + 1290),
        (TramerBStar(), 4160 + 295040 + 409728 + 1290),
        # conv 3·3·1·128+128, conv 3·3·128·64+64, 5·5·64 → 128, 128 → 10
        (TramerC(), 1280 + 73792 + 204928 + 1290),
        # 784 → 300, three times 300 → 300, 300 → 10
        (TramerD(), 235500 + 3 * 90300 + 3010),
        # conv 5·5·1·32+32, conv 5·5·32·64+64, 7·7·64 → 1024, 1024 → 10
        (MadryMNIST(), 832 + 51264 + 3212288 + 10250),
        # 2 and 4 filters, 64 units
        (MadryMNIST(width=1 / 16), 52 + 204 + 12608 + 650),
    ],
    ids=str,
)
def test_the_papers_networks_have_the_papers_sizes(architecture, parameters):
    assert sum(each.numel() for each in build(architecture).parameters()) == parameters


def test_b_star_is_b_without_the_dropout_on_its_input():
    with_dropout, without = ([type(each) for each in build(a).features] for a in (TramerB(), TramerBStar()))
    assert with_dropout == [Dropout, *without]


@pytest.mark.parametrize("architecture", [TramerA(), TramerB(), TramerC()], ids=str)
def test_too_small_images_are_refused_in_words(architecture):
    with pytest.raises(ModelError, match=r"cannot be built for images of shape \(1, 8, 8\)"):
        build(architecture, (1, 8, 8))


def test_images_smaller_than_the_pools_are_refused_in_words():
    with pytest.raises(ModelError, match=r"Madry's MNIST network cannot be built for images of shape \(1, 3, 3\)"):
        build(MadryMNIST(), (1, 3, 3))


def test_normalised_shifts_and_scales_each_channel():
    x = torch.rand(2, 3, 4, 4, generator=seeded(0))
    seen = Normalised(nn.Identity(), [0.1, 0.2, 0.3], [0.5, 1.0, 2.0])(x)
    for channel, (mean, std) in enumerate([(0.1, 0.5), (0.2, 1.0), (0.3, 2.0)]):
        torch.testing.assert_close(seen[:, channel], (x[:, channel] - mean) / std)


@pytest.mark.parametrize(("mean", "std"), [([0.1], [0.0]), ([0.1], [-1.0]), ([0.1, 0.2], [1.0]), ([], [])])
def test_normalised_refuses_what_cannot_divide(mean, std):
    with pytest.raises(ModelError, match="one mean and one positive standard deviation per channel"):
        Normalised(nn.Identity(), mean, std)


def test_the_device_is_the_environments_choice(monkeypatch):
    monkeypatch.setenv("LAB_DEVICE", "cpu")
    assert default_device() == torch.device("cpu")
    monkeypatch.setenv("LAB_DEVICE", "toaster")
    with pytest.raises(ModelError, match="LAB_DEVICE is 'toaster', which this machine does not have"):
        default_device()
    monkeypatch.setenv("LAB_DEVICE", f"cuda:{torch.cuda.device_count()}")
    with pytest.raises(ModelError, match="LAB_DEVICE is 'cuda:"):
        default_device()
    monkeypatch.delenv("LAB_DEVICE")
    assert default_device().type == ("cuda" if torch.cuda.is_available() else "cpu")
