"""Worst case of several attacks: of one it is that one, of several it is the union of what falls."""

import pytest
import torch
from torch import nn

from lab.attacks import attack, judge, maximise
from lab.attacks.objectives import cross_entropy
from lab.context import Context
from lab.errors import SpecError
from lab.specs import FGSM, L2, PGD, Linf, RandomSign, StepLL, StepRnd, WorstCase
from lab.specs.spec import parse_field
from tests.attacks.conftest import images

ATTACKS = (StepLL(), FGSM(), PGD(steps=4, step_size=0.01, restarts=2), RandomSign())


@pytest.mark.parametrize("each", ATTACKS)
@pytest.mark.parametrize("ball", [Linf(0.03), L2(0.3)])
def test_of_one_attack_it_is_that_attack(model, x, y, each, ball):
    found = maximise(WorstCase((each,)), model, x, y, ball, Context(seed=3))
    assert torch.equal(found, maximise(each, model, x, y, ball, Context(seed=3)))
    y = model(x).argmax(1)  # a misclassified image is finished at once, and FGSM would move it all the same
    found = attack(WorstCase((each,)), model, x, y, ball, Context(seed=3))
    assert torch.equal(found, attack(each, model, x, y, ball, Context(seed=3)))


def test_the_largest_loss_of_all_is_found(model, x, y):
    weak, ball = (StepLL(), StepRnd(), RandomSign()), Linf(0.1)
    worst = cross_entropy(model(maximise(WorstCase(weak), model, x, y, ball)), y)
    each = torch.stack([cross_entropy(model(maximise(spec, model, x, y, ball)), y) for spec in weak])
    assert torch.equal(worst, each.amax(0))
    assert len(each.argmax(0).unique()) > 1


def test_an_image_falls_when_any_attack_fells_it(model):
    x, ball = images(200), Linf(0.01)
    with torch.no_grad():
        y = model(x).argmax(1)
    worst = judge(x, y, attack(WorstCase(ATTACKS), model, x, y, ball), model, ball).robust
    each = [judge(x, y, attack(spec, model, x, y, ball), model, ball).robust for spec in ATTACKS]
    union = torch.tensor([robust.tolist() for robust in each]).all(0)
    assert worst.tolist() == union.tolist()
    assert 0 < worst.sum() < min(robust.sum() for robust in each) + 1


def test_fallen_images_are_not_attacked_again(model, x, y):
    asked = []

    class Counting(nn.Module):
        def forward(self, pixels):
            asked.append(len(pixels))
            return model(pixels)

    y = model(x).argmax(1)
    after_one = judge(x, y, attack(FGSM(), model, x, y, Linf(0.05)), model, Linf(0.05)).robust.sum()
    attack(WorstCase((FGSM(), StepLL())), Counting(), x, y, Linf(0.05))
    assert 0 < after_one < 12
    assert asked == [2, 12, 12, 12, after_one, after_one]


def test_what_an_image_draws_does_not_depend_on_who_else_stands(model):
    x, ball = images(200), Linf(0.01)
    with torch.no_grad():
        y = model(x).argmax(1)
    noise = attack(RandomSign(), model, x, y, ball)
    found = attack(WorstCase((FGSM(), RandomSign())), model, x, y, ball)
    fell = model(attack(FGSM(), model, x, y, ball)).argmax(1) != y
    assert 0 < fell.sum() < 200
    late = ~fell & (model(noise).argmax(1) != y)
    assert torch.equal(found[late], noise[late])
    nested = attack(WorstCase((FGSM(), WorstCase((StepLL(), RandomSign())))), model, x, y, ball)
    assert ((model(nested).argmax(1) == y) <= (model(noise).argmax(1) == y)).all()


@pytest.mark.parametrize(
    ("typed", "attacks"),
    [
        ("FGSM, pgd", (FGSM(), PGD())),
        ('[{"spec": "PGD", "steps": 3}, {"spec": "FGSM"}]', (PGD(steps=3), FGSM())),
    ],
)
def test_its_attacks_can_be_typed(typed, attacks):
    assert parse_field(WorstCase, "attacks", typed) == attacks
    with pytest.raises(SpecError, match="no attack called 'FSGM'"):
        parse_field(WorstCase, "attacks", "PGD,FSGM")


def test_it_needs_an_attack():
    with pytest.raises(SpecError, match="at least one"):
        WorstCase(())
