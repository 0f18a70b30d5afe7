"""One verdict on a model's gradient, with its reasons in words, and what would settle it.

Two kinds of sign. Those of *broken* gradients cannot occur where many gradient steps find what is there to be found,
so one is enough. Those of a *useless step* say that one step points nowhere, as Tramèr et al. 2018, §4.1 found; each
occurs now and then on sound models, too (their Table 2: a random step helps on all), so two are asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb
from typing import TYPE_CHECKING

import numpy as np

from lab.results.masking import BLACK_BOX, MaskingResult, ModelMasking
from lab.results.transfer import wilson
from lab.specs.balls import Linf

if TYPE_CHECKING:
    import pandas as pd  # a page that only draws does without its 25 MB

BROKEN, USELESS_STEP = "broken", "useless step"

SIGNIFICANT = 0.01
"""Largest chance that a difference between two attacks on the same images is luck: an exact sign test. Below the usual
0.05 because several signs are looked for on several models."""

APPROXIMATION = 0.5
"""Share of the best loss that one step should reach: where the loss is linear in the ball it reaches all of it, and at
less than half the straight line misses more than it tells. The papers name no limit, and their shares differ widely
(Tramèr et al. 2018, §4.1: 19 % and 7 %; Table 6: 17–49 % and 0–16 %), so this sign alone decides nothing."""

ZERO_GRADIENTS = 0.05
"""Share of images with an exactly zero gradient, on which no gradient attack can move."""

GREY = 0.5
"""Radius in L∞ from which every image can be made plain grey, so that no network can do better than chance."""

_SETTLE = {
    "masked": "No accuracy measured here says how robust the model is. An attack that needs no gradient (Square) and "
    "images from more, and more similar, models would.",
    "one step": "Believe no attack of one step here. PGD with more steps and restarts, and the black boxes, tell how "
    "robust the model is.",
    "doubtful": "One sign alone also occurs on sound models. PGD with more restarts, images from another model, and "
    "the loss surface near the image would settle it.",
    "no sign": "That no sign was found proves nothing: more restarts, more models as sources, and an attack without "
    "gradient (Square) could still find what is not seen here.",
}


@dataclass(frozen=True)
class Sign:
    """Something to look for: its kind, whether it was found, and what was measured, in a sentence."""

    name: str
    kind: str
    found: bool
    words: str


@dataclass(frozen=True)
class Verdict:
    """What the signs amount to: ``kind`` (masked, one step, doubtful or no sign), its words, what would settle it."""

    kind: str
    words: str
    signs: tuple[Sign, ...]
    settle: str


def verdict(result: MaskingResult, model: ModelMasking) -> Verdict:
    """The verdict on one model at the ball's eps."""
    signs = (
        *(sign for sign in (_black_box(result, model), _not_chance(result, model)) if sign is not None),
        _zero_gradient(model),
        _approximation(result, model),
        _random_step(result, model),
        *(sign for sign in (_one_step_black_box(result, model),) if sign is not None),
    )
    broken = [sign for sign in signs if sign.found and sign.kind == BROKEN]
    useless = [sign for sign in signs if sign.found and sign.kind == USELESS_STEP]
    kind = "masked" if broken else ("no sign", "doubtful", "one step")[min(len(useless), 2)]
    return Verdict(kind, _WORDS[kind], signs, _SETTLE[kind])


def signs_frame(result: MaskingResult) -> pd.DataFrame:
    """One row per model and sign: the verdict, whether the sign was found, and what was measured."""
    import pandas as pd

    rows = []
    for model in result.models:
        found = verdict(result, model)
        for sign in found.signs:
            about = {"model": model.model, "verdict": found.words, "sign": sign.name, "found": sign.found}
            rows.append(about | {"kind": sign.kind, "measured": sign.words})
    return pd.DataFrame(rows)


_WORDS = {
    "masked": "The gradient is masked: even many steps along it miss images that are there.",
    "one step": "The gradient is masked for one step: it points nowhere near the image, and many steps find the way.",
    "doubtful": "Doubtful: one sign of a masked gradient, no second one.",
    "no sign": "No sign of a masked gradient.",
}


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
    words = f"{name} fools {_share(black)}, the strongest attack on the model itself {_share(white)}."
    return Sign("Black box against white box", BROKEN, luck(black, white) < SIGNIFICANT, words)


def _one_step_black_box(result: MaskingResult, model: ModelMasking) -> Sign | None:
    """One step on another model fools more than one step on this one: Tramèr et al. 2018, §4.1, Table 1."""
    if not model.sources:
        return None
    white = result.wrong(model, "FGSM")
    name, black = _worst_black_box(model, (BLACK_BOX.index("FGSM"),))
    words = f"{name} fools {_share(black)}, FGSM on the model itself {_share(white)}."
    return Sign("One step on another model", USELESS_STEP, luck(black, white) < SIGNIFICANT, words)


def _not_chance(result: MaskingResult, model: ModelMasking) -> Sign | None:
    """At a radius at which every image can be grey, the accuracy under PGD stays above chance."""
    eps = result.spec.radii[-1]
    if not isinstance(result.spec.ball, Linf) or eps < GREY or eps not in model.radii:
        return None
    right = ~model.wrong[-1, -1]
    low, _ = wilson(right.sum(), np.array(len(right)))
    words = f"At ε {eps:g} PGD leaves {_share(right)} recognised; chance is {1 / result.classes:.0%}."
    return Sign("Accuracy at a large ε", BROKEN, bool(low > 1 / result.classes), words)


def _zero_gradient(model: ModelMasking) -> Sign:
    share = model.health.zero_gradient
    words = f"The gradient is exactly zero at {share:.0%} of the images."
    return Sign("Zero gradients", BROKEN, share > ZERO_GRADIENTS, words)


def _approximation(result: MaskingResult, model: ModelMasking) -> Sign:
    """Tramèr et al. 2018, §4.1 and Table 6."""
    shares = result.approximation(model)
    known = shares[~np.isnan(shares)]
    share = float(known.mean()) if len(known) else 1.0
    words = f"FGSM reaches {share:.0%} of the best loss found, on average over the images."
    return Sign("Loss after one step", USELESS_STEP, share < APPROXIMATION, words)


def _random_step(result: MaskingResult, model: ModelMasking) -> Sign:
    """R+FGSM, whose gradient is taken behind a random step, beats FGSM: Tramèr et al. 2018, §4.1, Table 2."""
    random, plain = result.wrong(model, "R+FGSM"), result.wrong(model, "FGSM")
    words = f"R+FGSM fools {_share(random)}, FGSM {_share(plain)}."
    return Sign("A random step first", USELESS_STEP, luck(random, plain) < SIGNIFICANT, words)


def _worst_black_box(model: ModelMasking, attacks: tuple[int, ...]) -> tuple[str, np.ndarray]:
    """The attack on another model that fools most here, and (n,) whom it fools."""
    found = {
        f"{BLACK_BOX[attack]} on {source}": wrong[attack]
        for source, wrong in zip(model.sources, model.black_wrong, strict=True)
        for attack in attacks
    }
    name = max(found, key=lambda each: found[each].mean())
    return name, found[name]


def _share(images: np.ndarray) -> str:
    return f"{images.mean():.0%}"
