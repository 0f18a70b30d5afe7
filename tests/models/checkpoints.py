"""A small model, its state dict, and what a test says of a file of weights."""

from pathlib import Path

import pytest
import torch
from torch import nn

from lab.errors import ModelError
from lab.models import load_weights


class Net(nn.Module):
    """A convolution, batch normalisation and a linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 3)
        self.bn = nn.BatchNorm2d(2)
        self.fc = nn.Linear(2, 3)


def net(seed: int = 1) -> Net:
    torch.manual_seed(seed)
    found = Net()
    found.bn.running_mean.normal_()
    return found


def state(seed: int = 1) -> dict[str, torch.Tensor]:
    return dict(net(seed).state_dict())


def begun(beginning: str, of: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {beginning + name: value for name, value in of.items()}


def without_counters(of: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name: value for name, value in of.items() if "num_batches" not in name}


def same(model: nn.Module, seed: int = 1) -> bool:
    return all(
        torch.allclose(a.float(), b.float(), atol=2e-3)
        for a, b in zip(model.state_dict().values(), net(seed).state_dict().values(), strict=True)
    )


SD = state()


def changed(**values: torch.Tensor) -> dict[str, torch.Tensor]:
    return SD | {name.replace("__", "."): value for name, value in values.items()}


def refusal(path: Path) -> str:
    model = net(2)
    with pytest.raises(ModelError) as found:
        load_weights(model, path)
    text = str(found.value)
    assert text.startswith(str(path)) or "There is no file" in text
    assert text.endswith(".")
    assert "\n" not in text
    assert len(text) - len(str(path)) <= 280
    assert same(model, 2), "a model is left as it was"
    return text
