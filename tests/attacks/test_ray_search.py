"""RayS: the nearest boundary found from labels alone, what its budget buys and what it sees."""

from itertools import islice

import pytest
import torch

from lab.attacks import attack, attack_counting, judge, maximise
from lab.attacks.ball import distance
from lab.attacks.ray_search import _blocks
from lab.context import Cancelled, Context
from lab.errors import AttackError
from lab.specs import FGSM, L2, Linf, RayS
from tests.attacks.conftest import Linear, images, network
from tests.attacks.labels_only import Labels, parted
from tests.families import family

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


@pytest.mark.parametrize(
    ("channels", "values"), family([(1, 5), (3, 5), (1, 16), (3, 16)], lambda *each: each in [(3, 5), (1, 16)])
)
def test_it_finds_the_nearest_boundary_of_a_linear_model(channels, values):
    weight = torch.randn(channels * values, dtype=torch.float64, generator=torch.Generator().manual_seed(values))
    x = 0.4 + 0.2 * torch.rand(9, channels, values, 1, dtype=torch.float64, generator=torch.Generator().manual_seed(9))
    dual = weight.abs().sum()
    net, y, apart = parted(x, weight, 0.1 * dual)
    nearest = apart / dual
    assert nearest.max() < 0.3
    found = distance(Linf(1.0), maximise(RayS(queries=2000), net, x, y, Linf(1.0)), x)
    assert (found >= nearest - 1e-9).all()
    assert (found <= nearest + 2e-3).all()
    for eps in (0.05, 0.1, 0.15):
        verdicts = judge(x, y, attack(RayS(queries=2000), net, x, y, Linf(eps)), net, Linf(eps)).robust
        clear = (nearest - eps).abs() > 2e-3
        assert torch.equal(torch.as_tensor(verdicts)[clear], (nearest > eps)[clear])


def test_blocks_are_halved_down_to_single_values():
    found = list(islice(_blocks(6), 1 + 2 + 3 + 6 + 6))
    assert [(each.start, each.stop) for each in found[:6]] == [(0, 6), (0, 3), (3, 6), (0, 2), (2, 4), (4, 6)]
    assert [each.stop - each.start for each in found[6:]] == [1] * 12


def test_points_within_range_are_asked_for_and_each_is_counted(model, x, y):
    model.seen.clear()
    found, counts = attack_counting(RayS(queries=60), model, x, y, Linf(0.01))
    asked = torch.cat(model.seen)
    assert asked.min() >= 0
    assert asked.max() <= 1
    assert counts.max() <= 60
    assert int(counts.sum()) <= len(asked)
    assert judge(x, y, found, model, Linf(0.01)).robust.shape == (7,)


def test_a_broken_image_is_not_asked_for_again(model, x, y):
    wrong = y.clone()
    wrong[2] = (wrong[2] + 1) % 10
    found, counts = attack_counting(RayS(queries=200), model, x, wrong, Linf(0.5))
    assert counts[2] == 1
    assert torch.equal(found[2], x[2])
    assert counts.max() < 200
    assert not judge(x, wrong, found, model, Linf(0.5)).robust.any()


def test_the_budget_is_kept_to_and_more_of_it_breaks_more(model, x, y):
    left = [judge(x, y, attack(RayS(queries=q), model, x, y, Linf(0.1)), model, Linf(0.1)) for q in (1, 20, 1000)]
    robust = [each.robust.sum() for each in left]
    assert robust[0] >= robust[1] >= robust[2]
    assert robust[0] > robust[2]
    _, counts = attack_counting(RayS(queries=1), model, x, y, Linf(0.1))
    assert counts.tolist() == [1] * 7


def test_labels_are_enough_where_no_gradient_leads_anywhere(model, x, y):
    with pytest.raises(AttackError, match="gradient"):
        attack(FGSM(), model, x, y, Linf(0.2))
    by_labels = attack(RayS(), model, x, y, Linf(0.2))
    assert torch.equal(by_labels, attack(RayS(), model.model, x, y, Linf(0.2)))  # scores would not help it
    assert judge(x, y, by_labels, model, Linf(0.2)).robust_accuracy < 0.5


def test_it_draws_nothing_and_no_image_matters_to_another(model, x, y):
    ball, spec = Linf(0.05), RayS(queries=150)
    whole = attack(spec, model, x, y, ball, Context(seed=1))
    assert torch.equal(attack(spec, model, x, y, ball, Context(seed=2)), whole)
    assert torch.equal(torch.cat([attack(spec, model, x[[i]], y[[i]], ball) for i in range(7)]), whole)


def test_flat_inputs_are_searched_too(x):
    net = Linear(torch.randn(3, SIDE**2, dtype=torch.float64), torch.zeros(3, dtype=torch.float64))
    flat = x.flatten(1)
    y = net(flat).argmax(1)
    assert judge(flat, y, attack(RayS(), net, flat, y, Linf(0.5)), net, Linf(0.5)).robust_accuracy < 0.5


def test_what_it_cannot_do_is_refused_in_a_sentence(model, x, y):
    with pytest.raises(AttackError, match=r"^RayS requires the threat model L∞, not L2\.$"):
        attack(RayS(), model, x, y, L2(1.0))
    with pytest.raises(Cancelled):
        attack(RayS(), model, x, y, Linf(0.1), Context(cancelled=lambda: True))
