"""The sanity checks of an evaluation, in words. Athalye et al. 2018; Carlini et al. 2019; Tramèr et al. 2020.

What ``value`` and ``reference`` of a check mean stands with its kind in ``_SENTENCES``. Where an attack should find
nothing new they are the robust accuracy after it and before it; ``images`` is on how many images it was tried.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import isnan

from lab.counts import counted, percent
from lab.results.evaluation import FAILED, NOT_NEEDED, PASSED, SKIPPED, UNCLEAR, Check

KINDS: dict[str, str] = {
    "gradients": "Gradients exist, are finite and do not vanish",
    "differentiable": "Every part of the model is differentiable",
    "saturated": "The softmax does not hide the gradient",
    "logits": "The model returns finite logits",
    "randomness": "The same image gets the same prediction twice",
    "batch": "Predictions do not depend on the rest of the batch",
    "state": "The model keeps nothing between calls",
    "mode": "The model comes in evaluation mode",
    "one step": "Iterative attacks are at least as strong as one step",
    "boundary": "The margin falls to zero at the decision boundary",
    "black box": "The white box is at least as strong as the black box",
    "transfer": "The white box is at least as strong as transfer",
    "noise": "Random noise is weaker than the attacks",
    "converged": "More steps and restarts gain nothing",
    "monotone": "Accuracy falls as ε grows",
    "unbounded": "An unbounded attack succeeds on every image",
}
"""Every check by its kind: what holds where nothing is wrong."""


def sentence(check: Check) -> str:
    """Word the measurement in one sentence with its numbers."""
    if check.state == SKIPPED:
        return f"Not checked: {check.detail}."
    if check.state == NOT_NEEDED:
        return "Not needed: the attacks before had left no image to try."
    return _SENTENCES[check.kind](check)


def not_needed(checks: Iterable[Check]) -> str:
    """Word which checks were not needed, in one sentence; empty where all others ran."""
    kinds = [KINDS[each.kind] for each in checks if each.state == NOT_NEEDED]
    return f"Not needed, for no image was left to try: {'; '.join(kinds)}." if kinds else ""


def flaws(checks: tuple[Check, ...]) -> tuple[Check, ...]:
    """The checks that failed."""
    return tuple(each for each in checks if each.state == FAILED)


def _gradients(check: Check) -> str:
    if check.state == PASSED:
        return f"The gradient exists and is finite on {_all(check)}, and the loss rises along it."
    if check.detail == "missing":
        return "The model has no gradient: its output does not depend differentiably on its input."
    wrong = {
        "zero": "The gradient is exactly zero",
        "not finite": "The gradient is not finite",
        "false": "The loss does not follow the gradient (it is quantised, or the gradient is another function's)",
    }
    images = counted(check.images, "image")
    return f"{wrong[check.detail]} at {percent(check.value)} of {images}, so gradient attacks are blind there."


def _differentiable(check: Check) -> str:
    return f"BPDA, which passes gradients straight through what has none, {_effect(check)}."


def _saturated(check: Check) -> str:
    if check.state == PASSED:
        return "An attack on plain cross-entropy does as well as one that cannot underflow."
    return (
        f"The softmax is saturated: an attack on plain cross-entropy leaves {percent(check.value)} of "
        f"{counted(check.images, 'image')}, one whose gradient cannot underflow {percent(check.reference)}."
    )


def _logits(check: Check) -> str:
    if check.detail == "probabilities":
        return "The model returns probabilities, not logits: attacks lose the gradient where it is sure."
    if check.value:
        return (
            f"The output is not finite for {percent(check.value)} of the adversarial images: they count as broken, for "
            "refusing an image is not classifying it."
        )
    return "All outputs are finite."


def _randomness(check: Check) -> str:
    if check.state == PASSED:
        return f"The logits are the same every time on {_all(check)}."
    return (
        f"The model is random: the logits of {percent(check.value)} and the predictions of "
        f"{percent(check.reference)} of {counted(check.images, 'image')} change from call to call. "
        + (
            f"It is attacked and judged in expectation ({check.detail})."
            if check.detail.startswith("EOT")
            else f"They change by at most {check.detail} of the largest logit, too little to be averaged over."
        )
    )


def _batch(check: Check) -> str:
    if check.state == PASSED:
        return f"The logits are the same alone as among others on {_all(check)}."
    return (
        f"The prediction of {percent(check.value)} and the logits of {percent(check.reference)} of "
        f"{counted(check.images, 'image')} depend on the "
        f"other images of the batch{': each is attacked and judged alone' if check.detail else ''}."
    )


def _state(check: Check) -> str:
    if check.state == PASSED:
        return f"The logits are the same after other calls as before on {_all(check)}."
    return (
        f"The model keeps state between calls: the logits of {percent(check.value)} and the predictions of "
        f"{percent(check.reference)} of "
        f"{counted(check.images, 'image')} depend on what it was shown before. "
        + (
            "Every call is attacked and judged on a fresh copy."
            if check.detail
            else "No fresh copy of it can be made, so its robust accuracy is not to be trusted."
        )
    )


def _mode(check: Check) -> str:
    if not check.detail:
        return "The model was handed over in evaluation mode."
    came = "The model was handed over in training mode and evaluated in evaluation mode"
    if check.state == PASSED:
        return f"{came}, in which it returns the same logits."
    images = counted(check.images, "image")
    others = "" if isnan(check.value) else f", in which the logits of {percent(check.value)} of {images} differ"
    return f"{came}{others}: call its eval() first if that is the model you mean."


def _one_step(check: Check) -> str:
    if check.detail:
        return (
            f"The gradient is masked for one step: FGSM leaves {percent(check.value)} of "
            f"{counted(check.images, 'image')}, APGD {percent(check.reference)}; {check.detail}."
        )
    return f"FGSM leaves {percent(check.value)} of {counted(check.images, 'image')}, APGD {percent(check.reference)}."


def _boundary(check: Check) -> str:
    images = counted(check.images, "image")
    if check.state == PASSED:
        return f"On the path to another class the margin falls to zero on {_all(check)}."
    return (
        f"On the path to another class the margin jumps at the decision boundary, or is still high close to it, on "
        f"{percent(check.value)} of {images}: scores do not say how near a decision is."
    )


def _black_box(check: Check) -> str:
    return f"{check.detail}, {_effect(check)}."


def _transfer(check: Check) -> str:
    return f"Adversarial examples of {check.detail}, an undefended model, {_effect(check)}."


def _noise(check: Check) -> str:
    return f"Noise of size ε ({check.detail}) {_effect(check)}."


def _converged(check: Check) -> str:
    return f"Further restarts ({check.detail}) {_effect(check)}."


def _monotone(check: Check) -> str:
    return f"An attack in a smaller ball ({check.detail}) {_effect(check)}."


def _unbounded(check: Check) -> str:
    return (
        f"With {check.detail}, where an image can become any other, {percent(check.value)} of {check.images} are left."
    )


def _effect(check: Check) -> str:
    """Word the effect of an attack that should find nothing new."""
    if not check.images:
        return "had no image left to try"
    tried = counted(check.images, "image")
    if check.value >= check.reference:
        none = "did not break the one image" if check.images == 1 else f"broke none of the {tried}"
        return f"{none} tried that the attacks before had left"
    return f"lowered robust accuracy from {percent(check.reference, 1)} to {percent(check.value, 1)} ({tried} tried)"


def _all(check: Check) -> str:
    return "the one image tried" if check.images == 1 else f"all {check.images:,} images tried"


_SENTENCES: dict[str, Callable[[Check], str]] = {
    "gradients": _gradients,
    "differentiable": _differentiable,
    "saturated": _saturated,
    "logits": _logits,
    "randomness": _randomness,
    "batch": _batch,
    "state": _state,
    "mode": _mode,
    "one step": _one_step,
    "boundary": _boundary,
    "black box": _black_box,
    "transfer": _transfer,
    "noise": _noise,
    "converged": _converged,
    "monotone": _monotone,
    "unbounded": _unbounded,
}

__all__ = ["FAILED", "KINDS", "NOT_NEEDED", "PASSED", "SKIPPED", "UNCLEAR", "flaws", "sentence"]
