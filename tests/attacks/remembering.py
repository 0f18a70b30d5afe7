"""Models whose logits depend on what they were shown before."""

import torch
from torch import Tensor, nn

from tests.attacks.wrapping import Before


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
