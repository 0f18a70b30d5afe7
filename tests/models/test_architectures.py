"""What every network promises, whatever its family; one small network of each."""

import pytest
import torch
from torch import nn

from lab.attacks import attack, maximise
from lab.models import build, embed, fit_mean, load_weights, save_weights, set_generator
from lab.models.activations import Decay
from lab.models.build import make
from lab.specs import (
    FGSM,
    PGD,
    Architecture,
    Binarised,
    EfficientNetLite,
    Inception,
    InputDropout,
    Linf,
    MadryMNIST,
    ReluDecay,
    ResNet,
    SmallCNN,
    Tanh,
    Torchvision,
    TramerA,
    TramerB,
    TramerBStar,
    TramerC,
    TramerD,
    WideResNet,
)
from lab.specs.spec import family_of

MNIST, CIFAR = (1, 28, 28), (3, 32, 32)
DEEPER = Inception(1 / 8, ReluDecay(), more_blocks=2, stem="small")
EVERY = {  # with the widths of their embeddings
    SmallCNN(2): {MNIST: 4 * 7 * 7, CIFAR: 4 * 8 * 8},
    SmallCNN(2, embedding=2): {MNIST: 2, CIFAR: 2},
    MadryMNIST(1 / 16): {MNIST: 64, CIFAR: 64},
    ResNet(8, width=4): {MNIST: 16, CIFAR: 16},
    ResNet(14, width=3, mean="channel", crop=24, embedding=2): {MNIST: 2, CIFAR: 2},
    WideResNet(units=2, width=1): {MNIST: 64, CIFAR: 64},
    Inception(1 / 16, stem="small"): {MNIST: 128, CIFAR: 128},
    DEEPER: {MNIST: 256, CIFAR: 256},
    EfficientNetLite("lite1"): {MNIST: 1280, CIFAR: 1280},
    Torchvision("shufflenet_v2_x0_5"): {MNIST: 1024, CIFAR: 1024},
    Binarised(ResNet(8, width=4)): {MNIST: 16, CIFAR: 16},
    InputDropout(SmallCNN(2)): {MNIST: 4 * 7 * 7, CIFAR: 4 * 8 * 8},
    TramerA(): {MNIST: 128, CIFAR: 128},
    TramerB(): {MNIST: 128, CIFAR: 512},
    TramerBStar(): {MNIST: 128, CIFAR: 512},
    TramerC(): {MNIST: 128, CIFAR: 128},
    TramerD(): {MNIST: 300, CIFAR: 300},
}
SMALL = [
    each for each in EVERY if each != DEEPER and type(each) not in (EfficientNetLite, TramerA, TramerB, TramerBStar)
]
NORMED = (
    ResNet(8, width=4),
    WideResNet(units=1, width=1),
    Inception(1 / 16, stem="small"),
    Binarised(ResNet(8, width=4)),
)


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def images(shape, n=4):
    return torch.rand(n, *shape, generator=seeded(n))


def state(network):
    return {name: value.clone() for name, value in network.state_dict().items()}


def same(one, other):
    return list(one) == list(other) and all(torch.equal(one[name], other[name]) for name in one)


def lived_in(architecture, shape):
    """A network whose running statistics and mean are no longer those it started with."""
    network = build(architecture, shape, generator=seeded(1))
    fit_mean(network, images(shape))
    set_generator(network, seeded(2))
    network(images(shape))
    set_generator(network, None)
    return network


def test_every_architecture_is_tried():
    kinds = {kind for kind in family_of(Architecture) if kind.__module__.startswith("lab.")}
    assert {type(each) for each in EVERY} == kinds


@pytest.mark.parametrize("shape", [MNIST, CIFAR], ids=["MNIST", "CIFAR"])
@pytest.mark.parametrize("architecture", EVERY, ids=str)
def test_a_network_gives_logits_and_its_embedding(architecture, shape):
    network = build(architecture, shape, 7).eval()
    embedding, logits = embed(network, images(shape))
    assert embedding.shape == (4, EVERY[architecture][shape])
    assert logits.shape == (4, 7)
    assert torch.equal(logits, network(images(shape)))


