"""One verdict on a model: that of its evaluation, with the signs of a masked gradient as further reasons.

Tramèr et al. 2018, §4.1; Athalye et al. 2018, §3.1. One *decisive* sign is enough: it cannot occur where the gradient
shows the way. A *hint* also occurs on sound models (Tramèr et al., Table 2: a random step helps on undefended ones), so
two are asked for. Calibrated at 100 images on the shipped models and on four MNIST models, ε 0.1 to 0.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb
from typing import TYPE_CHECKING

import numpy as np

from lab.counts import counted, percent
from lab.results import evaluation_verdict
from lab.results.evaluation import ModelEvaluation
from lab.results.evaluation_verdict import BROKEN, LITTLE, MASKED, ROBUST, UNDECIDED
from lab.results.intervals import interval_of
from lab.results.masking import BLACK_BOX, MaskingResult, ModelMasking
from lab.specs.balls import Linf
from lab.specs.masking import Masking
from lab.specs.threat import radius

if TYPE_CHECKING:
    import pandas as pd  # a page that only draws does without its 25 MB

DECISIVE, HINT = "decisive", "hint"

SIGNIFICANT = 0.01
"""Largest chance that a difference between two attacks on the same images is luck: an exact sign test. Below the usual
0.05 because several signs are looked for on several models."""

ZERO_GRADIENTS = 0.05
"""Fraction of images with an exactly zero gradient, on which no gradient attack can move."""

GREY = 0.5
"""Radius in L∞ from which every image can be made plain grey, so that no model can do better than chance."""

_WORDS = {
    MASKED: "Masked: its gradient does not show how robust it is.",
    BROKEN: "Broken.",
    ROBUST: "Robust as far as tested.",
    UNDECIDED: "Undecided.",
}
_SETTLE = {
    MASKED: "Trust no one-step attack, and none that only follows this gradient. An evaluation with the standard "
    "budget also runs attacks without a gradient; adversarial examples of similar models are a further test.",
    BROKEN: "Nothing: a stronger attack could only break more. An evaluation shows what withstands at a smaller ε.",
    ROBUST: "Not finding an attack proves nothing: an evaluation with the standard or the thorough budget, on "
    "more images, could still lower the number, and so could an attack that is adapted to the defence.",
    UNDECIDED: "An evaluation with the standard budget, on more images, and PGD with more restarts.",
}


@dataclass(frozen=True)
class Sign:
    """Something to look for: its kind, whether it was found, and what was measured, in a sentence."""

    name: str
    kind: str
    found: bool
    words: str


@dataclass(frozen=True)
class MaskingVerdict:
    """``kind`` (broken, masked, robust as far as tested or undecided) and its ``words``; the ``signs``; the
    ``findings``, sentences of the evaluation with the attacks behind its numbers; what would ``settle`` it."""

    kind: str
    words: str
    signs: tuple[Sign, ...]
    findings: tuple[str, ...]
    settle: str


def verdict(result: MaskingResult, model: ModelMasking) -> MaskingVerdict:
    """The verdict on one model at the ball's eps; until it is evaluated, what the attacks here say."""
    looked_for = (
        _black_box(result, model),
        _not_chance(result, model),
        _zero_gradient(model),
        _shorter_step(result, model),
        _random_step(result, model),
        _one_step_black_box(result, model),
    )
    signs = tuple(sign for sign in looked_for if sign is not None)
    kind = MASKED if _hides(signs) else _kind(result, model)
    return MaskingVerdict(kind, _WORDS[kind], signs, _findings(model.evaluation), _SETTLE[kind])


def signs_frame(result: MaskingResult) -> pd.DataFrame:
    """One row per model and sign: the verdict's kind, whether the sign was found, and what was measured."""
    import pandas as pd

    rows = []
    for model in result.models:
        said = verdict(result, model)
        for sign in said.signs:
            about = {"model": model.model, "verdict": said.kind, "sign": sign.name, "found": sign.found}
            rows.append(about | {"kind": sign.kind, "measured": sign.words})
    return pd.DataFrame(rows)


def sentences(result: MaskingResult) -> list[str]:
    """Of each model the verdict, the evaluation's findings, the warnings of health, and what would settle it."""
    found = []
    for model in result.models:
        said = verdict(result, model)
        told = [said.words, *said.findings, *(f"Warning: {each}" for each in model.health.warnings)]
        found += [f"{model.model}: {each}" for each in (*told, f"What would settle it: {said.settle}")]
    return found


def _hides(signs: tuple[Sign, ...]) -> bool:
    found = [sign.kind for sign in signs if sign.found]
    return DECISIVE in found or found.count(HINT) > 1


def _kind(result: MaskingResult, model: ModelMasking) -> str:
    """The evaluation's verdict; without one never that a model is robust."""
    if model.evaluation is not None:
        return evaluation_verdict.verdict(model.evaluation).kind
    fooled = model.wrong[:, model.radii.index(result.spec.ball.eps)].any(0)
    return BROKEN if (~fooled).mean() <= LITTLE * (~model.clean_wrong).mean() else UNDECIDED


