"""``evaluate``: models whose truth is known, the records image by image, and what it refuses."""

import copy

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import lab
from lab.attacks import rounds
from lab.attacks.evaluation import evaluate
from lab.attacks.straight_through import straight_through
from lab.attacks.traits import slopes
from lab.context import Cancelled, Context
from lab.data import load as load_data
from lab.errors import AttackError
from lab.models import load as load_model
from lab.models.adapter import adapted
from lab.results import pack, unpack
from lab.results.evaluation import CLEAN, UNBROKEN
from lab.results.evaluation_checks import sentence
from lab.results.evaluation_verdict import BROKEN, MASKED, ROBUST, UNDECIDED, verdict
from lab.specs import L0, L2, Digits, Linf, Trained
from tests.attacks.defences import COARSE, DEFENCES, JUMPING, STEEP, Before, Neighbour
from tests.families import family, firsts

BALL = Linf(0.2)


def digits(n):
    test = load_data(Digits()).test
    return test.images(range(n)), test.labels(range(n))


def evaluated(model, n=40, ball=BALL, **more):
    return evaluate(model, *digits(n), ball, sources=[("standard-b", load_model(Trained("standard-b")))], **more)


@pytest.fixture(scope="module")
def network():
    """The undefended model that defences are put around."""
    return load_model(Trained("standard"))


@pytest.fixture(scope="module")
def sound(network):
    """What is found of it in a ball so small that it withstands."""
    found = evaluate(network, *digits(40), Linf(0.05))
    assert verdict(found).kind == ROBUST
    return found


def failed(result):
    return {each.kind for each in result.checks if each.state == "failed"}


FLAWS = {
    "undefended": set(),
    "logits × 1000": {"saturated"},
    "8 levels": {"gradients", "differentiable"},
    "thermometer": {"gradients", "differentiable"},
    "noise": {"randomness"},
    "resizing": {"randomness"},
    "detector": {"logits"},
    "shuffled": {"batch"},
    "no_grad": {"gradients", "differentiable"},
    "softmax": {"gradients", "differentiable"},
    "false gradient": {"gradients", "differentiable"},
    "false gradient inside": {"gradients"},
    "batch statistics": {"batch"},
    "dropout": {"randomness"},
    "dropout late": {"randomness"},
    "compressed": {"gradients", "differentiable"},
    "compression": {"gradients", "differentiable"},
    "integers": {"gradients", "differentiable"},
    "one-hot levels": {"gradients", "differentiable"},
    "detached": {"gradients", "differentiable"},
    "data": {"gradients", "differentiable"},
    "negated": {"gradients", "differentiable"},
    "hooked": {"gradients", "differentiable"},
    "winners": set(),
    "temperature": set(),
    "needs two": set(),
    "argmax": {"gradients", "differentiable"},
    "majority vote": {"gradients", "differentiable"},
    "clipped logits": {"gradients", "differentiable"},
    "sigmoids": {"gradients", "differentiable"},
    "rectified logits": set(),
    "tied logits": set(),
    "inference mode": {"gradients", "black box"},
    "shattered": {"black box"},
    "sign hidden": {"gradients", "differentiable"},
    "8 bits": {"gradients", "differentiable"},
    "8 bits truncated": {"gradients", "differentiable"},
    "earlier": {"state"},
    "cache": {"state"},
    "cache in a function": {"state"},
    "turns": {"state"},
    "refusing": {"state"},
    "raising": {"state"},
    "adapting": {"state"},
    "late": {"state"},
    "drifting": {"state"},
    "running statistics": {"state"},
    "own generator": {"randomness"},
    "noise of 1e-3": {"randomness"},
    "noise of 1e-6": {"randomness"},
    "logits ± 1e-3": {"randomness"},
    "logits ± 1e-6": {"randomness"},
    "winner detached": {"gradients"},
    "rows detached": {"gradients"},
    "rolled gradient": {"gradients"},
    "signs of the gradient": {"gradients"},
    "noisy gradient": {"gradients"},
    "mirrored for gradients": {"gradients"},
    **{each: {"gradients", "black box"} for each in COARSE},
    "rescaled": {"gradients"},
    **{each: {"boundary"} for each in JUMPING},
    **{each: set() for each in STEEP},
}
"""What is wrong with each defence of an undefended network, by the checks that must fail."""
COSTLY = {"false gradient inside", "shattered", "shuffled"}
OF_EACH_KIND = firsts(FLAWS, lambda defence: frozenset(FLAWS[defence])) - COSTLY


