"""Dropout whose draws can be repeated: it takes them from a generator of its own instead of the global one."""

import torch
from torch import Tensor, nn
from torch.nn.functional import dropout


class Dropout(nn.Dropout):
    """Each value is dropped with probability p in training, the others grow by 1 / (1 - p); nothing in evaluation.

    Srivastava et al. 2014. ``generator`` is where the draws come from, on any device; None: PyTorch's global one.
    """

    generator: torch.Generator | None = None

    def forward(self, x: Tensor) -> Tensor:
        """The values x, of any shape, with some of them dropped."""
        if not self.training or not self.p or self.generator is None:
            return dropout(x, self.p, self.training)
        drawn = torch.rand(x.shape, generator=self.generator, device=self.generator.device)
        keep = (drawn >= self.p).to(x.device)
        return x * keep / (1 - self.p) if self.p < 1 else x * keep


def set_generator(network: nn.Module, generator: torch.Generator | None) -> None:
    """Let every dropout in a network draw from one generator, in the order in which they run.

    With the generator's state in a checkpoint (``get_state``, ``set_state``) training goes on bit for bit.
    """
    for module in network.modules():
        if isinstance(module, Dropout):
            module.generator = generator
