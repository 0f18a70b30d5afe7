"""The rules of the initial weights, against the moments that their papers and codes state."""

import math

import pytest
import torch
from torch import nn

from lab.models import build
from lab.models.initial import RULES
from lab.specs import ResNet, SmallCNN, fgsm_training
from lab.specs.initial import GLOROT, HE, INITIAL, OWN, TRUNCATED
from lab.training.prepared import begins_alike

OUT, IN = 400, 300


def drawn(rule: str) -> nn.Linear:
    layer = nn.Linear(IN, OUT)
    RULES[rule](layer, torch.Generator().manual_seed(0))
    return layer


def test_every_name_has_a_rule():
    assert set(INITIAL) == {OWN, *RULES}


@pytest.mark.parametrize(
    ("rule", "deviation", "largest", "bias"),
    [
        (GLOROT, math.sqrt(2 / (IN + OUT)), math.sqrt(6 / (IN + OUT)), 0.0),
        (HE, math.sqrt(2 / IN), 2 * math.sqrt(2 / IN) / 0.8796, 0.0),
        (TRUNCATED, 0.08796, 0.2, 0.1),
    ],
)
def test_a_rule_has_the_spread_and_biases_that_its_code_has(rule, deviation, largest, bias):
    layer = drawn(rule)
    assert layer.weight.std().item() == pytest.approx(deviation, rel=0.01)
    assert layer.weight.mean().item() == pytest.approx(0, abs=deviation / 50)
    assert largest * 0.98 < layer.weight.abs().max().item() <= largest * 1.0001
    assert torch.equal(layer.bias, torch.full((OUT,), bias))


@pytest.mark.parametrize("architecture", [SmallCNN(4), ResNet()], ids=lambda each: type(each).__name__)
def test_the_rule_holds_for_all_convolutions_and_linear_layers_and_depends_on_the_seed_alone(architecture):
    def network(seed: int, rule: str) -> dict[str, torch.Tensor]:
        return build(architecture, generator=torch.Generator().manual_seed(seed), initial=rule).state_dict()

    one, again, other = network(1, GLOROT), network(1, GLOROT), network(1, OWN)
    assert all(torch.equal(one[name], again[name]) for name in one)
    for name, module in build(architecture).named_modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            assert not torch.equal(one[f"{name}.weight"], other[f"{name}.weight"])


def test_models_of_different_rules_do_not_begin_alike():
    assert begins_alike(fgsm_training(initial=OWN), "standard")
    assert not begins_alike(fgsm_training(initial=GLOROT), "standard")
