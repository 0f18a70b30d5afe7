"""HopSkipJump: the nearest boundary followed from labels alone, what its budget buys and what it sees."""

import pytest
import torch
from torch.nn.functional import one_hot

from lab.attacks import attack, attack_counting, judge, maximise
from lab.attacks.attack import attack_from
from lab.attacks.ball import distance
from lab.errors import AttackError
from lab.specs import L0, L2, HopSkipJump, Linf
from tests.attacks.conftest import images, network
from tests.attacks.labels_only import Labels, parted

SIDE = 6


@pytest.fixture
def model():
    return Labels(network(side=SIDE))


@pytest.fixture
def x():
    return images(7, side=SIDE)


@pytest.fixture
def y(model, x):
    return model.model(x).argmax(1)


@pytest.mark.parametrize("ball", [L2(0.05), Linf(0.01)])
def test_it_comes_near_the_nearest_boundary_of_a_linear_model(ball):
    draw = torch.Generator().manual_seed(3)
    weight = torch.randn(16, dtype=torch.float64, generator=draw)
    x = 0.4 + 0.2 * torch.rand(9, 1, 4, 4, dtype=torch.float64, generator=draw)
    net, y, apart = parted(x, weight, 0.05 * weight.norm())
    nearest = apart / (weight.norm() if isinstance(ball, L2) else weight.abs().sum())
    near = maximise(HopSkipJump(queries=3000), net, x, y, ball.replace(eps=1.0))
    far = distance(ball, near, x)
    assert (far >= nearest - 1e-6).all()
    assert (far <= 1.15 * nearest + 1e-3).float().mean() > 0.8


@pytest.mark.parametrize("ball", [L2(2.0), Linf(0.3)])
def test_no_image_costs_more_than_its_budget(model, x, y, ball):
    for queries in (1, 3, 40, 300):
        model.seen.clear()
        x_adv, count = attack_counting(HopSkipJump(queries=queries), model, x, y, ball)
        assert count.max() <= queries
        assert sum(map(len, model.seen)) <= int(count.sum()) + 2 * len(x)
        judge(x, y, x_adv, model, ball)


def test_a_larger_budget_breaks_more(model, x, y):
    found = [attack(HopSkipJump(queries=each), model, x, y, L2(0.6)) for each in (20, 3000)]
    few, many = (judge(x, y, each, model, L2(0.6)).robust.sum() for each in found)
    assert few > many


def test_a_start_of_another_class_is_where_it_begins(model, x, y):
    """One query of the image and one of the start; nothing more where that is in the ball already."""
    found = attack(HopSkipJump(queries=3000), model, x, y, L2(1.5))
    broken = model.model(found).argmax(1) != y
    assert broken.any()
    again = attack_from(HopSkipJump(queries=2), model, x[broken], y[broken], L2(1.5), found[broken])
    assert (model.model(again).argmax(1) != y[broken]).all()


def test_a_quantised_input_does_not_stop_it():
    """Labels agree within any small surroundings: they are asked for further away."""

    class Rounded(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.model = network(side=SIDE)

        def forward(self, pixels):
            return one_hot(self.model((pixels * 15).round() / 15).argmax(1), 10).to(pixels.dtype)

    model, x = Rounded(), images(7, side=SIDE)
    y = model(x).argmax(1)
    random, near = (
        distance(L2(), maximise(HopSkipJump(queries=each), model, x, y, L2(100.0)), x) for each in (30, 3000)
    )
    assert near.mean() < 0.5 * random.mean()


def test_another_threat_model_is_refused_in_a_sentence(model, x, y):
    with pytest.raises(AttackError, match="requires the threat model"):
        attack(HopSkipJump(), model, x, y, L0(3))
