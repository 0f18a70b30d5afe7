"""Every step of every story: what it computes is small, and its sentences are made from whatever numbers come out."""

import re
from functools import cache

import numpy as np
import pytest

from lab import catalogue, links
from lab.analysis import analyse
from lab.context import Context
from lab.cost import cost
from lab.links import PageState
from lab.results import CurvesResult, ModelCurves
from lab.specs import BIM, PGD, Embeddings, Evaluation, LossSurface, Masking, Restarts, Square, Trained, params
from lab.stories import STORIES, Amount, StoryOutcome
from lab.stories.story import complete
from tests.test_words import faults

STEPS = [(story, step) for story in STORIES for step in story.steps]
LONGEST = 190
"""Characters of a question: two lines of the card on a laptop."""


def name(value):
    return value.name


class Enough(Exception):
    """A partial result has what the step needs."""


@cache
def computed(step, models=()):
    """A real result of the step's request, on fewer images, with fewer steps; on other models if they are named."""
    spec = small(step.asked.replace(models=models) if models else step.asked)

    def enough(result):
        if step.enough is not complete and step.enough(result):
            raise Enough(result)

    try:
        return analyse(spec, Context(on_partial=enough))
    except Enough as found:
        return found.args[0]


def small(spec):
    fewer = {
        Embeddings: {"count": 10, "averaged": 4, "levels": 2},
        Evaluation: {"images": 6},
        LossSurface: {"points": 11},
        Masking: {"images": 30, "steps": 4},
        Restarts: {"attack": PGD(steps=3, restarts=4)},
    }.get(type(spec), {})
    if "searched" in params(spec):
        fewer |= {"images": 8, "attacks": tuple(map(shorter, spec.attacks))}
    elif "attacks" in params(spec):
        fewer |= {"images": 8}
    return spec.replace(**fewer)


def shorter(attack):
    """The same kind of attack in few steps."""
    if isinstance(attack, Square):
        return attack.replace(queries=10)
    return attack.replace(steps=3) if isinstance(attack, PGD | BIM) else attack


def test_there_are_six_stories_with_names_of_their_own():
    assert len(STORIES) == len({each.name for each in STORIES}) == 6
    for story in STORIES:
        assert len(story.steps) == len({each.name for each in story.steps}) >= 4
        assert re.fullmatch("[a-z-]+", story.name + "".join(each.name for each in story.steps))
    assert len(STEPS) == 25


@pytest.mark.parametrize(("story", "step"), STEPS, ids=name)
def test_a_step_can_be_a_link_of_its_page_and_costs_little(story, step):
    assert links.read(links.write(PageState(step.asked))).asked == step.asked
    catalogue.require_listed(step.asked)
    assert cost(step.asked).passes <= 250_000


@pytest.mark.parametrize(("story", "step"), STEPS, ids=name)
def test_a_question_is_short_and_its_options_differ(story, step):
    assert len(step.question) <= LONGEST
    assert step.question.endswith("?")
    if isinstance(step.guess, Amount):
        assert step.guess.least < step.guess.most
        assert step.guess.within < (step.guess.most - step.guess.least) / 4
    else:
        assert 2 <= len(step.guess) == len(set(step.guess)) <= 4


@pytest.mark.parametrize(("story", "step"), STEPS, ids=name)
def test_a_sentence_is_made_from_a_real_result(story, step):
    result = computed(step)
    outcome = step.outcome(result)
    assert step.admits(outcome.right), outcome
    assert re.search(r"\d", outcome.words)
    assert step.reply(None, result).words == outcome.words
    guesses = (step.guess.least, step.guess.most) if isinstance(step.guess, Amount) else range(len(step.guess))
    for guess in guesses:
        reply = step.reply(guess, result)
        said = step.guess.said(guess) if isinstance(step.guess, Amount) else step.guess[guess]
        assert said in reply.words
        assert not re.search(r"nan|None|  ", reply.words)
        assert faults(reply.words) == []
    assert step.reply(outcome.right, result).right


SWAPPED = [(story, step) for story, step in STEPS if step.asked.models == (Trained("fgsm-trained"),)]


@pytest.mark.slow
@pytest.mark.parametrize(("story", "step"), SWAPPED, ids=name)
def test_without_the_effect_a_sentence_says_what_did_come_out(story, step):
    """On a model that masks nothing the numbers are others, and so is what is right."""
    there, absent = (step.outcome(computed(step, (Trained(each),))) for each in ("fgsm-trained", "standard"))
    assert step.admits(absent.right)
    assert absent.words != there.words


FOOLING = [(story, step) for story, step in STEPS if step.name in ("by-many-steps", "random-step", "noise", "queries")]


@pytest.mark.parametrize(("story", "step"), FOOLING, ids=name)
def test_what_is_misclassified_without_an_attack_is_not_fooled(story, step):
    right = np.ones((len(step.asked.attacks), 3, 10), bool)
    right[:, :, :4] = False  # misclassified at every ε
    right[:, -1, 4:7] = False
    found = step.outcome(CurvesResult(step.asked, (ModelCurves("a", right, np.zeros(0)),), 1.0))
    assert "fools 3 of 10 images" in found.words or "fool 3 of 10 images" in found.words
    assert not re.search(r"\b7 of 10", found.words)
    if isinstance(step.guess, Amount):
        assert found.right == 30


def test_what_is_right_is_decided_by_the_numbers():
    [_, step] = STORIES[1].steps[:2]
    [options] = [each for each in STORIES[1].steps if each.name == "random-step"]

    def with_outcome(step, right):
        return type(step)(
            step.name, step.page, step.asked, step.question, step.guess, lambda _: StoryOutcome("1.", right)
        )

    assert with_outcome(step, 40).reply(43, None) == (with_outcome(step, 40).reply(43.0, None))
    assert "close enough" in with_outcome(step, 40).reply(44, None).words
    assert "too high" in with_outcome(step, 40).reply(60, None).words
    assert "too low" in with_outcome(step, 40).reply(3, None).words
    assert "the numbers say “weaker”" in with_outcome(options, 1).reply(0, None).words
    assert with_outcome(options, 0).reply(0, None).right


@pytest.mark.parametrize("guess", [None, "1", True, -1, 4, 1.5, [0], {}, float("nan"), 10**30])
def test_what_is_no_guess_is_not_admitted(guess):
    [options] = [each for each in STORIES[1].steps if each.name == "random-step"]
    assert not options.admits(guess)
    if guess not in (4, 1.5):
        [amount] = [each for each in STORIES[1].steps if each.name == "by-many-steps"]
        assert not amount.admits(guess)