@pytest.mark.parametrize("defence", family(DEFENCES, OF_EACH_KIND.__contains__))
def test_a_defence_that_only_hides_the_gradient_is_named_and_broken(defence):
    """Athalye et al. 2018; Tramèr et al. 2020: no defence makes an undefended network robust at ε 0.2."""
    result = evaluated(DEFENCES[defence](copy.deepcopy(load_model(Trained("standard")))), n=16)
    assert FLAWS[defence] <= failed(result)
    assert result.robust_accuracy <= 0.1
    found = verdict(result)
    assert found.kind == (MASKED if FLAWS[defence] else BROKEN)
    assert found.flaws == tuple(sentence(each) for each in result.checks if each.state == "failed")


@pytest.mark.parametrize("defence", ["winner detached", pytest.param("rows detached", marks=pytest.mark.slow)])
def test_a_gradient_that_leaves_something_out_hides_no_image(network, sound, defence):
    """Where its own direction still raises the loss, only others show that it is not the whole gradient."""
    result = evaluate(DEFENCES[defence](copy.deepcopy(network)), *digits(40), Linf(0.05))
    assert verdict(result).kind == MASKED
    assert {"gradients", "differentiable"} <= failed(result)
    assert result.robust_accuracy == sound.robust_accuracy


FALSE = ["rolled gradient", "signs of the gradient", "noisy gradient", "mirrored for gradients"]


@pytest.mark.parametrize("defence", family(FALSE, "signs of the gradient".__eq__))
def test_a_false_gradient_costs_queries_but_hides_no_image(network, sound, defence):
    result = evaluate(DEFENCES[defence](copy.deepcopy(network)), *digits(40), Linf(0.05))
    assert verdict(result).kind == MASKED
    assert {"gradients", "black box"} <= failed(result)
    assert result.robust_accuracy <= sound.robust_accuracy + 0.025 + 1e-6


@pytest.mark.parametrize("defence", family(JUMPING, "constant winner".__eq__))
def test_scores_that_jump_at_the_decision_boundary_hide_no_image(network, sound, defence):
    """The gradient is that of the scores; only that the margin does not fall to zero shows that it leads nowhere."""
    result = evaluate(DEFENCES[defence](copy.deepcopy(network)), *digits(40), Linf(0.05))
    assert verdict(result).kind == MASKED
    assert "boundary" in failed(result)
    assert result.robust_accuracy <= sound.robust_accuracy + MISSED.get(defence, 0.025) + 1e-6


@pytest.mark.parametrize("defence", family(STEEP, "exponentials of twice".__eq__))
def test_scores_of_unlike_slopes_hide_no_image(network, sound, defence):
    """Their margin alone leads away from the class, but not to where another class overtakes it."""
    result = evaluate(DEFENCES[defence](copy.deepcopy(network)), *digits(40), Linf(0.05))
    assert result.robust_accuracy <= sound.robust_accuracy + 1e-6


@pytest.fixture(scope="module")
def sound_in_l2(network):
    return evaluate(network, *digits(40), L2(1.0))


IN_L2 = ["constant winner", "margin divided out", "moat", "reversed losers"]


@pytest.mark.parametrize("defence", family(IN_L2, "moat".__eq__))
def test_scores_that_hide_the_decision_hide_no_image_in_l2_either(network, sound_in_l2, defence):
    result = evaluate(DEFENCES[defence](copy.deepcopy(network)), *digits(40), L2(1.0))
    assert verdict(result).kind == MASKED
    assert result.robust_accuracy <= sound_in_l2.robust_accuracy + 0.025 + 1e-6


def test_labels_alone_are_searched_in_l2():
    """Neither scores nor gradients: HopSkipJump breaks what all others leave."""
    model = DEFENCES["top label"](copy.deepcopy(load_model(Trained("standard"))))
    result = evaluate(model, *digits(12), L2(2.0))
    assert verdict(result).kind == MASKED
    assert "HopSkipJump" in [each.name for each in result.stages]
    assert int(result.robust.sum()) <= 6


def test_a_random_model_whose_scores_jump_is_searched_by_labels_in_expectation(network):
    noisy = Before(copy.deepcopy(network), lambda z: DEFENCES["top label"](nn.Identity())(z) + 0.01 * torch.randn(10))
    result = evaluate(noisy, *digits(8), Linf(0.2))
    assert verdict(result).kind == MASKED
    assert {"randomness", "boundary"} <= failed(result)
    assert int(result.robust.sum()) <= 2


