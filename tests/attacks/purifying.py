"""Defences that replace an image by one that they hold to be clean, or that look at it more than once."""

import copy

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, one_hot, pad, unfold

from lab.data import load
from lab.specs import Digits
from tests.attacks.wrapping import Before, Behind, Defence

_MEMORY = 400  # training images that are held to be clean


def medians(x: Tensor) -> Tensor:
    """The median of each 3 × 3 pixels."""
    patches = unfold(pad(x, (1, 1, 1, 1), mode="reflect"), 3)
    return patches.view(len(x), 9, *x.shape[2:]).median(1, keepdim=True).values


def smoothed(x: Tensor) -> Tensor:
    """Less total variation, by 20 steps of descent that gradients do not see (Guo et al. 2018)."""
    given, z = x.detach(), x.detach()
    for _ in range(20):
        right, down = pad(z[..., 1:] - z[..., :-1], (0, 1)), pad(z[..., 1:, :] - z[..., :-1, :], (0, 0, 0, 1))
        size = (right.square() + down.square() + 1e-3).sqrt()
        right, down = right / size, down / size
        divergence = right - pad(right[..., :-1], (1, 0)) + down - pad(down[..., :-1, :], (0, 0, 1, 0))
        z = z + 0.05 * (0.3 * divergence - (z - given))
    return z


def cropped(x: Tensor) -> Tensor:
    """A random crop, enlarged (Guo et al. 2018)."""
    top, left = torch.randint(0, 5, (2,)).tolist()
    return interpolate(x[..., top : top + 24, left : left + 24], size=x.shape[2:], mode="bilinear")


def deflected(x: Tensor) -> Tensor:
    """60 pixels replaced by random neighbours.

    Prakash et al. 2018, who also prefer pixels of little importance, and denoise.
    """
    z, given = x.detach().clone(), x.detach()
    for image, source in zip(z, given, strict=True):
        at, by = torch.randint(2, 26, (60, 2)), torch.randint(-2, 3, (60, 2))
        image[0, at[:, 0], at[:, 1]] = source[0, at[:, 0] + by[:, 0], at[:, 1] + by[:, 1]]
    return z


def _clean() -> Tensor:
    return load(Digits()).train.images(range(_MEMORY)).flatten(1)


def projected(network: nn.Module) -> nn.Module:
    """The images' projections onto 40 principal components of clean ones."""
    clean = _clean()
    mean = clean.mean(0)
    torch.manual_seed(0)
    components = torch.pca_lowrank(clean, 40)[2]
    return Behind(network, lambda x: ((x.flatten(1) - mean) @ components @ components.T + mean).view_as(x).clamp(0, 1))


def blended(network: nn.Module) -> nn.Module:
    """A mean of clean images, nearly all of it the nearest one."""
    clean = _clean()
    return Behind(network, lambda x: ((torch.cdist(x.flatten(1), clean) * -20).softmax(1) @ clean).view_as(x))


def purified(network: nn.Module) -> nn.Module:
    """Noise, and steps toward what the network is sure of: purification at inference, whose idea, though not the loss,
    is that of Shi et al. 2021."""
    own = copy.deepcopy(network)

    def purify(x: Tensor) -> Tensor:
        z = x.detach() + 0.05 * torch.randn_like(x)
        for _ in range(5):
            z = z.detach().requires_grad_(True)
            with torch.enable_grad():
                (uphill,) = torch.autograd.grad(own(z).logsumexp(1).sum(), z)
            z = z + 0.01 * uphill.sign()
        return z.detach()

    return Behind(network, purify)


def neighbours(network: nn.Module) -> nn.Module:
    """The classes of the five clean images whose features are the nearest (Papernot & McDaniel 2018)."""
    train = load(Digits()).train
    features, labels = network.features(train.images(range(_MEMORY))).flatten(1).detach(), train.labels(range(_MEMORY))

    def vote(x: Tensor) -> Tensor:
        nearest = torch.cdist(network.features(x).flatten(1), features).topk(5, largest=False).indices
        return one_hot(labels[nearest], 10).float().mean(1)

    return Before(nn.Identity(), vote)


class Pruned(nn.Module):
    """Values of a layer that stay with a probability in proportion to their size (Dhillon et al. 2018)."""

    def forward(self, h: Tensor) -> Tensor:
        flat = h.flatten(1)
        share = flat.abs() + 1e-9
        draws = flat.shape[1] // 2
        stay = torch.zeros_like(flat).scatter(1, torch.multinomial(share, draws, replacement=True), 1.0)
        probability = 1 - (1 - share / share.sum(1, keepdim=True)) ** draws
        return (flat * stay / probability.clamp(min=1e-6)).view(h.shape)


def sizes(network: nn.Module) -> nn.Module:
    """The votes of three sizes of the image."""

    def vote(x: Tensor) -> Tensor:
        seen = [interpolate(interpolate(x, size=(side, side), mode="area"), size=x.shape[2:]) for side in (28, 20, 14)]
        return sum((one_hot(network(each).argmax(1), 10).float() for each in seen), torch.zeros(()))

    return Before(nn.Identity(), vote)


def coded_outputs(logits: Tensor) -> Tensor:
    """Agreement with each class's code of 32 signs, as in Verma & Swami 2019, whose networks output each."""
    codes = torch.randint(0, 2, (10, 32), generator=torch.Generator().manual_seed(0)).float() * 2 - 1
    return (logits.softmax(1) @ codes).tanh() @ codes.T


def rejecting(logits: Tensor) -> Tensor:
    """An eleventh class for images whose two largest logits are near each other."""
    first, second = logits.topk(2, 1).values.split(1, 1)
    return torch.cat([logits, first - 0.5 + 3 * ((first - second) < 1)], 1)


PURIFYING: dict[str, Defence] = {
    "medians": lambda network: Behind(network, medians),
    "total variation": lambda network: Behind(network, smoothed),
    "crops": lambda network: Behind(network, cropped),
    "deflected pixels": lambda network: Behind(network, deflected),
    "principal components": projected,
    "blend of clean images": blended,
    "purified": purified,
    "neighbours": neighbours,
    "pruned": lambda network: nn.Sequential(network.features, Pruned(), network.head),
    "sizes": sizes,
    "output codes": lambda network: Before(network, coded_outputs),
    "rejecting": lambda network: Before(network, rejecting),
}
"""Defences in the manner of the literature where it is named, each in a few lines and without its training."""
