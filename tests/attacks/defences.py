"""Models whose robustness is known: an undefended network behind things that only hide its gradient."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import dropout, interpolate, one_hot, pad

Defence = Callable[[nn.Module], nn.Module]


class Behind(nn.Module):
    """A network behind a function of the images."""

    def __init__(self, network: nn.Module, before: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.network, self.before = network, before

    def forward(self, x: Tensor) -> Tensor:
        return self.network(self.before(x))


class Before(nn.Module):
    """A network before a function of its logits."""

    def __init__(self, network: nn.Module, after: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.network, self.after = network, after

    def forward(self, x: Tensor) -> Tensor:
        return self.after(self.network(x))


def rounded(x: Tensor) -> Tensor:
    return (x * 7).round() / 7


def label_alone(logits: Tensor) -> Tensor:
    return torch.from_numpy(np.eye(logits.shape[1], dtype=np.float32)[logits.detach().numpy().argmax(1)])


def top_label(logits: Tensor) -> Tensor:
    return torch.zeros_like(logits).scatter(1, logits.argmax(1, keepdim=True), 1.0)


def confidence_in_tenths(logits: Tensor) -> Tensor:
    return torch.from_numpy(logits.softmax(1).detach().numpy().round(1))


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


def top(logits: Tensor) -> Tensor:
    """(n, classes) True for the largest logit of each image."""
    return torch.zeros_like(logits, dtype=torch.bool).scatter(1, logits.argmax(1, keepdim=True), True)


def constant_winner(logits: Tensor) -> Tensor:
    """The true gradient of the others, but a margin that stays where it is up to the decision boundary."""
    return torch.where(top(logits), 5.0, (1e-4 * logits).tanh())


def reversed_losers(logits: Tensor) -> Tensor:
    """The true gradient of scores that rise as the logits fall."""
    return torch.where(top(logits), 5.0, -(1e-2 * logits).tanh())


def losers_in_proportion(logits: Tensor) -> Tensor:
    return torch.where(top(logits), 1.0, 1e-3 * logits.masked_fill(top(logits), -1e9).softmax(1))


def ranks_and_slope(logits: Tensor) -> Tensor:
    return logits.argsort(1).argsort(1).float() + 1e-4 * logits.tanh()


def constant_losers(logits: Tensor) -> Tensor:
    return torch.where(top(logits), 5 + 1e-4 * logits.tanh(), 0.0)


def margin_divided_out(logits: Tensor) -> Tensor:
    """Scores relative to the margin, which is one everywhere."""
    return (logits - logits.amax(1, keepdim=True)) / _lead(logits).clamp(min=1e-12)


def moat(logits: Tensor) -> Tensor:
    """A margin that rises up to close before the decision boundary, with its true gradient, and falls to zero there."""
    return (logits - logits.amax(1, keepdim=True)) / (_lead(logits).square() + 0.09)


def _lead(logits: Tensor) -> Tensor:
    first, second = logits.topk(2, 1).values.split(1, 1)
    return first - second


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


class CacheOfRounded(nn.Module):
    """The network's answer to the first of all images that are rounded to the same one."""

    def __init__(self, network: nn.Module, levels: int = 2) -> None:
        super().__init__()
        self.network, self.levels, self.answers = network, levels, {}

    def forward(self, x: Tensor) -> Tensor:
        logits = self.network(x)
        keys = [(each * self.levels).round().to(torch.uint8).numpy().tobytes() for each in x.detach()]
        return (
            torch.stack([self.answers.setdefault(key, row.detach()) for key, row in zip(keys, logits, strict=True)])
            + 0 * logits
        )


class Earlier(nn.Module):
    """The network's answer to the first image that was as near as this (Chen et al. 2020 detect attacks so)."""

    def __init__(self, network: nn.Module, near: float = 0.25) -> None:
        super().__init__()
        self.network, self.near, self.images, self.answers = network, near, [], []

    def forward(self, x: Tensor) -> Tensor:
        logits = self.network(x)
        return torch.stack([self.answer(*each) for each in zip(x, logits, strict=True)])

    def answer(self, image: Tensor, logits: Tensor) -> Tensor:
        if self.images:
            far = (torch.stack(self.images) - image.detach()).flatten(1).abs().amax(1)
            nearest = int(far.argmin())
            if far[nearest] <= self.near:
                return self.answers[nearest]
        self.images.append(image.detach().clone())
        self.answers.append(logits.detach())
        return logits


