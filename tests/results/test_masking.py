"""The verdict: each sign from facts made by hand, and what they amount to."""

from dataclasses import replace

import numpy as np
import pytest

from lab.cli.analyse import remarks
from lab.results import Check, Health, MaskingResult, evaluation_checks, evaluation_verdict, pack, unpack
from lab.results.masking_verdict import luck, sentences, signs_frame, verdict
from lab.specs import L2, Linf, Masking, Trained
from tests.evaluations import sample_evaluation
from tests.widgets.masked import IMAGES, examined

SPEC = Masking(models=(Trained("a"), Trained("b")), ball=Linf(0.2), eps=(0.1, 0.5), images=IMAGES)
ATTACKS = Masking.attacks


def result_of(model, spec=SPEC):
    return MaskingResult(spec, np.zeros(IMAGES, int), 10, (model,), 1.0)


def found(model, spec=SPEC):
    return {sign.name for sign in verdict(result_of(model, spec), model).signs if sign.found}


def kind(model, spec=SPEC):
    return verdict(result_of(model, spec), model).kind


def changed(model, attack, wrong, radius=1):
    """The model with other images misclassified under an attack."""
    model.wrong[ATTACKS.index(attack), radius] = np.arange(IMAGES) < wrong
    return model


def robust(model, left=60):
    """The model, whose attacks here leave that many of the images, as does its evaluation."""
    model.wrong[:, :2] = np.arange(IMAGES) >= left  # at ε 0.5 every attack still fools every image
    model.black_wrong[:] = np.arange(IMAGES) >= left
    return replace(model, evaluation=sample_evaluation("a", IMAGES, left, checks=()))


def test_a_model_that_every_attack_breaks_is_broken_and_shows_no_sign():
    assert (found(examined(SPEC)), kind(examined(SPEC))) == (set(), "broken")


def test_before_its_evaluation_no_model_is_robust():
    model = robust(examined(SPEC))
    assert (found(model), kind(replace(model, evaluation=None))) == (set(), "undecided")
    assert kind(model) == evaluation_verdict.verdict(model.evaluation).kind == "robust as far as tested"


def test_a_loss_that_one_step_misses_is_no_sign():
    """Less than half of the best loss occurs on masked, sound and undefended models alike."""
    model = robust(examined(SPEC))
    model.loss[ATTACKS.index("FGSM")] = 1.0
    assert (found(model), kind(model)) == (set(), "robust as far as tested")


def test_one_hint_decides_nothing_and_two_are_masking():
    model = changed(robust(examined(SPEC)), "R+FGSM", 100)
    assert (found(model), kind(model)) == ({"A random step first"}, "robust as far as tested")
    model.black_wrong[0, 0] = True
    model.wrong[ATTACKS.index("PGD")] = True  # so that the black box is no stronger than everything
    assert (found(model), kind(model)) == ({"A random step first", "One step on another model"}, "masked")


def test_a_smaller_step_that_fools_more_is_masking():
    model = examined(SPEC)
    model.wrong[ATTACKS.index("FGSM"), 1] = model.wrong[ATTACKS.index("R+FGSM"), 1] = False
    model.black_wrong[:] = False
    assert (found(model), kind(model)) == ({"A shorter step"}, "masked")
    alone = replace(model, radii=(0.2,), wrong=model.wrong[:, 1:2], loss=model.loss[:, 1:2])
    spec = SPEC.replace(eps=())
    assert "A shorter step" not in {sign.name for sign in verdict(result_of(alone, spec), alone).signs}


def test_masking_that_only_the_evaluation_finds_counts():
    model = robust(examined(SPEC))
    failed = Check("saturated", "failed", 0.9, 0.1, IMAGES, "40%")
    flawed = replace(model, evaluation=replace(model.evaluation, checks=(failed,)))
    assert (found(flawed), kind(flawed)) == (set(), "masked")
    assert evaluation_checks.sentence(failed) in verdict(result_of(flawed), flawed).findings


