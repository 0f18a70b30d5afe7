"""One verdict on a model's robustness, in plain words with its numbers."""

from __future__ import annotations

from dataclasses import dataclass

from lab.counts import counted, percent
from lab.results.evaluation import CLEAN, FAILED, UNCLEAR, ModelEvaluation
from lab.results.evaluation_checks import flaws, sentence
from lab.results.intervals import interval_of
from lab.specs.threat import threat

BROKEN, MASKED, ROBUST, UNDECIDED = "broken", "masked", "robust as far as tested", "undecided"

_HIDING = {
    "gradients": "its gradient does not say where the loss rises",
    "differentiable": "a part of it is not differentiable",
    "saturated": "its softmax is saturated",
    "logits": "its output is not finite on some images",
    "randomness": "it is random",
    "batch": "its predictions depend on the rest of the batch",
    "state": "it keeps state between calls",
    "one step": "its gradient is masked for one step",
    "boundary": "its scores hide how near a decision is",
    "black box": "a black box breaks what gradient attacks leave",
    "transfer": "transferred images break what gradient attacks leave",
}

MASKING = frozenset(_HIDING)
"""The checks that fail where a model hides its gradient, or where its predictions are not its own."""

LITTLE = 0.1
"""Fraction of the correctly classified images that withstand at or below which a model is broken."""

SUBSTANTIAL = 0.25
"""The same, which the lower end of its 95% interval must reach before a model is called robust."""


@dataclass(frozen=True)
class EvaluationVerdict:
    """``kind`` (broken, masked, robust as far as tested, undecided), its ``words`` with the numbers, and the ``flaws``
    of the model or its defence that the checks found, each a sentence."""

    kind: str
    words: str
    flaws: tuple[str, ...]


def verdict(model: ModelEvaluation) -> EvaluationVerdict:
    """The verdict on what is known so far.

    Masked: a check found that the model hides its gradient, or that its predictions are not its own. Broken: at most a
    tenth of the correctly classified images withstands. Robust as far as tested: no check failed, and surely a quarter
    of them does, by the 95% interval. Undecided: between the two, another check failed, clean accuracy is no better
    than chance, or not all has been tried.
    """
    failed = flaws(model.checks)
    kind, reason = _decided(model, [each.kind for each in failed])
    because = f": {reason}" if reason else ""
    found = tuple(sentence(each) for each in failed)
    return EvaluationVerdict(kind, f"{kind.capitalize()}{because}. {_numbers(model, kind)}{_doubts(model)}", found)


def _decided(model: ModelEvaluation, failed: list[str]) -> tuple[str, str]:
    """The kind, and its reason."""
    hiding = [_HIDING[each] for each in failed if each in MASKING]
    if hiding:
        return MASKED, ", and ".join(dict.fromkeys(hiding))
    if not model.ball.eps:
        return UNDECIDED, "with ε 0 nothing was attacked"
    if not model.clean_accuracy > 0:
        return UNDECIDED, "no image is correctly classified"
    withstands = model.robust_accuracy / model.clean_accuracy
    if withstands <= LITTLE:
        return BROKEN, ""
    if failed:
        return UNDECIDED, "a sanity check failed"
    if model.done < 1:
        return UNDECIDED, "not all has been tried"
    if model.health.at_chance is not None:
        return UNDECIDED, "what guesses has nothing to lose, and its clean accuracy is no better than chance"
    if _least(model) < SUBSTANTIAL:
        return UNDECIDED, f"only {percent(withstands, 1)} of the correctly classified images withstand"
    return ROBUST, ""


def _least(model: ModelEvaluation) -> float:
    """The lower end of the 95% interval of the fraction of the correctly classified images that withstands."""
    low, _ = interval_of(model.robust[model.broken_by != CLEAN])
    return float(low)


def _numbers(model: ModelEvaluation, kind: str) -> str:
    low, high = model.interval(model.robust_accuracy)
    first = (
        f"{percent(model.accuracies()[1], 1)} withstand {model.stages[0].name}, "
        if model.stages and kind == MASKED
        else ""
    )
    return (
        f"Of {counted(model.n, 'image')}, {percent(model.clean_accuracy, 1)} are correctly classified, {first}and "
        f"{percent(model.robust_accuracy, 1)} (95% interval {low:.1%} to {high:.1%}) withstand every attack that "
        "was tried in "
        f"{threat(model.ball)}."
    )


def _doubts(model: ModelEvaluation) -> str:
    """Return further doubts about the number."""
    kept = any(each.kind == "state" and each.state == FAILED and not each.detail for each in model.checks)
    doubts = ["This number is not to be trusted, for no fresh copy of the model can be made."] * kept
    doubts += [sentence(each) for each in model.checks if each.kind == "mode" and each.state == UNCLEAR]
    return "".join(f" {each}" for each in doubts)
