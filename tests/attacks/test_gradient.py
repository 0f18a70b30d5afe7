"""The gradient with respect to the images, of models that give it in unusual ways."""

import copy

import pytest
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from lab.attacks.evaluation import evaluate
from lab.attacks.gradient import input_gradient
from lab.attacks.traits import slopes
from lab.data import load as load_data
from lab.models import load as load_model
from lab.results.evaluation_verdict import verdict
from lab.specs import CrossEntropy, Digits, Linf, Trained


class Checkpointed(nn.Module):
    """A network that computes its activations anew on the way back."""

    def __init__(self, network: nn.Module, reentrant: bool) -> None:
        super().__init__()
        self.network, self.reentrant = network, reentrant

    def forward(self, x):
        return checkpoint(self.network, x, use_reentrant=self.reentrant)


@pytest.mark.parametrize("frozen", [True, False])
@pytest.mark.parametrize("reentrant", [True, False])
def test_a_checkpointed_model_has_its_network_s_gradient(reentrant, frozen):
    test = load_data(Digits()).test
    x, y = test.images(range(6)), test.labels(range(6))
    network = copy.deepcopy(load_model(Trained("standard"))).requires_grad_(not frozen)
    model = Checkpointed(network, reentrant)
    gradient, _ = input_gradient(model, x, y, CrossEntropy())
    torch.testing.assert_close(gradient, input_gradient(network, x, y, CrossEntropy())[0])
    assert slopes(model, x, y).usable == 1
    assert all(each.grad is None for each in network.parameters())


def test_a_checkpointed_model_is_evaluated_as_its_network_is():
    test = load_data(Digits()).test
    x, y = test.images(range(40)), test.labels(range(40))
    network = load_model(Trained("standard"))
    found, truth = (evaluate(each, x, y, Linf(0.05)) for each in (Checkpointed(network, True), network))
    assert (found.robust_accuracy, verdict(found).kind) == (truth.robust_accuracy, verdict(truth).kind)