MISSED = {"losers in proportion": 0.05}
"""What labels leave of the truth, where that is more than an image in 40."""


def autocast(network):
    def forward(x):
        with torch.autocast("cpu", torch.bfloat16):
            return network(x)

    return forward


PRECISIONS = {
    "float32": lambda network: network,
    "float64": lambda network: network.double(),
    "bfloat16": lambda network: network.bfloat16(),
    "half": lambda network: network.half(),
    "autocast": autocast,
}


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("name", ["standard", "pgd-trained", "trades-trained", "fgsm-trained", "ensemble-trained"])
def test_no_rounding_nor_bend_is_taken_for_a_false_gradient(name, precision):
    model = adapted(PRECISIONS[precision](copy.deepcopy(load_model(Trained(name)))))
    for n in (6, 32, 100):
        assert slopes(model, *digits(n)).usable >= 0.95


def test_what_only_large_batches_change_is_seen():
    network = copy.deepcopy(load_model(Trained("standard")))
    model = Before(nn.Identity(), lambda x: network(x if len(x) < 100 else x.flip(-1)))
    result = evaluate(model, *digits(120), Linf(0.3))
    assert "batch" in failed(result)
    assert verdict(result).kind == MASKED
    assert result.clean_accuracy == evaluate(network, *digits(120), Linf(0.0)).clean_accuracy


@pytest.mark.parametrize("defence", COARSE)
def test_scores_that_say_no_more_than_labels_are_searched_by_labels(defence):
    """Without another model to transfer from, nothing else breaks what has neither gradient nor scores."""
    result = evaluate(DEFENCES[defence](copy.deepcopy(load_model(Trained("standard")))), *digits(12), BALL)
    assert int(result.robust.sum()) <= 1
    assert FLAWS[defence] <= failed(result)
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


@pytest.mark.parametrize("hidden", [False, True])
def test_where_scores_say_more_than_labels_no_query_is_spent_on_labels(hidden):
    network = load_model(Trained("trades-trained"))
    result = evaluate(DEFENCES["no_grad"](copy.deepcopy(network)) if hidden else network, *digits(12), Linf(0.05))
    assert result.robust.any()
    assert not [each.name for each in result.stages if "RayS" in each.name]


class NoStandIn(nn.Module):
    """Takes whole numbers only, where BPDA puts others in their place."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        codes = (x * 15).round().to(torch.uint8)
        if codes.dtype != torch.uint8:
            raise TypeError("codes must be uint8")
        return self.network(codes.float() / 15)


@pytest.mark.parametrize("modules_too", [True, False])
def test_a_model_on_which_bpda_fails_is_evaluated_without_it(modules_too):
    model = NoStandIn(copy.deepcopy(load_model(Trained("standard"))))
    with pytest.raises(AttackError, match="codes must be uint8"):
        straight_through(model, modules_too)(digits(2)[0])
    result = evaluated(model, n=16)
    assert verdict(result).kind == MASKED
    assert result.robust_accuracy == 0


@pytest.mark.slow
def test_the_memory_of_images_is_masked_although_not_all_is_broken():
    """What the network says to the nearest of 200 images has no gradient, and black boxes lower its accuracy."""
    train = load_data(Digits()).train.images(range(200))
    result = evaluated(Neighbour(copy.deepcopy(load_model(Trained("standard"))), train), n=12)
    assert verdict(result).kind == MASKED
    assert result.robust_accuracy < result.clean_accuracy - 0.2


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


@pytest.mark.parametrize("ball", [Linf(0.15), L2(0.6)])
def test_features_behind_what_has_no_gradient_are_attacked_by_queries(ball):
    """A linear classifier of features (n, d) behind NumPy's rounding: nearly all features of these can be broken."""
    draw = torch.Generator().manual_seed(0)
    x = torch.rand(40, 20, generator=draw)
    network = nn.Linear(20, 3)
    network.weight.data = torch.randn(3, 20, generator=draw)
    network.bias.data = -network.weight.data.sum(1) / 2

    def predict(x):
        return network(torch.from_numpy((x.detach().numpy() * 15).round() / 15))

    truth = evaluate(network, x, network(x).argmax(1), ball)
    hidden = evaluate(predict, x, predict(x).argmax(1), ball)
    assert hidden.robust_accuracy <= truth.robust_accuracy + 0.1
    assert {"gradients", "black box"} <= failed(hidden)
    assert verdict(hidden).kind == MASKED


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
