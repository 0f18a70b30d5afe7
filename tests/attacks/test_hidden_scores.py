"""Scores that hide how near a decision is: what an evaluation finds behind them."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from lab.attacks.evaluation import evaluate
from lab.attacks.traits import rescaled
from lab.attacks.wrappers import standardised
from lab.models import load as load_model
from lab.models.adapter import adapted
from lab.results.evaluation_verdict import MASKED, verdict
from lab.specs import L2, Linf, Trained
from tests.attacks.defences import DEFENCES
from tests.attacks.evaluated import BALL, ROBUST_SHOWN, broken_and_robust, digits, failed
from tests.attacks.hidden_scores import COARSE, JUMPING, MULTIPLIED, STEEP, top_label
from tests.attacks.wrapping import Before
from tests.families import family

LEFT = {"losers in proportion": 2}
"""Images that labels leave of those that can be broken, where it is more than one."""


@pytest.fixture(scope="module")
def linf(undefended):
    return broken_and_robust(undefended, Linf(0.05))


@pytest.fixture(scope="module")
def l2(undefended):
    return broken_and_robust(undefended, L2(1.0))


@pytest.mark.parametrize("defence", family(JUMPING, "constant winner".__eq__))
def test_scores_that_jump_at_the_decision_boundary_hide_no_image(undefended, linf, defence):
    """The gradient is that of the scores; only that the margin does not fall to zero shows that it leads nowhere."""
    result = evaluate(DEFENCES[defence](copy.deepcopy(undefended)), *linf, Linf(0.05))
    assert verdict(result).kind == MASKED
    assert "boundary" in failed(result)
    assert result.robust.sum() <= ROBUST_SHOWN + LEFT.get(defence, 1)


@pytest.mark.parametrize("defence", family(STEEP, "exponentials of twice".__eq__))
def test_scores_of_unlike_slopes_hide_no_image(undefended, linf, defence):
    """Their margin alone leads away from the class, but not to where another class overtakes it."""
    result = evaluate(DEFENCES[defence](copy.deepcopy(undefended)), *linf, Linf(0.05))
    assert result.robust.sum() <= ROBUST_SHOWN


@pytest.mark.parametrize(
    "defence", family(["multiplied by a hash", "multiplied, no gradient"], "multiplied, no gradient".__eq__)
)
def test_scores_of_any_size_hide_no_image(undefended, linf, defence):
    """Their proportions still say how near a decision is, and where there is a gradient, its way."""
    result = evaluate(DEFENCES[defence](copy.deepcopy(undefended)), *linf, Linf(0.05))
    assert verdict(result).kind == MASKED
    assert "gradients" in failed(result)
    assert result.robust.sum() <= ROBUST_SHOWN + 1


IN_L2 = ["constant winner", "margin divided out", "moat", "reversed losers"]


@pytest.mark.parametrize("defence", family(IN_L2, "moat".__eq__))
def test_scores_that_hide_the_decision_hide_no_image_in_l2_either(undefended, l2, defence):
    result = evaluate(DEFENCES[defence](copy.deepcopy(undefended)), *l2, L2(1.0))
    assert verdict(result).kind == MASKED
    assert result.robust.sum() <= ROBUST_SHOWN + 1


def test_labels_alone_are_searched_in_l2():
    """Neither scores nor gradients: HopSkipJump breaks what all others leave."""
    model = DEFENCES["top label"](copy.deepcopy(load_model(Trained("standard"))))
    result = evaluate(model, *digits(12), L2(2.0))
    assert verdict(result).kind == MASKED
    assert "HopSkipJump" in [each.name for each in result.stages]
    assert int(result.robust.sum()) <= 6


def test_a_random_model_whose_scores_jump_is_searched_by_labels_in_expectation(undefended):
    noisy = Before(copy.deepcopy(undefended), lambda z: top_label(z) + 0.01 * torch.randn(10))
    result = evaluate(noisy, *digits(8), Linf(0.2))
    assert verdict(result).kind == MASKED
    assert {"randomness", "boundary"} <= failed(result)
    assert int(result.robust.sum()) <= 2


@pytest.mark.parametrize(
    "defence", family(COARSE, lambda each: each not in ("overflowing softmax", "ranks by sorting"))
)
def test_scores_that_say_no_more_than_labels_are_searched_by_labels(defence):
    """Without another model to transfer from, nothing else breaks what has neither gradient nor scores."""
    result = evaluate(DEFENCES[defence](copy.deepcopy(load_model(Trained("standard")))), *digits(12), BALL)
    assert int(result.robust.sum()) <= 1
    assert {"gradients", "black box"} <= failed(result)
    assert verdict(result).kind == MASKED
    assert "RayS" in [each.name for each in result.stages]


@pytest.mark.parametrize(
    "scores",
    [
        lambda logits: logits.softmax(1).numpy().round(2),
        lambda logits: logits.numpy().round(0),
        lambda logits: np.floor(logits.log_softmax(1).numpy()),
    ],
    ids=["percent", "whole logits", "whole log probabilities"],
)
def test_rounded_scores_are_searched_by_labels(scores):
    rounding = Before(copy.deepcopy(load_model(Trained("standard"))), lambda z: torch.from_numpy(scores(z.detach())))
    result = evaluate(rounding, *digits(12), BALL)
    assert int(result.robust.sum()) == 0
    assert verdict(result).kind == MASKED


@pytest.mark.slow
def test_a_label_of_any_size_is_still_a_label():
    """Scores that differ from point to point by a common factor alone say no more than it."""
    result = evaluate(DEFENCES["label multiplied"](copy.deepcopy(load_model(Trained("standard")))), *digits(12), BALL)
    assert int(result.robust.sum()) <= 1
    assert verdict(result).kind == MASKED
    assert "RayS" in [each.name for each in result.stages]


@pytest.mark.parametrize("factor", [1e-30, 1e30])
def test_standardised_logits_know_no_factor_and_change_no_prediction(factor):
    logits = torch.tensor([[3.0, 1.0, -4.0], [2.0, 2.0, 2.0], [torch.nan, 0.0, 1.0], [torch.inf, 0.0, 1.0]])
    seen = [standardised(nn.Flatten())(each) for each in (logits, logits * factor)]
    torch.testing.assert_close(seen[0][0], seen[1][0])
    assert seen[1][0].argmax() == 0
    assert not seen[1][1].any()
    assert seen[1][2].isnan().any()
    assert seen[1][3].isinf().any()


MULTIPLE = ["rescaled", *MULTIPLIED]


@pytest.mark.parametrize("name", ["standard", "pgd-trained", "trades-trained", "fgsm-trained"])
def test_only_scores_that_are_multiplied_count_as_such(name):
    x = digits(16)[0]
    found = [
        each
        for each in (*MULTIPLE, "undefended", "no_grad", "8 levels", "compressed", "ranks", "label alone")
        if rescaled(adapted(DEFENCES[each](copy.deepcopy(load_model(Trained(name))))), x)
    ]
    assert found == MULTIPLE


@pytest.mark.parametrize("hidden", [False, True])
def test_where_scores_say_more_than_labels_no_query_is_spent_on_labels(hidden):
    network = load_model(Trained("trades-trained"))
    result = evaluate(DEFENCES["no_grad"](copy.deepcopy(network)) if hidden else network, *digits(12), Linf(0.05))
    assert result.robust.any()
    assert not [each.name for each in result.stages if "RayS" in each.name]
