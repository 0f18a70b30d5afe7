"""A small convolutional model, an attack on it and its threat model."""

import torch
from torch import nn

from lab.specs import PGD, Linf

BALL, SPEC = Linf(0.1), PGD(steps=3, step_size=0.05)


def net(classes=4):
    generator = torch.Generator().manual_seed(0)
    made = nn.Sequential(nn.Conv2d(1, 3, 3), nn.ReLU(), nn.Flatten(), nn.Linear(3 * 36, classes))
    for each in made.parameters():
        each.data = torch.randn(each.shape, generator=generator) * 0.3
    return made.eval()
