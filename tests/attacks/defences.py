"""Models whose robustness is known: an undefended network behind things that only hide its gradient."""

import torch
from torch import Tensor, nn
from torch.nn.functional import dropout, interpolate, one_hot, pad

from tests.attacks.hidden_scores import COARSE, JUMPING, MULTIPLIED, STEEP
from tests.attacks.outside import OUTSIDE
from tests.attacks.purifying import PURIFYING
from tests.attacks.remembering import (
    Adapting,
    CacheOfRounded,
    Drifting,
    Earlier,
    Late,
    OwnGenerator,
    Refusing,
    RunningStatistics,
    Turns,
    remembering,
)
from tests.attacks.wrapping import Before, Behind, Defence


def rounded(x: Tensor) -> Tensor:
    return (x * 7).round() / 7


def thermometer(x: Tensor) -> Tensor:
    """The mean of a thermometer code: how many of the levels a pixel passes."""
    levels = torch.arange(8, device=x.device) / 8 + 1 / 16
    return (x.unsqueeze(-1) > levels).float().mean(-1)


def noisy(x: Tensor) -> Tensor:
    return x + 0.1 * torch.randn_like(x)


def resized(x: Tensor) -> Tensor:
    """Shrunk to a random size, put at a random position (Xie et al. 2018)."""
    side = int(torch.randint(22, 29, ()))
    small = interpolate(x, size=(side, side), mode="bilinear", align_corners=False)
    left, top = (int(torch.randint(0, 28 - side + 1, ())) for _ in range(2))
    return pad(small, (left, 28 - side - left, top, 28 - side - top))


def integers(x: Tensor) -> Tensor:
    return ((x * 15).round().to(torch.uint8)).float() / 15


def coded(x: Tensor) -> Tensor:
    """Levels by one-hot vectors, and back."""
    code = one_hot((x.clamp(0, 1) * 7).round().long(), 8).float()
    return (code * torch.arange(8) / 7).sum(-1)


def compressed(x: Tensor) -> Tensor:
    """Blocks of 4 × 4 through a cosine transform whose coefficients are rounded, as in JPEG."""
    n = torch.arange(4.0)
    basis = torch.cos(torch.pi * (2 * n[None] + 1) * n[:, None] / 8) * 0.5**0.5
    basis[0] *= 0.5**0.5
    blocks = x.unfold(2, 4, 4).unfold(3, 4, 4)
    coefficients = ((basis @ blocks @ basis.T) * 4).round() / 4
    back = basis.T @ coefficients @ basis
    return back.permute(0, 1, 2, 4, 3, 5).reshape(x.shape)


