"""Inception v3: torchvision's at ρ = 1, and what Kurakin varies."""

import pytest
import torch
from torch import nn
from torchvision.models import inception_v3
from torchvision.models.inception import InceptionC

from lab.errors import ModelError
from lab.models import build
from lab.models.activations import nonlinearity
from lab.models.build import blank
from lab.specs import ELU, Inception, Relu, Relu6, ReluDecay, Tanh

IMAGENET = (3, 299, 299)


def parameters(network):
    return sum(each.numel() for each in network.parameters())


def test_at_scale_1_it_has_the_published_size():
    with torch.device("meta"):
        published = inception_v3(aux_logits=False, init_weights=False)
        auxiliary = inception_v3(init_weights=False).AuxLogits
    assert parameters(blank(Inception(), IMAGENET, 1000)) == parameters(published) == 23_834_568
    assert parameters(published) + parameters(auxiliary) == 27_161_264


def test_with_torchvisions_weights_it_gives_torchvisions_logits():
    with torch.device("meta"):
        published = inception_v3(aux_logits=False, init_weights=False, num_classes=10)
    ours = build(Inception(), (3, 75, 75)).eval()
    for module in ours.modules():  # statistics under which no layer is an identity
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean += 0.1
            module.running_var *= 0.5
    values = dict(zip(published.state_dict(), ours.state_dict().values(), strict=True))
    published.load_state_dict(values, assign=True)
    x = torch.rand(2, 3, 75, 75, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        torch.testing.assert_close(ours(x), published.eval()(2 * x - 1))


def counts(scale):
    network = blank(Inception(scale), IMAGENET, 10)
    return [each.out_channels for each in network.modules() if isinstance(each, nn.Conv2d)]


@pytest.mark.parametrize("scale", [0.5, 2.0])
def test_every_convolution_has_rho_times_the_filters(scale):
    assert counts(scale) == [scale * each for each in counts(1.0)]
    assert counts(scale + 0.01) == counts(scale)  # in sixteenths


def test_the_deeper_network_has_two_more_blocks():
    usual, deeper = (
        [each for each in blank(Inception(more_blocks=more), IMAGENET, 10).modules() if isinstance(each, InceptionC)]
        for more in (0, 2)
    )
    assert len(deeper) == len(usual) + 2 == 6


@pytest.mark.parametrize(
    ("activation", "values"),
    [
        (Relu(), [0, 0, 1, 10]),
        (Relu6(), [0, 0, 1, 6]),
        (ELU(), [-0.8646647, 0, 1, 10]),
        (Tanh(), [-0.9640276, 0, 0.7615942, 1]),
        (ReluDecay(0.1), [0, 0, 1 / 1.1, 10 / 11]),
        (ReluDecay(0.001), [0, 0, 1 / 1.001, 10 / 1.1]),
    ],
    ids=str,
)
def test_activations_are_the_appendixs(activation, values):
    layer = nonlinearity(activation)
    torch.testing.assert_close(layer(torch.tensor([-2.0, 0.0, 1.0, 10.0])), torch.tensor(values, dtype=torch.float32))
    network = blank(Inception(activation=activation), IMAGENET, 10)
    follow = [each for each in network.modules() if type(each) is type(layer)]
    assert len(follow) == len([each for each in network.modules() if isinstance(each, nn.Conv2d)])


def test_the_smallest_images_of_each_stem():
    for stem, least in (("v3", 75), ("small", 7)):
        blank(Inception(stem=stem), (1, least, least), 10)
        with pytest.raises(ModelError, match=f"{stem} stem needs images of at least {least}×{least} pixels, not"):
            build(Inception(stem=stem), (1, least - 1, 99))
