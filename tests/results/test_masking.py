"""The verdict: each sign from facts made by hand, and what they amount to."""

import numpy as np
import pytest

from lab.results import Health, MaskingResult, pack, unpack
from lab.results.masking_verdict import luck, signs_frame, verdict
from lab.specs import L2, Linf, Masking, Trained
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
    """The model with other images misread under an attack."""
    model.wrong[ATTACKS.index(attack), radius] = np.arange(IMAGES) < wrong
    return model


def test_a_model_that_one_step_fools_as_well_as_many_shows_no_sign():
    assert (found(examined(SPEC)), kind(examined(SPEC))) == (set(), "no sign")


def test_a_random_step_that_helps_is_one_sign_and_one_is_doubtful():
    model = changed(examined(SPEC), "FGSM", 60)
    model.black_wrong[:] = False
    assert (found(model), kind(model)) == ({"A random step first"}, "doubtful")


def test_two_signs_of_a_useless_step_are_masking_for_one_step():
    model = changed(examined(SPEC), "FGSM", 60)
    model.black_wrong[:] = False
    model.loss[ATTACKS.index("FGSM")] = 1.0
    assert (found(model), kind(model)) == ({"A random step first", "Loss after one step"}, "one step")


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
    assert len(verdict(result_of(model), model).signs) == 4


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
    assert signs_frame(result)["found"].sum() == 0
