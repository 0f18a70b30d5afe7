"""Attacks that go on from given points, and the images near the decision boundary on which a stage goes."""

import pytest
import torch
from torch import nn

from lab.attacks import rounds
from lab.attacks.attack import attack, attack_from
from lab.attacks.ball import distance
from lab.attacks.evaluation import evaluate
from lab.attacks.standing import Standing
from lab.data import load as load_data
from lab.errors import AttackError
from lab.models import load as load_model
from lab.specs import APGD, L2, PGD, Digits, Linf, Square, Trained
from lab.specs.stages import stages
from tests.attacks.conftest import images, network
from tests.attacks.defences import DEFENCES

BALLS = [Linf(0.05), L2(0.5)]


class Threshold(nn.Module):
    """Class 1 where the mean of the pixels is above a half."""

    def forward(self, x):
        lead = x.flatten(1).mean(1) - 0.5
        return torch.stack([-lead, lead], 1)


@pytest.mark.parametrize("ball", [Linf(0.1), L2(1.0)])
def test_square_goes_on_where_it_is_told(ball):
    """One proposal from next to the boundary can break the image; one from stripes, far from it, cannot."""
    x = torch.full((1, 1, 8, 8), 0.55)
    start, spec = torch.full((1, 1, 8, 8), 0.5 + 1e-4), Square(queries=40, fraction=0.05)
    assert (distance(ball, start, x) <= ball.eps).all()
    x_adv = attack_from(spec, Threshold(), x, torch.ones(1, dtype=torch.long), ball, start)
    assert Threshold()(x_adv).argmax(1).item() == 0
    assert (distance(ball, x_adv, x) <= ball.eps + 1e-5).all()


@pytest.mark.parametrize("ball", BALLS)
def test_a_search_without_trials_left_stays_at_its_start(ball):
    net, x = network(), images(4)
    y = net(x).argmax(1)
    start = attack(PGD(steps=1, random_start=False), net, x, y, ball)
    still = net(start).argmax(1) == y
    x_adv = attack_from(Square(queries=2), net, x, y, ball, start)
    assert torch.equal(x_adv[still], start[still])


@pytest.mark.parametrize("ball", BALLS)
def test_each_image_goes_on_from_its_own_point_whatever_the_batch(ball, monkeypatch):
    net, x = network(), images(6)
    y = net(x).argmax(1)
    start = attack(PGD(steps=1, random_start=False), net, x, y, ball)
    whole = attack_from(Square(queries=30), net, x, y, ball, start)
    monkeypatch.setattr("lab.attacks.batches._FULL", 4)
    assert torch.allclose(attack_from(Square(queries=30), net, x, y, ball, start), whole, atol=1e-6)


def test_other_attacks_refuse():
    net, x = network(), images(2)
    with pytest.raises(AttackError, match="APGD cannot start at given points"):
        attack_from(APGD(), net, x, net(x).argmax(1), BALLS[0], x)


@pytest.mark.parametrize("scale", [1.0, 1e4])
def test_images_are_near_by_the_part_of_their_margin_that_is_left(scale):
    """0.3 of the clean margin: whatever the scale of the logits, and never an image that is broken."""
    x, y = torch.zeros(4, 1, 2, 2), torch.zeros(4, dtype=torch.long)
    standing = Standing(x, y, Linf(1.0), scale * torch.tensor([[1.0, 0], [10, 0], [10, 0], [1, 0]]))
    stage = standing.begin("APGD", APGD())
    logits = scale * torch.tensor([[0.5, 0], [2.9, 0], [3.1, 0], [-0.1, 0]])
    standing.enter(stage, torch.arange(4), x.clone(), logits)
    assert standing.nearest(4, 0.3).tolist() == [1]
    assert standing.nearest(4).tolist() == [0, 1, 2]
    assert standing.nearest(1).tolist() == [0]


def digits(n):
    test = load_data(Digits()).test
    return test.images(range(n)), test.labels(range(n))


@pytest.mark.slow
def test_standard_spends_its_queries_near_the_boundary():
    """In a tiny ball all margins stay near the clean ones, so what follows the first pass has nothing to do."""
    net, x = network(), images(6)
    result = evaluate(net, x, net(x).argmax(1), Linf(1e-5), "standard")
    assert [each.name for each in result.stages][:2] == ["APGD-CE", "APGD-T"]
    assert not {each.name for each in result.stages} & {each.name for each in stages("standard", Linf())[2:]}


@pytest.mark.slow
def test_margins_are_not_trusted_where_gradients_are_not(monkeypatch):
    """A model with a false gradient has margins that no gradient has lowered: every image counts as near."""
    trusted = []
    run = rounds.Rounds.run

    def noted(self, planned, *rest, **more):
        trusted.append((planned.name, planned.within))
        return run(self, planned, *rest, **more)

    monkeypatch.setattr(rounds.Rounds, "run", noted)
    model = DEFENCES["false gradient"](load_model(Trained("standard")))
    evaluate(model, *digits(4), Linf(0.02), "standard")
    near = {each.name for each in stages("standard", Linf()) if each.gradient and each.within < 1}
    assert all(within > 1 for name, within in trusted if name in near)
    assert any(name == "Square, all images" for name, _ in trusted)