class FalseGradient(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return (x > 0.5).to(x.dtype)

    @staticmethod
    def backward(ctx, gradient):
        return -gradient


class Threshold(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return FalseGradient.apply(x)


class Compression(nn.Module):
    """Rounding by another library, out of PyTorch's sight."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.from_numpy((x.detach().numpy() * 7).round() / 7).to(x.dtype)


def negated(x: Tensor) -> Tensor:
    if x.requires_grad:
        x = x * 1.0
        x.register_hook(lambda gradient: -gradient)
    return x


def winner_detached(logits: Tensor) -> Tensor:
    """The gradient leaves out the largest logit."""
    top = torch.zeros_like(logits, dtype=torch.bool).scatter(1, logits.argmax(1, keepdim=True), True)
    return torch.where(top, logits.detach(), logits)


def rescaled(network: nn.Module) -> nn.Module:
    """The right order of the classes, but a gradient of the factor that all their scores have in common."""

    class Rescaled(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, x: Tensor) -> Tensor:
            factor = 1 + 1000 * torch.sin(1e4 * x.flatten(1).sum(1, keepdim=True)).square()
            return self.network(x) * factor

    return Rescaled()


def rows_detached(x: Tensor) -> Tensor:
    """The gradient leaves out every second row of pixels."""
    odd = torch.arange(x.shape[-2], device=x.device).unsqueeze(1) % 2
    return x * odd + x.detach() * (1 - odd)


class Rolled(torch.autograd.Function):
    """The gradient of the pixel three columns away."""

    @staticmethod
    def forward(ctx, x):
        return x.clone()

    @staticmethod
    def backward(ctx, gradient):
        return gradient.roll(3, -1)


class Signed(torch.autograd.Function):
    """The signs of the gradient where it is negative."""

    @staticmethod
    def forward(ctx, x):
        return x.clone()

    @staticmethod
    def backward(ctx, gradient):
        return gradient.sign().clamp(max=0)


class Noisy(torch.autograd.Function):
    """The gradient under noise."""

    @staticmethod
    def forward(ctx, x):
        return x.clone()

    @staticmethod
    def backward(ctx, gradient):
        return gradient + 5 * gradient.abs().mean() * torch.randn_like(gradient)


def mirrored_for_gradients(network: nn.Module) -> nn.Module:
    """Another function wherever a gradient is asked for."""
    return Behind(network, lambda x: x.flip(-1) if torch.is_grad_enabled() else x)


def detector(logits: Tensor) -> Tensor:
    """Not a number where the network is not sure."""
    sure = logits.softmax(1).amax(1, keepdim=True) > 0.9
    return torch.where(sure, logits, torch.nan)


class Shuffled(nn.Module):
    """Predictions in the order of another batch."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        return self.network(x)[torch.randperm(len(x))]


class WithoutGradient(nn.Module):
    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    @torch.no_grad()
    def forward(self, x: Tensor) -> Tensor:
        return self.network(x)


class Vote(nn.Module):
    """Fractions of 12 noisy copies that the network puts into each class: unanimous on a clean image."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        copies = noisy(x.expand(12, *x.shape).flatten(0, 1))
        return one_hot(self.network(copies).argmax(1), 10).float().view(12, len(x), 10).mean(0)


class WinnersTakeAll(nn.Module):
    """Only the largest tenth of a layer's values pass (Xiao et al. 2020)."""

    def forward(self, h: Tensor) -> Tensor:
        flat = h.flatten(1)
        least = flat.topk(max(1, flat.shape[1] // 10), 1).values[:, -1:]
        return (flat * (flat >= least)).view(h.shape)


class Neighbour(nn.Module):
    """What the network says to the nearest of some images."""

    def __init__(self, network: nn.Module, images: Tensor) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("images", images)

    def forward(self, x: Tensor) -> Tensor:
        nearest = torch.cdist(x.flatten(1), self.images.flatten(1)).argmin(1)
        return self.network(self.images[nearest])


class NeedsTwo(nn.Module):
    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        if len(x) == 1:
            raise ValueError("Expected more than 1 value per channel")
        return self.network(x)


class BatchStatistics(nn.Module):
    """Images less the mean of the batch."""

    def forward(self, x: Tensor) -> Tensor:
        return (x - x.mean((0, 2, 3), keepdim=True)) / (x.std((0, 2, 3), keepdim=True) + 1e-3) * 0.3 + 0.15


def _hooked(network: nn.Module) -> nn.Module:
    model = nn.Sequential(nn.Identity(), network)
    model[1].register_full_backward_hook(lambda module, given, out: tuple(-each for each in given))
    return model


def _winners(network: nn.Module) -> nn.Module:
    return nn.Sequential(network.features, WinnersTakeAll(), network.head)


DEFENCES: dict[str, Defence] = {
    "undefended": lambda network: network,
    "logits × 1000": lambda network: Before(network, lambda logits: logits * 1000),
    "8 levels": lambda network: Behind(network, rounded),
    "thermometer": lambda network: Behind(network, thermometer),
    "noise": lambda network: Behind(network, noisy),
    "resizing": lambda network: Behind(network, resized),
    "detector": lambda network: Before(network, detector),
    "shuffled": Shuffled,
    "no_grad": WithoutGradient,
    "softmax": lambda network: Before(network, lambda logits: (logits * 100).softmax(1)),
    "false gradient": lambda network: nn.Sequential(Threshold(), network),
    "false gradient inside": lambda network: Behind(network, FalseGradient.apply),
    "batch statistics": lambda network: nn.Sequential(BatchStatistics(), network),
    "dropout": lambda network: Behind(network, lambda x: dropout(x, 0.2, training=True)),
    "dropout late": lambda network: nn.Sequential(
        network.features, Behind(network.head, lambda h: dropout(h, 0.5, True))
    ),
    "compressed": lambda network: Behind(network, compressed),
    "compression": lambda network: nn.Sequential(Compression(), network),
    "integers": lambda network: Behind(network, integers),
    "one-hot levels": lambda network: Behind(network, coded),
    "detached": lambda network: Behind(network, lambda x: x.detach()),
    "data": lambda network: Behind(network, lambda x: x.data * 1.0),
    "negated": lambda network: Behind(network, negated),
    "hooked": _hooked,
    "winners": _winners,
    "temperature": lambda network: Before(network, lambda logits: logits / 1e6),
    "needs two": NeedsTwo,
    "argmax": lambda network: Before(network, lambda logits: one_hot(logits.argmax(1), 10).float()),
    "majority vote": Vote,
    "clipped logits": lambda network: Before(network, lambda logits: logits.clamp(-1, 1)),
    "sigmoids": lambda network: Before(network, lambda logits: (logits * 20).sigmoid()),
    "rectified logits": lambda network: Before(network, lambda logits: logits.relu()),
    "tied logits": lambda network: Before(network, lambda logits: logits.minimum(logits.new_ones(()))),
    "inference mode": lambda network: Before(network, torch.inference_mode()(lambda logits: logits * 1.0)),
    "shattered": lambda network: Behind(network, lambda x: x + 0.02 * torch.sin(x * 500)),
    "sign hidden": lambda network: Before(network, lambda logits: logits.round()),
    "8 bits": lambda network: Behind(network, lambda x: (x * 255).round() / 255),
    "8 bits truncated": lambda network: Behind(network, lambda x: (x * 255).to(torch.uint8).float() / 255),
    "earlier": Earlier,
    "cache": CacheOfRounded,
    "cache in a function": remembering,
    "turns": Turns,
    "refusing": Refusing,
    "raising": lambda network: Refusing(network, raising=True),
    "adapting": Adapting,
    "late": Late,
    "drifting": Drifting,
    "running statistics": RunningStatistics,
    "own generator": OwnGenerator,
    "noise of 1e-3": lambda network: Behind(network, lambda x: x + 1e-3 * torch.randn_like(x)),
    "noise of 1e-6": lambda network: Behind(network, lambda x: x + 1e-6 * torch.randn_like(x)),
    "logits ± 1e-3": lambda network: Before(network, lambda logits: logits + 1e-3 * torch.randn_like(logits)),
    "logits ± 1e-6": lambda network: Before(network, lambda logits: logits + 1e-6 * torch.randn_like(logits)),
    "winner detached": lambda network: Before(network, winner_detached),
    "rows detached": lambda network: Behind(network, rows_detached),
    "rolled gradient": lambda network: Behind(network, Rolled.apply),
    "signs of the gradient": lambda network: Behind(network, Signed.apply),
    "noisy gradient": lambda network: Behind(network, Noisy.apply),
    "mirrored for gradients": mirrored_for_gradients,
    "rescaled": rescaled,
    **OUTSIDE,
    **PURIFYING,
    **COARSE,
    **JUMPING,
    **MULTIPLIED,
    **STEEP,
}
