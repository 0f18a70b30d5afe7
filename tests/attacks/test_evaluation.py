"""``evaluate``: models whose truth is known, the records image by image, and what it refuses."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

import lab
from lab.attacks import rounds
from lab.attacks.evaluation import evaluate
from lab.context import Cancelled, Context
from lab.errors import AttackError
from lab.models import load as load_model
from lab.results import pack, unpack
from lab.results.evaluation import CLEAN, UNBROKEN
from lab.results.evaluation_verdict import BROKEN, MASKED, ROBUST, UNDECIDED, verdict
from lab.specs import L0, L2, Linf, Trained
from tests.attacks.defences import DEFENCES
from tests.attacks.evaluated import BALL, digits, evaluated, failed
from tests.families import family


@pytest.mark.parametrize("name", family(["fgsm-trained", "fast-trained", "ensemble-trained"], "fgsm-trained".__eq__))
def test_one_step_training_is_masked_for_one_step(name):
    """Tramèr et al. 2018, §4.1: FGSM leaves what shorter steps break, and iterative attacks break all."""
    result = evaluated(load_model(Trained(name)), n=60, ball=Linf(0.3))
    assert verdict(result).kind == MASKED
    assert failed(result) == {"one step"}
    [check] = [each for each in result.checks if each.kind == "one step"]
    assert check.value > 0.5 > check.reference
    assert result.robust_accuracy < 0.05


@pytest.mark.parametrize(
    "name",
    family(
        ["standard", "standard-b", "flat-pivot", "fgsm-leaking", "kurakin-trained", "rfgsm-trained"], "standard".__eq__
    ),
)
def test_models_that_hide_nothing_are_broken_without_a_flaw(name):
    result = evaluated(load_model(Trained(name)), n=60, ball=Linf(0.3))
    assert (verdict(result).kind, failed(result)) == (BROKEN, set())


@pytest.mark.slow
@pytest.mark.parametrize("ball", [Linf(0.1), pytest.param(L2(0.5), marks=pytest.mark.slow)])
def test_an_adversarially_trained_model_is_robust_in_a_small_ball(ball):
    result = evaluated(load_model(Trained("pgd-trained")), n=24, ball=ball)
    assert (verdict(result).kind, failed(result)) == (ROBUST, set())
    assert result.robust_accuracy > 0.4


@pytest.mark.slow
@pytest.mark.parametrize(("eps", "most"), [pytest.param(1.0, 0.25, marks=pytest.mark.slow), (2.0, 0.0)])
def test_in_l2_the_quick_budget_breaks_what_ascent_within_the_ball_leaves(eps, most):
    """Of some of these images ascent within the ball finds nothing, however long it goes on; from outside it does."""
    result = evaluate(load_model(Trained("pgd-trained")), *digits(48), L2(eps))
    assert result.robust_accuracy <= most


@pytest.mark.slow
def test_the_records_agree_with_the_model():
    x, y = digits(30)
    model = load_model(Trained("rfgsm-trained"))
    result = evaluate(model, x, y, BALL)
    adversarial = torch.from_numpy(result.x_adv)
    broken = result.broken_by >= 0
    assert len(adversarial) == broken.sum() > 0
    with torch.no_grad():
        again, clean = model(adversarial).argmax(1).numpy(), model(x).argmax(1).numpy()
    assert (again != y.numpy()[broken]).all()
    np.testing.assert_array_equal(again, result.adversarial[broken])
    np.testing.assert_array_equal(clean, result.clean)
    np.testing.assert_array_equal(result.broken_by == CLEAN, clean != y.numpy())
    far = (adversarial - x[torch.from_numpy(broken)]).flatten(1).abs().amax(1)
    np.testing.assert_allclose(far, result.distance[broken], rtol=1e-6)
    assert far.max() <= BALL.eps + 1e-6
    assert (result.margin[broken] < 0).all()
    assert (result.margin[result.robust] > 0).all()
    assert np.isnan(result.distance[result.robust]).all()
    for position, stage in enumerate(result.stages):
        np.testing.assert_array_equal(stage.broken, result.broken_by == position)
        assert (stage.attacked >= stage.broken).all()
        assert stage.passes > 0
        assert not (stage.attacked & (result.broken_by < position) & (result.broken_by != UNBROKEN)).any()
    accuracies = result.accuracies()
    assert list(accuracies) == sorted(accuracies, reverse=True)
    assert accuracies[-1] == result.robust_accuracy
    assert result.to_frame()["accuracy"].iloc[-1] == pytest.approx(result.robust_accuracy)


@pytest.mark.slow
def test_an_image_meets_the_same_attack_whatever_the_blocks(monkeypatch):
    model = load_model(Trained("rfgsm-trained"))
    one = evaluate(model, *digits(12), BALL)
    monkeypatch.setattr(rounds, "BLOCK", 5)
    other = evaluate(model, *digits(12), BALL)
    np.testing.assert_array_equal(one.broken_by, other.broken_by)


def test_a_result_is_stored_and_read_as_it_was():
    result = evaluate(load_model(Trained("standard")), *digits(10), BALL)
    again = unpack(pack(result))
    assert again.stages[0].attack == result.stages[0].attack
    np.testing.assert_array_equal(again.x_adv, result.x_adv)


@pytest.mark.slow
def test_what_is_known_so_far_is_shown_and_can_be_cancelled():
    shown, fractions = [], []
    ctx = Context(on_partial=shown.append, on_progress=lambda progress: fractions.append(progress.fraction))
    result = evaluate(load_model(Trained("rfgsm-trained")), *digits(12), BALL, ctx=ctx)
    assert [len(each.stages) for each in shown] == sorted(len(each.stages) for each in shown)
    assert all(each.done < 1 for each in shown)
    assert result.done == 1
    assert fractions == sorted(fractions)
    assert fractions[-1] <= 1
    with pytest.raises(Cancelled):
        evaluate(load_model(Trained("standard")), *digits(10), BALL, ctx=Context(cancelled=lambda: True))


@pytest.mark.parametrize("name", ["standard", pytest.param("pgd-trained", marks=pytest.mark.slow)])
def test_progress_counts_the_images_left(name):
    """It never falls, and stands near its end when the last of the checks begin, however early all was broken."""
    fractions, known = [], []
    ctx = Context(on_progress=lambda at: fractions.append(at.fraction), on_partial=lambda at: known.append(at.done))
    evaluate(load_model(Trained(name)), *digits(5), Linf(0.3), ctx=ctx)
    assert fractions == sorted(fractions)
    assert known == sorted(known)
    assert 0.9 < fractions[-1] <= 1
    assert 0.9 < known[-1] < 1


@pytest.mark.slow
def test_progress_names_the_stage():
    doing = set()
    ctx = Context(on_progress=lambda progress: doing.add(progress.doing))
    evaluate(load_model(Trained("pgd-trained")), *digits(8), BALL, ctx=ctx)
    assert {"FGSM", "PGD-Margin", "MultiTargeted, near images"} <= doing


def test_a_radius_of_zero_attacks_nothing():
    result = evaluated(load_model(Trained("standard")), n=8, ball=Linf(0.0))
    assert (result.stages, result.robust_accuracy, verdict(result).kind) == ((), 1.0, UNDECIDED)


def test_an_l2_ball_larger_than_every_image_is_taken():
    scaled = DEFENCES["logits × 1000"](copy.deepcopy(load_model(Trained("standard"))))
    assert evaluated(scaled, n=4, ball=L2(1000.0)).robust_accuracy == 0


def test_a_saturated_model_that_one_step_breaks_costs_few_passes():
    """The saturation check attacks an image only until it is broken: it took most of the time of a small model."""
    passes = []
    model = nn.Sequential(copy.deepcopy(load_model(Trained("standard"))))
    model.register_forward_hook(lambda module, given, logits: passes.append(len(logits)))
    result = evaluate(model, *digits(40), Linf(0.3))
    assert "saturated" in {each.kind for each in result.checks}
    assert sum(passes) < 50 * 40


def test_the_model_is_left_as_it_was():
    model = copy.deepcopy(load_model(Trained("standard"))).train()
    model.requires_grad_(True)
    before = copy.deepcopy(model.state_dict())
    evaluate(model, *digits(10), BALL)
    assert model.training
    assert all(each.requires_grad for each in model.parameters())
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert not model._forward_hooks


def test_a_model_of_two_classes_and_flat_inputs_can_be_evaluated():
    x = torch.rand(20, 6, generator=torch.Generator().manual_seed(0))
    model = nn.Linear(6, 2)
    with torch.no_grad():
        model.weight.copy_(torch.tensor([[1.0, 0, 0, 0, 0, 0], [-1.0, 0, 0, 0, 0, 0]]))
        model.bias.copy_(torch.tensor([-0.5, 0.5]))
    y = (x[:, 0] < 0.5).long()
    result = evaluate(model, x, y, Linf(0.1))
    truth = (x[:, 0] - 0.5).abs() > 0.1  # the closed form
    np.testing.assert_array_equal(result.robust, truth.numpy())


@pytest.mark.parametrize(
    ("ball", "budget", "says"),
    [
        (L0(3), "quick", "requires the threat model L∞ or L2, not L0"),
        (BALL, "long", "quick, standard, thorough"),
        (0.3, "quick", "needs its norm"),
    ],
)
def test_what_cannot_be_evaluated_is_refused_in_a_sentence(ball, budget, says):
    with pytest.raises(AttackError, match=says):
        evaluate(load_model(Trained("standard")), *digits(4), ball, budget)


def test_no_images_are_refused_in_a_sentence():
    x, y = digits(1)
    with pytest.raises(AttackError, match="at least one image"):
        evaluate(load_model(Trained("standard")), x[:0], y[:0], BALL)


def test_a_radius_of_zero_breaks_nothing():
    result = evaluate(load_model(Trained("standard")), *digits(3), Linf(0.0))
    assert result.robust_accuracy == result.clean_accuracy


def test_the_package_offers_it_at_its_top():
    assert lab.evaluate is evaluate
    with pytest.raises(AttributeError, match="nothing_of_that_name"):
        _ = lab.nothing_of_that_name


@pytest.mark.parametrize("frequent", [0.1, 0.6])
def test_a_model_that_always_says_the_same_is_not_called_robust(frequent):
    """As adversarial training of too small a model leaves it; also where most images are of the class that it says."""
    x = digits(60)[0]
    y = torch.arange(60) % 10
    y[: int(frequent * 60)] = 0
    collapsed = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
    with torch.no_grad():
        collapsed[1].bias[0] += 5
    result = evaluate(collapsed, x, y, Linf(0.02))
    assert result.robust_accuracy == result.clean_accuracy >= frequent
    assert (verdict(result).kind, failed(result)) == (UNDECIDED, set())
    assert "no better than chance" in verdict(result).words
