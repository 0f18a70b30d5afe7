"""Ensembles: averages without underflow, and attacks that never ask the model they are for."""

import pytest
import torch
from torch import nn

from lab import models as lab_models
from lab.attacks import attack, judge, maximise
from lab.attacks.ensemble import average
from lab.attacks.gradient import input_gradient
from lab.context import Context
from lab.errors import AttackError, SpecError
from lab.specs import FGSM, L2, PGD, CrossEntropy, Linf, Trained, from_json, to_json
from lab.specs.carlini_wagner import CarliniWagnerLinf
from lab.specs.ensemble import EnsembleAttack
from tests.attacks.conftest import images, network

BALLS = [Linf(0.1), L2(0.7)]
ONE, TWO = (Trained("standard"),), (Trained("standard"), Trained("standard-b"))


class Silent(nn.Module):
    """A target that may be asked for its shape once, and never for a gradient."""

    def forward(self, pixels):
        assert not pixels.requires_grad
        return torch.zeros(len(pixels), 10, dtype=pixels.dtype)


@pytest.fixture
def three():
    return [network(seed=seed) for seed in (0, 1, 2)]


@pytest.fixture
def digits():
    x = images(6, side=28).float()
    return x, lab_models.load(Trained("standard"))(x).argmax(1)


def test_average_of_probabilities_and_of_logits(three, x):
    logits = torch.stack([net(x) for net in three])
    assert torch.allclose(average(three)(x).exp(), logits.softmax(2).mean(0))
    assert torch.allclose(average(three)(x).softmax(1), logits.softmax(2).mean(0))
    assert torch.equal(average(three, of="logits")(x), logits.mean(0))


@pytest.mark.parametrize("of", ["probabilities", "logits"])
def test_average_of_equal_models_is_that_model(three, x, of):
    logits = average([three[0]] * 3, of)(x)
    assert torch.allclose(logits.softmax(1), three[0](x).softmax(1))
    assert average(three[:1], of) is three[0]


def test_sure_members_do_not_blind_the_attack(three, x):
    """The mean of the probabilities is exactly one at the label here; its log's direction is that of the least sure."""

    class Sure(nn.Module):
        def __init__(self, model, scale):
            super().__init__()
            self.model, self.scale = model, scale

        def forward(self, pixels):
            return self.model(pixels) * self.scale

    y = three[0](x).argmax(1)
    sure = average([Sure(three[0], 1e5), Sure(three[0], 1e4)])
    margins = three[0](x).topk(2).values
    certain = (margins[:, 0] - margins[:, 1]) > 0.2  # far enough for both members to be saturated
    assert certain.any()
    gradient, logits = input_gradient(sure, x, y, CrossEntropy())
    assert (logits.exp().amax(1)[certain] == 1).all()
    expected, _ = input_gradient(Sure(three[0], 1e4), x, y, CrossEntropy())
    cosine = nn.functional.cosine_similarity(gradient.flatten(1), expected.flatten(1))
    assert torch.allclose(cosine[certain], torch.ones_like(cosine[certain]))


def test_refuses_no_models_and_another_average(three):
    with pytest.raises(AttackError, match="at least one model"):
        average([])
    with pytest.raises(AttackError, match="probabilities or logits"):
        average(three, "votes")
    with pytest.raises(SpecError, match="at least one model"):
        EnsembleAttack(models=())


@pytest.mark.slow
@pytest.mark.parametrize("method", [FGSM(), PGD(steps=4, restarts=2), CarliniWagnerLinf(steps=5)])
@pytest.mark.parametrize("ball", BALLS)
def test_an_ensemble_of_one_is_that_one(digits, method, ball):
    x, y = digits
    spec = EnsembleAttack(method, ONE)
    own = maximise(method, lab_models.load(ONE[0]), x, y, ball, Context(seed=4))
    assert torch.equal(attack(spec, Silent(), x, y, ball, Context(seed=4)), own)


@pytest.mark.parametrize("of", ["probabilities", "logits"])
@pytest.mark.parametrize("ball", BALLS)
def test_images_are_made_on_the_average(digits, ball, of):
    x, y = digits
    method = PGD(steps=4)
    expected = maximise(method, average([lab_models.load(each) for each in TWO], of), x, y, ball, Context(seed=4))
    x_adv = attack(EnsembleAttack(method, TWO, of), Silent(), x, y, ball, Context(seed=4))
    assert torch.equal(x_adv, expected)
    target = lab_models.load(Trained("standard"))
    assert judge(x, y, x_adv, target, ball).robust_accuracy < 1


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("ball", [Linf(0.0), L2(0.0)])
def test_eps_zero_gives_the_image_back(digits, ball, dtype):
    x, y = digits
    x = x.to(dtype)
    assert torch.equal(attack(EnsembleAttack(PGD(steps=2)), Silent(), x, y, ball), x)
    assert attack(EnsembleAttack(), Silent(), x[:0], y[:0], ball).shape == (0, 1, 28, 28)


@pytest.mark.parametrize("ball", BALLS)
def test_one_image_is_attacked_like_many(digits, ball):
    x, y = digits
    spec = EnsembleAttack(PGD(steps=3))
    alone = attack(spec, Silent(), x[:1], y[:1], ball)
    assert torch.allclose(alone, attack(spec, Silent(), x, y, ball)[:1], atol=1e-6)
    assert not torch.equal(alone, x[:1])


def test_double_precision_images_come_back_as_such(digits):
    x, y = digits
    x_adv = attack(EnsembleAttack(PGD(steps=3)), Silent(), x.double(), y, Linf(0.1))
    assert x_adv.dtype == torch.float64
    assert (x_adv - x).abs().max() <= 0.1 + 1e-12


def test_models_that_cannot_read_the_images_are_refused(x, y):
    with pytest.raises(AttackError, match="trained on these data"):
        attack(EnsembleAttack(), network(), x, y, Linf(0.1))


def test_members_are_left_as_they_were(digits):
    x, y = digits
    member = lab_models.load(TWO[1])
    attack(EnsembleAttack(PGD(steps=2)), Silent(), x, y, Linf(0.1))
    assert lab_models.load(TWO[1]) is member
    assert not member.training
    assert all(parameter.grad is None for parameter in member.parameters())


def test_spec_survives_json():
    spec = EnsembleAttack(FGSM(), TWO, "logits")
    assert from_json(to_json(spec)) == spec
