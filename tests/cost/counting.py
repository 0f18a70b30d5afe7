"""Models that count the images they are shown: one that nothing fools, so that attacks go to their end, and others."""

import threading

import torch
from torch import Tensor, nn

CLASSES = 3


class Counting(nn.Module):
    """Logits from the images' mean colours; ``sure`` of the first class by so much."""

    seen = 0
    lock = threading.Lock()

    def __init__(self, sure: float) -> None:
        super().__init__()
        self.flat = nn.Flatten()
        self.head = nn.Linear(64, CLASSES)
        self.sure = sure
        with torch.no_grad():
            self.head.weight.copy_(torch.randn(CLASSES, 64, generator=torch.Generator().manual_seed(int(sure))) / 8)
            self.head.bias.zero_()

    def forward(self, x: Tensor) -> Tensor:
        with Counting.lock:
            Counting.seen += len(x)
        return self.head(self.flat(x)) + torch.tensor([self.sure, 0.0, 0.0])


def unfooled() -> nn.Module:
    return Counting(100.0)


def another() -> nn.Module:
    return Counting(99.0)


def fooled() -> nn.Module:
    return Counting(0.0)


def counted(do) -> int:
    """The images shown to all of them while something is done."""
    before = Counting.seen
    do()
    return Counting.seen - before
