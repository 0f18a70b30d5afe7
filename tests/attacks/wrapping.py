"""Models that are a network behind a function of its images or before one of its logits."""

from collections.abc import Callable

from torch import Tensor, nn

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
