"""An evaluation's checks and verdict in words, from hand-made records."""

from dataclasses import replace

import numpy as np
import pytest

from lab.results.evaluation import FAILED, NOT_NEEDED, PASSED, SKIPPED, UNBROKEN, UNCLEAR, Check, ModelEvaluation, Stage
from lab.results.evaluation_checks import KINDS, flaws, not_needed, sentence
from lab.results.evaluation_verdict import BROKEN, MASKED, MASKING, ROBUST, UNDECIDED, verdict
from lab.results.health import Health
from lab.specs import FGSM, Linf

DETAILS = {"gradients": "zero", "one step": "shorter steps leave 37%", "randomness": "EOT with 10 passes"}


def check(kind, state):
    detail = "" if state == PASSED and kind in DETAILS else DETAILS.get(kind, "Square, 300 queries")
    return Check(kind, state, 0.25, 0.5, 40, detail)


def evaluation(robust, *checks, wrong=0, n=20, done=1.0):
    """``robust`` of n images withstand, ``wrong`` are misclassified."""
    broken_by = np.zeros(n, np.int64)
    broken_by[:robust] = UNBROKEN
    broken_by[n - wrong :] = -1
    stage = Stage("FGSM", FGSM(), broken_by != -1, broken_by == 0, 3 * n, 0.1)
    nothing = np.full(n, np.nan)
    return ModelEvaluation(
        "model", np.zeros(n), np.zeros(n), (stage,), broken_by, nothing, nothing, nothing, np.zeros((0, 1)),
        checks, Health(0.0, 0.0, 0.0, False, False), Linf(0.3), "quick", 1.0, done,
    )  # fmt: skip


@pytest.mark.parametrize("state", [PASSED, FAILED, UNCLEAR, NOT_NEEDED, SKIPPED])
@pytest.mark.parametrize("kind", KINDS)
def test_every_check_has_a_sentence_in_every_state(kind, state):
    said = sentence(check(kind, state))
    assert said[0].isupper()
    assert said.endswith(".")
    assert len(said) <= 300
    assert "nan" not in said


def test_a_sentence_gives_the_numbers():
    assert sentence(check("gradients", FAILED)) == (
        "The gradient is exactly zero at 25% of 40 images, so gradient attacks are blind there."
    )
    assert sentence(Check("black box", FAILED, 0.25, 0.5, 40, "Square, 300 queries")) == (
        "Square, 300 queries, lowered robust accuracy from 50.0% to 25.0% (40 images tried)."
    )
    assert sentence(Check("black box", PASSED, 0.5, 0.5, 40, "Square, 300 queries")) == (
        "Square, 300 queries, broke none of the 40 images tried that the attacks before had left."
    )


def test_flaws_are_the_checks_that_failed():
    checks = tuple(check(kind, state) for kind, state in zip(KINDS, (PASSED, FAILED, UNCLEAR), strict=False))
    assert flaws(checks) == (checks[1],)


def test_the_checks_that_no_image_was_left_for_are_named_in_one_sentence():
    checks = (check("noise", NOT_NEEDED), check("one step", PASSED), check("monotone", NOT_NEEDED))
    assert not_needed(checks) == (
        "Not needed, for no image was left to try: Random noise is weaker than the attacks; Accuracy falls as ε grows."
    )
    assert not_needed(checks[1:2]) == ""
    assert verdict(evaluation(10, *checks)).kind == ROBUST


@pytest.mark.parametrize("kind", sorted(MASKING))
def test_a_flaw_of_the_gradient_or_the_predictions_means_masked(kind):
    for robust in (0, 10):
        found = verdict(evaluation(robust, check(kind, FAILED)))
        assert found.kind == MASKED
        assert found.flaws == (sentence(check(kind, FAILED)),)


@pytest.mark.parametrize(
    ("model", "kind"),
    [
        (evaluation(0), BROKEN),
        (evaluation(2), BROKEN),
        (evaluation(3), UNDECIDED),
        (evaluation(2, wrong=5), UNDECIDED),
        (evaluation(17, wrong=34, n=200), UNDECIDED),
        (evaluation(16, wrong=34, n=200), BROKEN),
        (evaluation(60, n=200), UNDECIDED),
        (evaluation(70, n=200), ROBUST),
        (evaluation(1, n=1), UNDECIDED),
        (evaluation(10, wrong=5), ROBUST),
        (evaluation(10, check("converged", FAILED)), UNDECIDED),
        (evaluation(10, check("converged", UNCLEAR)), ROBUST),
        (evaluation(10, done=0.5), UNDECIDED),
        (evaluation(0, done=0.5), BROKEN),
        (evaluation(0, wrong=20), UNDECIDED),
    ],
)
def test_the_verdict_separates_broken_robust_and_undecided(model, kind):
    assert verdict(model).kind == kind


def test_the_words_of_a_masked_model_name_the_flaw_and_both_numbers():
    model = evaluation(2, check("randomness", FAILED), check("batch", FAILED), n=60)
    broken_by = np.where(np.arange(60) < 50, np.where(model.broken_by == UNBROKEN, UNBROKEN, 1), 0)
    words = verdict(replace(model, broken_by=broken_by, stages=model.stages * 2)).words
    assert words.startswith("Masked: it is random, and its predictions depend on the rest of the batch. Of 60 images")
    assert "83.3% withstand FGSM, and 3.3% (95% interval" in words


def test_few_that_withstand_are_not_called_robust():
    words = verdict(evaluation(17, wrong=34, n=200)).words
    assert words.startswith("Undecided: only 10.2% of the correctly classified images withstand. Of 200")


@pytest.mark.parametrize("withstand", [3, 10, 20])
def test_what_guesses_is_not_called_robust(withstand):
    guessing = evaluation(withstand)
    found = verdict(replace(guessing, health=replace(guessing.health, at_chance=0.1)))
    assert found.kind == UNDECIDED
    assert found.words.startswith("Undecided: what guesses has nothing to lose, and its clean accuracy is no better")


def test_a_radius_of_zero_says_nothing_about_robustness():
    found = verdict(replace(evaluation(20), ball=Linf(0.0)))
    assert found.kind == UNDECIDED
    assert found.words.startswith("Undecided: with ε 0 nothing was attacked. Of 20 images")


def test_the_words_give_the_numbers():
    words = verdict(evaluation(10, wrong=5)).words
    assert "75.0% are correctly classified" in words
    assert "50.0% (95% interval 29.9% to 70.1%)" in words
    assert "L∞, ε = 0.3" in words


def test_accuracies_and_rows_are_what_the_records_say():
    model = evaluation(10, wrong=5)
    assert model.accuracies() == (0.75, 0.5)
    assert model.to_frame()["broken"].tolist() == [5, 5]
    assert model.of_image()["broken_by"].value_counts().to_dict() == {"": 10, "FGSM": 5, "none needed": 5}
    assert replace(model, done=0.5).robust_accuracy == model.robust_accuracy
