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


class InTrainingMode(nn.Module):
    """A model that stays in training mode whatever is asked of it, so that attacks meet its dropout.

    Each pass draws its masks anew, from ``seed`` and the number of the pass alone; the generators that the model's
    dropout had are there again afterwards. Batch normalisation takes each batch's own statistics; whoever freezes the
    model gives it its running statistics back (:func:`lab.attacks.gradient.frozen`).
    """

    def __init__(self, model: nn.Module, seed: int) -> None:
        super().__init__()
        self.model, self.seed, self.passes = model, seed, 0
        self.harmless = bool(getattr(model, "harmless", False))

    def train(self, mode: bool = True) -> "InTrainingMode":  # noqa: ARG002 (whatever is asked)
        """Training mode, also where evaluation is asked for."""
        return super().train(True)

    def forward(self, x: Tensor) -> object:
        """What the model returns for the images, with masks of this pass."""
        layers = [each for each in self.model.modules() if isinstance(each, Dropout)]
        before = [each.generator for each in layers]
        set_generator(self.model, torch.Generator(x.device).manual_seed((self.seed + self.passes) % 2**63))
        self.passes += 1
        try:
            return self.model(x)
        finally:
            for layer, generator in zip(layers, before, strict=True):
                layer.generator = generator