def _findings(found: ModelEvaluation | None) -> tuple[str, ...]:
    if found is None:
        return ()
    stages = ", ".join(f"{stage.name} broke {int(stage.broken.sum())}" for stage in found.stages if stage.broken.any())
    numbers = (
        f"Of {counted(found.n, 'image')} {percent(found.clean_accuracy, 1)} are correctly classified, and "
        f"{percent(found.robust_accuracy, 1)} withstand the {found.budget} evaluation "
        f"({stages or 'nothing broke any'})."
    )
    return (numbers, *evaluation_verdict.verdict(found).flaws)


def luck(stronger: np.ndarray, weaker: np.ndarray) -> float:
    """Chance that two equally strong attacks differ that much in this direction on the same images.

    The exact one-sided sign test of the images that only one of them fools (McNemar 1947); 1 where there are none.
    """
    only, other = int((stronger & ~weaker).sum()), int((weaker & ~stronger).sum())
    both = only + other
    return sum(comb(both, i) for i in range(only, both + 1)) / 2**both


def _black_box(result: MaskingResult, model: ModelMasking) -> Sign | None:
    """Images from another model fool more than the strongest attack on this one: Tramèr et al. 2018, Table 1."""
    if not model.sources:
        return None
    strongest = model.wrong[:, model.radii.index(result.spec.ball.eps)]
    white = strongest[strongest.mean(1).argmax()]
    name, black = _worst_black_box(model, tuple(range(len(BLACK_BOX))))
    words = f"{name} fools {_rate(black)}, the strongest attack on the model itself {_rate(white)}."
    return Sign("Black box against white box", DECISIVE, luck(black, white) < SIGNIFICANT, words)


def _one_step_black_box(result: MaskingResult, model: ModelMasking) -> Sign | None:
    """One step on another model fools more than one step on this one: Tramèr et al. 2018, §4.1, Table 1."""
    if not model.sources:
        return None
    white = result.wrong(model, "FGSM")
    name, black = _worst_black_box(model, (BLACK_BOX.index("FGSM"),))
    words = f"{name} fools {_rate(black)}, FGSM on the model itself {_rate(white)}."
    return Sign("One step on another model", HINT, luck(black, white) < SIGNIFICANT, words)


def _not_chance(result: MaskingResult, model: ModelMasking) -> Sign | None:
    """At a radius at which every image can be grey, the accuracy under PGD stays above chance."""
    eps = result.spec.radii[-1]
    if not isinstance(result.spec.ball, Linf) or eps < GREY or eps not in model.radii:
        return None
    right = ~model.wrong[-1, -1]
    low, _ = interval_of(right)
    words = f"At ε {radius(eps)} PGD leaves {_rate(right)} correctly classified; chance is {1 / result.classes:.0%}."
    return Sign("Accuracy at a large ε", DECISIVE, bool(low > 1 / result.classes), words)


def _zero_gradient(model: ModelMasking) -> Sign:
    rate = model.health.zero_gradient
    words = f"The gradient is exactly zero, or there is none, at {percent(rate)} of the images."
    return Sign("Zero gradients", DECISIVE, rate > ZERO_GRADIENTS, words)


def _shorter_step(result: MaskingResult, model: ModelMasking) -> Sign | None:
    """FGSM with a smaller ε fools more than with the whole: the loss turns away again. Tramèr et al. 2018, §4.1."""
    eps, fgsm = result.spec.ball.eps, Masking.attacks.index("FGSM")
    smaller = [i for i, radius in enumerate(model.radii) if radius < eps]
    if not smaller:
        return None
    shorter, whole = np.any(model.wrong[fgsm, smaller], axis=0), result.wrong(model, "FGSM")
    words = f"FGSM with a smaller ε fools {_rate(shorter)}, with the whole {_rate(whole)}."
    return Sign("A shorter step", DECISIVE, luck(shorter, whole) < SIGNIFICANT, words)


def _random_step(result: MaskingResult, model: ModelMasking) -> Sign:
    """R+FGSM, whose gradient is taken behind a random step, beats FGSM: Tramèr et al. 2018, §4.1, Table 2."""
    random, plain = result.wrong(model, "R+FGSM"), result.wrong(model, "FGSM")
    words = f"R+FGSM fools {_rate(random)}, FGSM {_rate(plain)}."
    return Sign("A random step first", HINT, luck(random, plain) < SIGNIFICANT, words)


def _worst_black_box(model: ModelMasking, attacks: tuple[int, ...]) -> tuple[str, np.ndarray]:
    """The attack on another model that fools most here, and (n,) whom it fools."""
    found = {
        f"{BLACK_BOX[attack]} on {source}": wrong[attack]
        for source, wrong in zip(model.sources, model.black_wrong, strict=True)
        for attack in attacks
    }
    name = max(found, key=lambda each: found[each].mean())
    return name, found[name]


def _rate(images: np.ndarray) -> str:
    return percent(images.mean())
