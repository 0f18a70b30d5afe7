"""Every sort of module of PyTorch says the same of itself when it is built the same way."""

import pytest
import torch
from torch import nn

from lab.models.identity import parts_of


def spectral():
    return nn.utils.parametrizations.spectral_norm(nn.Linear(3, 3))


def scripted():
    return torch.jit.script(nn.Sequential(nn.Linear(3, 3), nn.ReLU()))


def frozen():
    return torch.jit.freeze(torch.jit.script(nn.Linear(3, 3).eval()))


def compiled():
    return torch.compile(nn.Linear(3, 3))


def parallel():
    return nn.DataParallel(nn.Linear(3, 3))


def traced():
    return torch.fx.symbolic_trace(nn.Linear(3, 3))


def lazy():
    return nn.Sequential(nn.LazyLinear(3), nn.Linear(3, 3))


def bfloat16():
    return nn.Linear(3, 3).bfloat16()


def hooked():
    model, scale = nn.Linear(3, 3), torch.rand(1)
    model.register_forward_hook(lambda _, __, out: scale * out)
    return model


def knowing_its_parent():
    model = nn.Sequential(nn.Linear(3, 3))
    model[0].__dict__["parent"] = [model]
    return model


@pytest.mark.parametrize(
    "build",
    [spectral, scripted, frozen, compiled, parallel, traced, lazy, bfloat16, hooked, knowing_its_parent],
    ids=lambda build: build.__name__,
)
@pytest.mark.filterwarnings("ignore")  # TorchScript is being given up
def test_every_sort_of_module_is_the_same_when_built_the_same_way(build):
    def seeded(seed):
        torch.manual_seed(seed)
        return parts_of(build())

    assert seeded(0) == seeded(0)
    assert seeded(0) != seeded(1)
