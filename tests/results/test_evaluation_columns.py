"""Evaluations side by side, and with what another model's adversarial examples add."""

from dataclasses import replace

import numpy as np
import pytest

from lab.results import AttackResult
from lab.results.evaluation import UNBROKEN
from lab.results.evaluation_columns import columns, remaining
from lab.results.evaluation_transfer import with_transfer
from lab.specs import PGD
from lab.specs.stages import stages
from tests.evaluations import sample_evaluation


def renamed(model, *names: str):
    return replace(model, stages=tuple(replace(s, name=n) for s, n in zip(model.stages, names, strict=True)))


def test_an_attack_of_the_budget_is_a_column_and_a_check_only_when_it_broke_an_image():
    planned = stages("quick", sample_evaluation().ball)[0].name
    held = sample_evaluation(n=8, robust=8)  # nothing breaks anything
    assert columns([renamed(held, planned, "noise", "more steps")]) == (planned,)
    fell = renamed(sample_evaluation(n=40, robust=5), planned, "noise", "more steps")
    assert columns([fell]) == (planned, "noise", "more steps")
    assert columns([renamed(held, planned, "noise", "other"), fell]) == (planned, "noise", "more steps")
    assert columns([]) == ()


def test_what_remains_is_the_worst_case_so_far_and_nan_where_nothing_ran():
    model = sample_evaluation(n=40, robust=5)
    found = remaining(model, ("Square", "nobody", "PGD"))
    assert found[::2] == (model.accuracies()[3], model.accuracies()[1])
    assert np.isnan(found[1])


def transferred(model, fooled: list[int]) -> AttackResult:
    adversarial = model.y.copy()
    adversarial[fooled] = (model.y[fooled] + 5) % 10
    margin = np.where(adversarial == model.y, 0.05, -7.0)
    return AttackResult(model.y, model.clean, adversarial, np.full(model.n, 0.25), margin, 0.3)


@pytest.mark.parametrize("keep", [True, False])
def test_transfer_breaks_what_was_left_and_nothing_else(keep):
    model = sample_evaluation(n=20, robust=6, keep_images=keep)
    left = np.flatnonzero(model.robust)
    found = transferred(model, [0, 1, int(left[2]), int(left[4])])
    x_adv = np.arange(20, dtype=np.float32).reshape(20, 1, 1, 1) * np.ones((1, 1, 6, 6), np.float32) / 20
    worst = with_transfer(model, "other", PGD(), found, x_adv, 2.0)
    assert worst.robust_accuracy == pytest.approx(model.robust_accuracy - 2 / 20)
    assert worst.accuracies()[:-1] == model.accuracies()
    stage = worst.stages[-1]
    assert (stage.name, int(stage.attacked.sum()), int(stage.broken.sum())) == ("transfer from other", 6, 2)
    untouched = model.broken_by != UNBROKEN
    for name in ("broken_by", "adversarial", "distance", "margin"):
        assert np.array_equal(getattr(worst, name)[untouched], getattr(model, name)[untouched], equal_nan=True)
    assert worst.margin[left].max() == pytest.approx(0.05)
    assert (worst.adversarial[left[2]], worst.distance[left[2]]) == ((model.y[left[2]] + 5) % 10, 0.25)
    assert worst.seconds == model.seconds + 2
    if not keep:
        assert len(worst.x_adv) == 0
        return
    broken = np.flatnonzero(worst.broken_by >= 0)
    assert len(worst.x_adv) == len(broken)
    assert np.array_equal(worst.x_adv[broken == left[4]][0], x_adv[left[4]])
    before = np.isin(broken, np.flatnonzero(model.broken_by >= 0))
    assert np.array_equal(worst.x_adv[before], model.x_adv)
