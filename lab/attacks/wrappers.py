"""A model as an adaptive attack has to see it: in expectation over its randomness, or one image at a time."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from lab.models.adapter import Adapted, adapted, name_of, named

_INSIDE = 1e-6  # of a pixel
_EQUAL = 1e-12  # deviation of logits, relative to the largest, below which all count as equal


class Averaged(nn.Module):
    """The mean logits of several passes of a randomised model: EOT, Athalye et al. 2018, §4.2."""

    def __init__(self, model: nn.Module, passes: int) -> None:
        super().__init__()
        self.model, self.passes = adapted(model), passes

    def forward(self, x: Tensor) -> Tensor:
        """(n, classes) mean logits of (n, …) images."""
        return torch.stack([self.model(x) for _ in range(self.passes)]).mean(0)


class OneByOne(nn.Module):
    """Every image alone, for a model whose predictions depend on the rest of the batch."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = adapted(model)

    def forward(self, x: Tensor) -> Tensor:
        """(n, classes) logits of (n, …) images."""
        return torch.cat([self.model(each) for each in x.split(1)])


class Standardised(nn.Module):
    """Logits less their mean, divided by their deviation: no positive factor of all of them changes these.

    Predictions stay the same, but for ties by rounding. Equal logits are zeros, and logits that are not finite stay as
    they are.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = adapted(model)

    def forward(self, x: Tensor) -> Tensor:
        """(n, classes) standardised logits of (n, …) images."""
        logits = self.model(x)
        # in float64, and at first to a size of one, so that neither large logits overflow nor small ones vanish
        scaled = logits.double()
        scaled = scaled / scaled.detach().abs().amax(1, keepdim=True).clamp(min=torch.finfo(logits.dtype).tiny)
        rest = scaled - scaled.mean(1, keepdim=True)
        deviation = rest.square().mean(1, keepdim=True).clamp(min=_EQUAL**2).sqrt()
        standard = torch.where(logits.isfinite().all(1, keepdim=True), rest / deviation, logits.double())
        return standard.to(logits.dtype)


class Inside(nn.Module):
    """The model with its gradient a little inside [0, 1]: at 0 and 1 themselves a clamp may let none pass."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = adapted(model)

    def forward(self, x: Tensor) -> Tensor:
        """(n, classes) logits of (n, …) images, exactly at these where no gradient is asked for."""
        if not x.requires_grad:
            unchanged: Tensor = self.model(x)
            return unchanged
        given = x.detach()
        logits: Tensor = self.model(x + (given.clamp(_INSIDE, 1 - _INSIDE) - given))
        return logits


class ZeroGradient(nn.Module):
    """A model without a usable way back to its input, with a gradient that is zero everywhere instead.

    Gradient attacks then stay where they start instead of raising, so that others can be compared with them.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = adapted(model)

    def forward(self, x: Tensor) -> Tensor:
        """(n, classes) logits of (n, …) images."""
        with torch.no_grad():
            logits = self.model(x)
        return logits + 0 * x.flatten(1).sum(1, keepdim=True)


def averaged(model: nn.Module, passes: int) -> Adapted:
    """The model in expectation over its randomness, under its own name."""
    return adapted(named(Averaged(model, passes), name_of(model)))


def one_by_one(model: nn.Module) -> Adapted:
    """The model that sees every image alone, under its own name."""
    return adapted(named(OneByOne(model), name_of(model)))


def standardised(model: nn.Module) -> Adapted:
    """The model with standardised logits, under its own name."""
    return adapted(named(Standardised(model), name_of(model)))


def inside(model: nn.Module) -> Adapted:
    """The model with its gradient a little inside [0, 1], under its own name."""
    return adapted(named(Inside(model), name_of(model)))


def zero_gradient(model: nn.Module) -> Adapted:
    """The model with a gradient that is zero everywhere, under its own name."""
    return adapted(named(ZeroGradient(model), name_of(model)))


class Passes:
    """Counts forward and backward passes of single images; ``saved``, seconds of those that need not be made again."""

    def __init__(self) -> None:
        self.count, self.saved, self._lock = 0, 0.0, threading.Lock()

    def add(self, count: int, saved: float = 0.0) -> None:
        """Count so many more."""
        with self._lock:
            self.count += count
            self.saved += saved

    def __call__(self, _: nn.Module, __: tuple[Tensor, ...], logits: Tensor) -> None:
        self.add(len(logits) * (2 if logits.requires_grad else 1))


@contextmanager
def counting(model: nn.Module) -> Iterator[Passes]:
    """Count the passes through a model meanwhile."""
    passes = Passes()
    handle = model.register_forward_hook(passes)
    try:
        yield passes
    finally:
        handle.remove()
