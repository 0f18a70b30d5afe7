"""When what happens: steps, lines and learning rates."""

import pytest
import torch

from lab.specs import SGD, Adam, Constant, Exponential, OneCycle, Piecewise, RMSProp
from lab.training.optimisers import optimiser_of, set_rate
from lab.training.schedule import Plan, factor

PLAN = Plan(images=1000, batch=100, epochs=4)


def rates(schedule, plan=PLAN):
    return [factor(schedule, step, plan) for step in range(plan.steps)]


def test_a_constant_rate_stays():
    assert rates(Constant()) == [1.0] * 40


def test_a_piecewise_rate_falls_at_its_shares():
    assert rates(Piecewise(at=(0.5, 0.75), factors=(0.1, 0.01))) == [1.0] * 20 + [0.1] * 10 + [0.01] * 10


def test_an_exponential_rate_falls_once_an_epoch():
    found = rates(Exponential(factor=0.5))
    assert [found[step] for step in (0, 9, 10, 20, 39)] == [1.0, 1.0, 0.5, 0.25, 0.125]


def test_one_cycle_rises_to_its_peak_and_falls_to_nothing():
    found = rates(OneCycle(peak=0.4))
    assert found[15] == max(found) == pytest.approx(1)
    assert found[0] == pytest.approx(1 / 16)
    assert found[-1] == 0
    assert sorted(found[:16]) == found[:16]
    assert sorted(found[15:], reverse=True) == found[15:]


def test_moments_count_images():
    """The last batch of an epoch may be smaller."""
    plan = Plan(images=10, batch=4, epochs=2)
    assert (plan.per_epoch, plan.steps) == (3, 6)
    assert [plan.moment(step).epoch for step in range(6)] == pytest.approx([0, 0.4, 0.8, 1, 1.4, 1.8])
    assert [plan.ends_epoch(steps) for steps in range(1, 7)] == [False, False, True] * 2


@pytest.mark.parametrize("images", [1, 64, 1437, 60_000])
def test_lines_come_often_and_at_every_epochs_end(images):
    plan = Plan(images, batch=64, epochs=1)
    due = [steps for steps in range(1, plan.steps + 1) if plan.ends_line(steps)]
    assert due[-1] == plan.steps
    assert max(b - a for a, b in zip([0, *due], due, strict=False)) <= 20
    assert len(due) >= min(5, plan.steps)


@pytest.mark.parametrize(("spec", "kind"), [(Adam(), "Adam"), (SGD(), "SGD"), (RMSProp(), "RMSprop")])
def test_optimisers_take_their_rate_step_by_step(spec, kind):
    weight = torch.nn.Parameter(torch.ones(3))
    optimiser = optimiser_of(spec, [weight], 0.0)
    assert type(optimiser).__name__ == kind
    set_rate(optimiser, 0.0)
    weight.sum().backward()
    optimiser.step()
    assert torch.equal(weight, torch.ones(3))


def test_momentum_and_weight_decay_are_those_of_the_textbook():
    """v ← 0.5 v + gradient + w · weight; the gradient is 1."""
    weight = torch.nn.Parameter(torch.tensor(2.0))
    optimiser = optimiser_of(SGD(learning_rate=0.1, momentum=0.5), [weight], 0.25)
    expected, velocity = 2.0, 0.0
    for _ in range(3):
        optimiser.zero_grad()
        weight.backward()
        optimiser.step()
        velocity = 0.5 * velocity + 1 + 0.25 * expected
        expected -= 0.1 * velocity
    assert weight.item() == pytest.approx(expected)


@pytest.mark.parametrize(
    ("images", "batch", "sizes"),
    [
        (10, 4, [4, 4, 2]),
        (9, 4, [4, 5]),
        (8, 7, [8]),
        (1281, 128, [128] * 9 + [129]),
        (1437, 64, [64] * 22 + [29]),
        (3, 1, [1, 1, 1]),
        (1, 4, [1]),
        (1, 1, [1]),
        (5, 2, [2, 3]),
        (3, 2, [3]),
    ],
)
def test_a_single_image_joins_the_batch_before(images, batch, sizes):
    plan = Plan(images, batch, epochs=2)
    assert [plan.size(step) for step in range(plan.steps)] == sizes * 2
    assert [plan.seen(step) for step in range(plan.per_epoch)] == [sum(sizes[:i]) for i in range(len(sizes))]
    assert plan.ends_epoch(len(sizes))
    assert plan.moment(plan.per_epoch).epoch == 1