class Turns(nn.Module):
    """Every second call sees the images upside down."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network, self.calls = network, 0

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        return self.network(x if self.calls % 2 else x.flip(-1))


class Refusing(nn.Module):
    """After so many images the first answer for ever, or an error."""

    def __init__(self, network: nn.Module, most: int = 200, raising: bool = False) -> None:
        super().__init__()
        self.network, self.most, self.raising, self.seen, self.first = network, most, raising, 0, {}

    def forward(self, x: Tensor) -> Tensor:
        self.seen += len(x)
        if self.seen > self.most:
            if self.raising:
                raise RuntimeError("too many queries")
            return self.first[0].expand(len(x), -1) + 0 * x.flatten(1).sum(1, keepdim=True)
        logits = self.network(x)
        self.first.setdefault(0, logits[:1].detach())
        return logits


class Adapting(nn.Module):
    """Images less the running mean of all that it was shown, kept outside of any buffer."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network, self.mean = network, None

    def forward(self, x: Tensor) -> Tensor:
        old = self.mean
        mean = x.detach().mean(0)
        self.mean = mean if old is None else 0.9 * old + 0.1 * mean
        return self.network(x if old is None else x - 0.5 * old)


class Late(nn.Module):
    """The answer to the call before, where that was of as many images."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network, self.before = network, None

    def forward(self, x: Tensor) -> Tensor:
        now, self.before = self.before, self.network(x)
        late = now if now is not None and len(now) == len(x) else self.before
        return late.detach() + 0 * self.before


class Drifting(nn.Module):
    """Every call changes the weights."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        logits = self.network(x)
        with torch.no_grad():
            for each in self.network.parameters():
                each.mul_(0.8).add_(0.05 * each.flip(0))
        return logits


class RunningStatistics(nn.Module):
    """Normalised by running statistics that every call updates, in evaluation mode, too."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("mean", torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        logits = self.network(x - self.mean)
        self.mean.mul_(0.5).add_(0.5 * x.detach().mean())
        return logits


class InTraining(nn.Module):
    """Noise in training mode only."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        return self.network(x + 0.3 * torch.randn_like(x) if self.training else x)


class OwnGenerator(nn.Module):
    """Noise from a generator that the model holds."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network, self.generator = network, torch.Generator().manual_seed(0)

    def forward(self, x: Tensor) -> Tensor:
        return self.network(x + 0.1 * torch.randn(x.shape, generator=self.generator))


def remembering(network: nn.Module) -> nn.Module:
    """A cache in a variable of a function."""
    answers: dict[bytes, Tensor] = {}

    def after(x: Tensor) -> Tensor:
        keys = [(each * 2).round().to(torch.uint8).numpy().tobytes() for each in x.detach()]
        rows = zip(keys, network(x), strict=True)
        return torch.stack([answers.setdefault(key, row.detach()) for key, row in rows]) + 0 * x.sum()

    return Before(nn.Identity(), after)


def _hooked(network: nn.Module) -> nn.Module:
    model = nn.Sequential(nn.Identity(), network)
    model[1].register_full_backward_hook(lambda module, given, out: tuple(-each for each in given))
    return model


def _winners(network: nn.Module) -> nn.Module:
    return nn.Sequential(network.features, WinnersTakeAll(), network.head)


COARSE: dict[str, Defence] = {
    "label alone": lambda network: Before(network, label_alone),
    "top label": lambda network: Before(network, top_label),
    "confidence in tenths": lambda network: Before(network, confidence_in_tenths),
    "ranks": lambda network: Before(network, lambda logits: logits.argsort(1).argsort(1).float()),
    "ranks by sorting": lambda network: Before(network, lambda logits: logits.sort(1).indices.argsort(1).float()),
    "overflowing softmax": lambda network: Before(network, lambda logits: (logits * 100).softmax(1).log()),
}
"""Defences whose scores say hardly more than the label."""

JUMPING: dict[str, Defence] = {
    "constant winner": lambda network: Before(network, constant_winner),
    "reversed losers": lambda network: Before(network, reversed_losers),
    "losers in proportion": lambda network: Before(network, losers_in_proportion),
    "constant losers": lambda network: Before(network, constant_losers),
    "ranks and slope": lambda network: Before(network, ranks_and_slope),
    "margin divided out": lambda network: Before(network, margin_divided_out),
    "moat": lambda network: Before(network, moat),
}
"""Defences whose margin jumps at the decision boundary, or is the largest close to it, with the true gradient of what
they return."""

STEEP: dict[str, Defence] = {
    "exponentials": lambda network: Before(network, lambda logits: 1e-10 * logits.exp()),
    "exponentials of twice": lambda network: Before(network, lambda logits: 1e-15 * (2 * logits).exp()),
    "powers": lambda network: Before(network, lambda logits: 1e-9 * logits.pow(9)),
}
"""Defences whose margin falls with the score of the own class long before another's rises."""

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
    **COARSE,
    **JUMPING,
    **STEEP,
}
