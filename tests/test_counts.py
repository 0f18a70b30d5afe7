"""What is counted has its noun in the right number, wherever a finding is said."""

import re
from dataclasses import replace

import numpy as np
import pytest

from lab.counts import counted, percent
from lab.results import Check
from lab.results.evaluation import FAILED, PASSED, UNCLEAR
from lab.results.evaluation_checks import KINDS, sentence
from lab.results.evaluation_verdict import verdict
from lab.specs import Evaluation
from tests.evaluations import sample_evaluation
from tests.widgets.evaluated import evaluated
from widgets.dashboards.evaluation.cards import check_note, verdict_note
from widgets.figures.evaluation.images import matrix
from widgets.figures.evaluation.stages import caption, falls

ONE = re.compile(r"(?<![\d.,])1 (images|checks|models|attacks|other attacks|test images)\b|\bs breaks\b|all 1\b(?!,)")
MANY = re.compile(r"(?<![\d.,])(?!1 )\d[\d,]* (image|check|model|attack|other attack|test image)\b")


@pytest.mark.parametrize(
    ("number", "words"),
    [(0, "0 images"), (1, "1 image"), (2, "2 images"), (np.int64(1), "1 image"), (1000, "1,000 images")],
)
def test_a_count_has_its_noun_in_the_right_number(number, words):
    assert counted(number, "image") == words


@pytest.mark.parametrize(
    ("fraction", "digits", "words"),
    [
        (0, 0, "0%"), (1, 0, "100%"), (0.384, 0, "38%"), (0.995, 0, ">99%"), (1 - 1e-9, 0, ">99%"), (0.001, 0, "<1%"),
        (0.0, 1, "0.0%"), (1.0, 1, "100.0%"), (0.9716, 1, "97.2%"), (9_999 / 10_000, 1, ">99.9%"), (1e-4, 1, "<0.1%"),
        (1.25, 0, "125%"), (-0.001, 1, "-0.1%"), (np.float32(0.9999), 0, ">99%"),
    ],
)  # fmt: skip
def test_none_and_all_are_said_only_of_none_and_all(fraction, digits, words):
    assert percent(fraction, digits) == words


@pytest.mark.parametrize("images", [1, 2, 1000])
@pytest.mark.parametrize("state", [PASSED, FAILED, UNCLEAR])
@pytest.mark.parametrize("kind", KINDS)
def test_a_check_counts_its_images(kind, state, images):
    for value in (0.0, 1.0):
        detail = {"gradients": "zero"}.get(kind, "")
        said = sentence(Check(kind, state, value, 0.5, images, detail))
        assert not ONE.search(said), said
        assert not MANY.search(said), said


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("left", [0, 1, 2])
def test_an_evaluation_counts_its_images(n, left):
    model = sample_evaluation("standard", n, min(left, n))
    failed = replace(model, checks=tuple(replace(each, state=FAILED) for each in model.checks[:1]))
    for found in (model, failed):
        result = replace(evaluated(Evaluation()), models=(found,))
        said = [verdict(found).words, caption(result, falls(result), 0), matrix(result, 0).caption]
        said += [check_note(result), verdict_note(result)]
        for each in said:
            assert not ONE.search(each), each
            assert not MANY.search(each), each
    survivors = int(model.robust.sum())
    assert f"{survivors} withstand{'s' * (survivors == 1)} all" in matrix(replace(result, models=(model,)), 0).caption


def test_a_stage_in_the_plural_takes_no_verb_in_the_singular():
    result = evaluated(Evaluation())
    first = result.models[0]
    named = replace(first, stages=tuple(replace(each, name="further restarts") for each in first.stages))
    result = replace(result, models=(named,))
    assert "restarts breaks" not in caption(result, falls(result), 0)
    assert "by further restarts" in caption(result, falls(result), 0)
