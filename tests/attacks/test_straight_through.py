"""BPDA: the same logits, and a gradient wherever one can be put in."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, cosine_similarity, embedding, interpolate, one_hot

from lab.attacks.straight_through import straight_through
from tests.attacks.defences import FalseGradient, Threshold, compressed, negated

NET = nn.Sequential(nn.Flatten(), nn.Linear(16, 3))
X = torch.rand(4, 1, 4, 4, generator=torch.Generator().manual_seed(0))


TABLE = torch.linspace(0, 1, 8)


class InsideNoGrad(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        with torch.no_grad():
            x = (x * 7).round() / 7
        return NET(x)


CUT = {
    "round": lambda x: NET((x * 7).round() / 7),
    "floor": lambda x: NET(x // 0.125 * 0.125),
    "sign": lambda x: NET(torch.sign(x - 0.5)),
    "levels": lambda x: NET((x.unsqueeze(-1) > torch.linspace(0, 1, 5)).float().mean(-1)),
    "stacked": lambda x: NET(torch.stack([x > each for each in (0.2, 0.5)]).float().mean(0)),
    "times one": lambda x: NET((x > 0.5) * 1.0),
    "type_as": lambda x: NET((x > 0.5).type_as(x)),
    "below": lambda x: NET((x < 0.5).to(x)),
    "where": lambda x: NET(torch.where(x > 0.5, 1.0, 0.0)),
    "uint8": lambda x: NET((x * 255).to(torch.uint8).float() / 255),
    "long": lambda x: NET((x * 255).long() / 255),
    "bucketize": lambda x: NET(torch.bucketize(x, torch.linspace(0, 1, 5)).float()),
    "one-hot": lambda x: NET(one_hot((x * 3).long(), 4).float()[..., 1:].sum(-1)),
    "quotient": lambda x: NET(x.div(0.125, rounding_mode="floor") / 8),
    "remainder": lambda x: NET(x - x % 0.125),
    "fmod": lambda x: NET(x - torch.fmod(x, 0.125)),
    "fraction": lambda x: NET((x * 8 - (x * 8).frac()) / 8),
    "table": lambda x: NET(TABLE[(x * 7).long()]),
    "table, clamped": lambda x: NET(TABLE[(x * 7 + 0.5).long().clamp(0, 7)]),
    "table, one higher": lambda x: NET(TABLE[((x * 6).long() + 1).flatten(1)].view(x.shape)),
    "take": lambda x: NET(torch.take(TABLE, (x * 7).int().long())),
    "embedding": lambda x: NET(embedding((x * 7).long(), TABLE[:, None]).squeeze(-1)),
    "embedded in two": lambda x: NET(embedding((x * 7).long(), torch.stack([TABLE, TABLE], 1)).sum(-1)),
    "counted": lambda x: NET((x.unsqueeze(-1) > TABLE).sum(-1) / 8),
    "stacked table": lambda x: NET(TABLE[torch.cat([(x * 7).long(), (x * 7).long()])][: len(x)]),
    "mask in a shape": lambda x: NET(torch.where((x > 0.5).flatten(1).view(x.shape), 1.0, 0.0)),
    "product of masks": lambda x: NET(((x > 0.2) * (x < 0.9)).float()),
    "detach": lambda x: NET(x.detach()),
    "data": lambda x: NET(x.data),
    "no_grad": torch.no_grad()(lambda x: NET(x)),
    "no_grad inside": InsideNoGrad(),
    "cosine transform": lambda x: NET(compressed(x)),
}


@pytest.mark.parametrize("cut", CUT)
def test_what_cuts_the_gradient_lets_it_pass_and_computes_the_same(cut):
    x = X.clone().requires_grad_()
    with torch.no_grad():
        plain = CUT[cut](X)
    logits = straight_through(CUT[cut])(x)
    torch.testing.assert_close(logits.detach(), plain)
    [gradient] = torch.autograd.grad(logits[:, 0].sum(), x)
    assert gradient.abs().amax((1, 2, 3)).min() > 0


@pytest.mark.filterwarnings("ignore:.*(quant|deprecated)")
@pytest.mark.parametrize("dtype", [torch.qint8, torch.float16], ids=str)
def test_a_layer_that_quantises_its_input_has_the_gradient_of_one_that_does_not(dtype):
    layers = nn.Sequential(nn.Flatten(), nn.Linear(16, 8), nn.ReLU(), nn.Linear(8, 3))
    model = torch.ao.quantization.quantize_dynamic(layers, {nn.Linear}, dtype=dtype)
    with torch.no_grad():
        torch.testing.assert_close(straight_through(model)(X), model(X))
    x = X.clone().requires_grad_()
    [true] = torch.autograd.grad(layers(x)[:, 0].sum(), x)
    assert cosine_similarity(gradient_of(model, False).flatten(1), true.flatten(1)).min() > 0.95


class Purified(nn.Module):
    """Steps toward confidence, by a gradient of its own, before the answer."""

    def forward(self, x: Tensor) -> Tensor:
        with torch.enable_grad():
            clean = x.detach().clone().requires_grad_()
            [gradient] = torch.autograd.grad(NET(clean).logsumexp(1).sum(), clean)
        return NET((clean + 0.01 * gradient.sign()).clamp(0, 1).detach())


def test_a_model_may_take_gradients_of_its_own():
    with torch.no_grad():
        torch.testing.assert_close(straight_through(Purified())(X), Purified()(X), rtol=0, atol=1e-2)
    assert gradient_of(Purified(), False).abs().amax((1, 2, 3)).min() > 0


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated")
@pytest.mark.parametrize("modules_too", [True, False])
def test_a_script_keeps_what_it_computes(modules_too):
    """Its operations are out of sight, and it takes no hooks."""
    script = torch.jit.script(nn.Sequential(nn.Hardtanh(), NET))
    torch.testing.assert_close(straight_through(script, modules_too)(X), script(X))


def gradient_of(model, modules_too):
    x = X.clone().requires_grad_()
    [gradient] = torch.autograd.grad(straight_through(model, modules_too)(x)[:, 0].sum(), x)
    return gradient


@pytest.mark.parametrize(
    "model",
    [nn.Sequential(Threshold(), NET), lambda x: NET(negated(x)), lambda x: NET((x * 255).round() / 255)],
)
def test_the_gradient_is_that_of_the_identity(model):
    """A rounding counts as the identity; a false or turned gradient is put right."""
    torch.testing.assert_close(gradient_of(model, modules_too=True), NET[1].weight[0].expand(4, -1).reshape(X.shape))


def test_another_librarys_rounding_counts_as_the_identity():
    class Outside(nn.Module):
        def forward(self, x):
            return torch.from_numpy(np.round(x.detach().numpy() * 7) / 7)

    torch.testing.assert_close(
        gradient_of(nn.Sequential(Outside(), NET), True), NET[1].weight[0].expand(4, -1).reshape(X.shape)
    )


class Given(nn.Module):
    """A network that is given changed images, in PyTorch or, ``cut``, by another library."""

    def __init__(self, change, together=lambda logits: logits, part=4, network=None):
        super().__init__()
        self.change, self.together, self.part, self.cut = change, together, part, False
        self.network = network or nn.Sequential(nn.LazyConv2d(2, 3), nn.Flatten(), nn.LazyLinear(3))

    def forward(self, x):
        images = self.change(x)
        images = torch.from_numpy(images.detach().numpy()) if self.cut else images
        return self.together(torch.cat([self.network(part) for part in images.split(self.part)]))


GIVEN = {
    "as they are": Given(lambda x: x),
    "in three channels": Given(lambda x: x.expand(-1, 3, -1, -1)),
    "enlarged": Given(lambda x: interpolate(x, (8, 8), mode="bilinear")),
    "twice in a row": Given(lambda x: x.repeat_interleave(2, 0), lambda logits: logits.view(-1, 2, 3).mean(1), 8),
    "all of them twice": Given(lambda x: x.repeat(2, 1, 1, 1), lambda logits: logits.view(2, -1, 3).mean(0), 8),
    "one by one": Given(lambda x: x, part=1),
    "two by two, in three channels": Given(lambda x: x.expand(-1, 3, -1, -1), part=2),
    "three, and one": Given(lambda x: x, part=3),
    "flat": Given(lambda x: x.flatten(1), network=nn.Linear(16, 3)),
    "normalised": Given(lambda x: x, network=nn.Sequential(nn.BatchNorm2d(1).eval(), *NET)),
}


@pytest.mark.parametrize("name", GIVEN)
def test_the_gradient_comes_from_the_network_that_is_given_what_another_library_made(name):
    model = GIVEN[name]
    plain = gradient_of(model, modules_too=False)
    model.cut = True
    with pytest.raises(RuntimeError, match="to not have been used"):
        gradient_of(model, modules_too=False)
    torch.testing.assert_close(gradient_of(model, modules_too=True), plain)


def test_the_network_may_be_anywhere():
    outside = Given(lambda x: x)
    plain = gradient_of(outside, modules_too=False)
    outside.cut = True
    torch.testing.assert_close(gradient_of(lambda x: outside(x), modules_too=True), plain)  # as in a list, or a closure
    weight = torch.rand(3, 1, 2, 2)
    cut, whole = (
        lambda x: conv2d(torch.from_numpy(x.detach().numpy()), weight).sum((2, 3)),
        lambda x: conv2d(x, weight).sum((2, 3)),
    )
    torch.testing.assert_close(gradient_of(cut, True), gradient_of(whole, False))


def test_a_network_that_is_given_something_else_than_the_images_is_left_alone():
    noise = torch.rand(4, 5)
    other = nn.Linear(5, 3)
    model = Given(lambda x: x, lambda logits: logits + other(noise))
    model.other = other
    torch.testing.assert_close(gradient_of(model, True), gradient_of(model, False))


def test_backward_hooks_are_left_out_only_meanwhile():
    model = nn.Sequential(nn.Identity(), NET)
    model[1].register_full_backward_hook(lambda module, given, out: tuple(-each for each in given))
    turned = -NET[1].weight[0].expand(4, -1).reshape(X.shape)
    torch.testing.assert_close(gradient_of(model, True), -turned)
    x = X.clone().requires_grad_()
    torch.testing.assert_close(torch.autograd.grad(model(x)[:, 0].sum(), x)[0], turned)


def test_a_model_that_is_differentiable_keeps_its_gradient():
    net = nn.Sequential(nn.Conv2d(1, 3, 3), nn.ReLU(), nn.Flatten(), nn.Linear(12, 3))
    x = X.clone().requires_grad_()
    [plain] = torch.autograd.grad(net(x)[:, 0].sum(), x)
    torch.testing.assert_close(gradient_of(net, False), plain)
    torch.testing.assert_close(gradient_of(net, True), plain)


FLAT = {
    "clamp": lambda logits: logits.clamp(-1, 1),
    "clamp in place": lambda logits: logits.mul(1).clamp_(-1, 1),
    "hardtanh": nn.Hardtanh(),
    "sigmoid": lambda logits: (200 * logits).sigmoid(),
    "tanh": lambda logits: (100 * logits).tanh(),
    "minimum": lambda logits: torch.minimum(logits, torch.full_like(logits, -3.0)),
    "max": lambda logits: torch.max(torch.full_like(logits, 40.0), logits),
}


@pytest.mark.parametrize("flat", FLAT)
def test_what_is_flat_rises_a_little_and_tells_which_class_is_nearer(flat):
    """There the model itself has no gradient and gives all classes the same; a little more is left of each."""
    far = nn.Sequential(nn.Flatten(), nn.Linear(16, 3))
    with torch.no_grad():
        far[1].bias.copy_(torch.tensor([10.0, 20.0, 30.0]))

    def model(x: Tensor) -> Tensor:
        return FLAT[flat](far(x))

    x = X.clone().requires_grad_()
    assert torch.autograd.grad(model(x)[:, 0].sum(), x)[0].abs().max() < 1e-12
    assert model(X).diff(dim=1).abs().max() == 0
    logits = straight_through(model)(X)
    assert (logits.diff(dim=1) > 0).all()
    gradient = gradient_of(model, False)[0].flatten()
    assert torch.cosine_similarity(gradient, far[1].weight[0], dim=0) > 0.999


def test_one_hot_vectors_of_an_argmax_lead_to_what_it_chose_from():
    voted = gradient_of(lambda x: one_hot(NET(x).argmax(1), 3).float(), False)
    torch.testing.assert_close(voted, gradient_of(NET, False))


@pytest.mark.parametrize("activation", [nn.Tanh(), nn.Sigmoid(), nn.ReLU6(), nn.Hardtanh()])
def test_activations_keep_their_gradient_nearly(activation):
    net = nn.Sequential(nn.Conv2d(1, 3, 3), activation, nn.Flatten(), nn.Linear(12, 3))
    x = X.clone().requires_grad_()
    [plain] = torch.autograd.grad(net(x)[:, 0].sum(), x)
    torch.testing.assert_close(gradient_of(net, False), plain, rtol=0, atol=0.02 * plain.abs().max().item())


def test_an_inline_function_with_a_false_gradient_stays_false():
    """Its operations are out of PyTorch's sight: black boxes are for such models."""
    assert (gradient_of(lambda x: NET(FalseGradient.apply(x)), True).flatten(1) == -NET[1].weight[0]).all()
