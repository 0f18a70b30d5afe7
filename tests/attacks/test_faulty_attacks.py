"""What the author of an attack gets wrong is said in a sentence that blames the attack and not the model."""

import pytest
import torch
from torch.nn.functional import cross_entropy

from lab.attacks.batches import in_batches
from lab.attacks.gradient import pulled_back
from lab.context import Context
from lab.errors import AttackError
from lab.specs import Linf
from tests.attacks.conftest import images, network


@pytest.mark.parametrize("reduction", ["none", "mean"])
def test_a_loss_in_the_place_of_its_gradient_is_named(reduction):
    x, y = images(3), torch.arange(3)
    with pytest.raises(AttackError, match=r"has the logits' shape \(3, \d+\), not .*: give pulled_back the gradient"):
        pulled_back(network(), x, lambda logits: cross_entropy(logits, y, reduction=reduction))


@pytest.mark.parametrize(
    ("returned", "words"),
    [
        (lambda x: None, "returned NoneType for"),
        (lambda x: x[:1], r"returned a tensor of shape \(1, "),
        (lambda x: x.flatten(1), r"returned a tensor of shape \(3, \d+\) for"),
    ],
    ids=["nothing", "one image", "rows"],
)
def test_an_attack_that_does_not_return_an_image_for_each_is_named(returned, words):
    x, y = images(3), torch.arange(3)
    with pytest.raises(AttackError, match=f"{words}.* return one adversarial image for each"):
        in_batches(lambda model, x, *_: returned(x), network(), x, y, Linf(0.1), Context())