@pytest.mark.parametrize("architecture", SMALL, ids=str)
def test_weights_and_buffers_come_back_from_a_file(architecture, tmp_path):
    network = lived_in(architecture, CIFAR)
    save_weights(network, tmp_path / "w.safetensors")
    found = build(architecture, CIFAR)
    load_weights(found, tmp_path / "w.safetensors")
    assert same(found.state_dict(), network.state_dict())
    assert torch.equal(found.eval()(images(CIFAR)), network.eval()(images(CIFAR)))


@pytest.mark.parametrize("architecture", SMALL, ids=str)
def test_equal_seeds_give_equal_weights_and_the_global_generator_is_untouched(architecture):
    before = torch.get_rng_state()
    one, twin, other = (build(architecture, generator=seeded(each)).state_dict() for each in (1, 1, 2))
    assert same(one, twin)
    assert not same(one, other)
    assert all(torch.isfinite(each).all() for each in one.values())
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("architecture", NORMED, ids=str)
@pytest.mark.parametrize("make", [attack, maximise])
def test_making_examples_leaves_the_running_statistics_alone(architecture, make):
    network = lived_in(architecture, MNIST)
    y = network.eval()(images(MNIST)).argmax(1)  # an image that is misclassified would be left as it is
    before = state(network.train())
    for spec in (FGSM(labels="predicted"), PGD(steps=2, step_size=0.1)):
        x_adv = make(spec, network, images(MNIST), y, Linf(0.3))
        assert same(before, network.state_dict())
        assert all(module.training for module in network.modules())
    assert not torch.equal(x_adv, images(MNIST))
    network(images(MNIST))
    assert not same(before, network.state_dict())  # what the test would see


@pytest.mark.parametrize("architecture", SMALL, ids=str)
def test_bf16_and_channels_last_give_the_same_answer(architecture):
    network, x = lived_in(architecture, CIFAR).eval(), images(CIFAR)
    logits = network(x)
    there = network.to(memory_format=torch.channels_last)
    found = there(x.to(memory_format=torch.channels_last))
    torch.testing.assert_close(found, logits, rtol=1e-4, atol=1e-5)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        embedding, short = embed(there, x)
    assert not torch.equal(short.float(), logits)  # autocast took effect, whatever type the logits come back in
    assert embedding.shape[1] == EVERY[architecture][CIFAR]
    torch.testing.assert_close(short.float(), logits, rtol=0.1, atol=0.03 * logits.abs().max().item())


@pytest.mark.parametrize("architecture", SMALL, ids=str)
def test_the_answer_depends_on_the_image_and_every_weight(architecture):
    network = build(architecture, CIFAR, generator=seeded(1))
    x = images(CIFAR).requires_grad_()
    (network(x) * torch.arange(10)).square().sum().backward()
    assert x.grad.isfinite().all()
    assert x.grad.any()
    assert not [name for name, each in network.named_parameters() if each.grad is None or not each.grad.any()]


def test_the_small_cnn_has_the_activation_of_its_spec():
    """Kurakin et al. 2017, App. D, vary it; ReLU is the default, so that shipped weights mean what they meant."""
    relu, tanh = (make(each, MNIST, 10) for each in (SmallCNN(2), SmallCNN(2, activation=Tanh())))
    assert [type(each) for each in tanh.modules() if isinstance(each, nn.ReLU | nn.Tanh)] == [nn.Tanh] * 3
    assert [type(each) for each in relu.modules() if isinstance(each, nn.ReLU | nn.Tanh)] == [nn.ReLU] * 3
    decay = make(SmallCNN(2, activation=ReluDecay(0.5)), MNIST, 10)
    [first, _, _] = [each for each in decay.modules() if isinstance(each, Decay)]
    assert torch.allclose(first(torch.tensor([-1.0, 2.0])), torch.tensor([0.0, 2 / (1 + 0.5 * 4)]))