def test_the_findings_name_the_attacks_behind_the_number():
    model = robust(examined(SPEC))
    [numbers, *_] = verdict(result_of(model), model).findings
    assert f"{model.evaluation.robust_accuracy:.1%} withstand the {model.evaluation.budget} evaluation" in numbers
    for stage in model.evaluation.stages:
        assert (f"{stage.name} broke {stage.broken.sum()}" in numbers) == bool(stage.broken.any())


def test_a_black_box_above_the_white_box_breaks_even_many_steps():
    model = examined(SPEC)
    model.wrong[:, 1] = np.arange(IMAGES) < 50
    assert "Black box against white box" in found(model)
    assert kind(model) == "masked"


def test_zero_gradients_break_every_gradient_attack():
    model = examined(SPEC, health=Health(0.2, 0, 0, probabilities=False, one_step_stronger=False))
    assert (found(model), kind(model)) == ({"Zero gradients"}, "masked")


def test_accuracy_must_fall_to_chance_where_every_image_can_be_grey():
    model = changed(examined(SPEC), "PGD", 60, radius=2)
    assert (found(model), kind(model)) == ({"Accuracy at a large ε"}, "masked")
    narrow = SPEC.replace(eps=(0.1, 0.4))
    assert "Accuracy at a large ε" not in {sign.name for sign in verdict(result_of(model, narrow), model).signs}
    assert "Accuracy at a large ε" not in found(model, SPEC.replace(ball=L2(0.2)))


def test_without_another_model_nothing_is_said_of_black_boxes():
    model = examined(SPEC, sources=())
    names = {sign.name for sign in verdict(result_of(model), model).signs}
    assert names == {"Accuracy at a large ε", "Zero gradients", "A shorter step", "A random step first"}


def test_a_difference_that_may_be_luck_is_no_sign():
    one, other = np.zeros((2, 20), bool)
    one[:3] = True
    assert luck(one, other) == pytest.approx(1 / 8)
    assert luck(other, one) == pytest.approx(1)
    assert luck(one, one) == 1


def test_the_approximation_is_of_the_best_loss_found_by_anything():
    model = examined(SPEC)
    model.loss[:] = 2.0
    model.black_loss[:] = 0.0
    model.black_loss[0, 1, 3] = 8.0
    model.loss[:, 1, 4] = 0.0
    shares = result_of(model).approximation(model)
    assert (shares[0], shares[3]) == (1.0, 0.25)
    assert np.isnan(shares[4])


def test_a_label_leaks_where_only_the_image_made_with_it_is_read_rightly():
    """Kurakin et al. 2017, §4.2: right when generated with the true label, wrong when generated without it."""
    model = examined(SPEC)
    model.wrong[:] = False
    model.wrong[ATTACKS.index("FGSM, predicted label"), 1, :5] = True
    model.wrong[ATTACKS.index("FGSM"), 1, 3:9] = True
    np.testing.assert_array_equal(result_of(model).leaked(model).sum(1), [0, 3, 0])


def test_tables_and_store():
    result = unpack(pack(result_of(examined(SPEC))))
    frame = result.to_frame()
    assert len(frame) == 1 + len(ATTACKS) * 3 + 2
    assert frame["attack"].iloc[-1] == "PGD on b"
    told = signs_frame(result)
    assert told["found"].sum() == 0
    assert set(told["verdict"]) == {"broken"}


def test_the_command_line_says_verdict_findings_health_and_what_would_settle_it():
    health = Health(0.2, 0, 0, probabilities=True, one_step_stronger=False)
    model = replace(examined(SPEC, health=health), evaluation=sample_evaluation("a", IMAGES))
    said, told = verdict(result_of(model), model), sentences(result_of(model))
    assert health.warnings
    assert remarks(result_of(model)) == told
    assert told == [
        f"a: {said.words}",
        *(f"a: {each}" for each in said.findings),
        *(f"a: Warning: {each}" for each in health.warnings),
        f"a: What would settle it: {said.settle}",
    ]
