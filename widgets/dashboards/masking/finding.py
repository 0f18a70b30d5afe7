"""Sentences that say what the figures of masking show, computed from the result: they cannot outlive their figures."""

from collections.abc import Callable

import numpy as np

from lab.counts import percent
from lab.results import MaskingResult, ModelMasking
from lab.results.masking import COMPARISONS
from lab.specs.masking import Masking
from lab.specs.threat import radius
from widgets.figures.masking.curves import chosen, correlations
from widgets.figures.masking.evidence import errors_of
from widgets.figures.masking.label_leaking import leaked_labels

_RISE = 0.05  # of the accuracy, by which it has to rise again to be said


def one_step_and_strongest(result: MaskingResult) -> str:
    """How often one step fools each model, and how often the attack that fools it most."""

    def compared(model: ModelMasking) -> str:
        rates = {attack.replace("<br>", " "): each.mean() for attack, each in errors_of(result, model).items()}
        strongest = max(rates, key=lambda name: rates[name])
        one = f"{percent(rates['FGSM'])} by FGSM"
        return one if strongest == "FGSM" else f"{one} and {percent(rates[strongest])} by {strongest}"

    said = _of_models(result, compared)
    return f"misclassified under one step and under the strongest attack: {said}" if said else ""


def fall_of_accuracy(result: MaskingResult, position: int) -> str:
    """How far PGD lowers the chosen model's accuracy, and whether it rises again with ε under another attack."""
    model = chosen(result, position)
    if model is None or not len(model.radii):
        return ""
    clean = 1 - model.clean_wrong.mean()
    right = 1 - model.wrong.mean(2)
    pgd = right[Masking.attacks.index("PGD")]
    found = f"PGD: {percent(clean)} → {percent(pgd[-1])} at ε {radius(model.radii[-1])}"
    one = right[Masking.attacks.index("FGSM")]
    least = int(one.argmin())
    if one[-1] - one[least] < _RISE:
        return f"{found} · FGSM: {percent(one[-1])}"
    again = (
        f"{percent(one[least])} at ε {radius(model.radii[least])}, {percent(one[-1])} at ε {radius(model.radii[-1])}"
    )
    return f"{found} · FGSM's rises again with ε: {again}"


def likeness_of_gradients(result: MaskingResult, position: int) -> str:
    """How alike the chosen model's gradients are at the largest ε."""
    model = chosen(result, position)
    if model is None or not len(model.radii):
        return ""
    last = {each.gradients: float(each.mean[-1]) for each in correlations(model)}
    known = {pair: last[pair] for pair in COMPARISONS[1:3] if np.isfinite(last[pair])}
    told = [f"{value:.2f} ({pair})".replace("-0", "−0") for pair, value in known.items()]
    return f"correlation at ε {radius(model.radii[-1])}: {', '.join(told)}" if told else ""


def found_by_one_step(result: MaskingResult) -> str:
    """What fraction of the best loss one step finds on average."""
    return _means(result, "one step finds on average", lambda model: result.approximation(model), percent)


def common_direction(result: MaskingResult) -> str:
    """How alike the perturbations of one step and of many are."""
    return _means(
        result, "mean cosine of the two perturbations", lambda model: model.cosine, lambda value: f"{value:.2f}"
    )


def most_leaked(result: MaskingResult) -> str:
    """At which ε most labels of each model leak."""
    told = []
    for each in leaked_labels(result):
        count = each.leaked.sum(1)
        if count.any():
            most = int(count.argmax())
            told.append(
                f"{each.model}: {count[most]} of {each.leaked.shape[1]} labels leak at ε {radius(each.radii[most])}"
            )
    return " · ".join(told)


def typical_directions(result: MaskingResult) -> str:
    """How many orthogonal directions fool each model on half of the images."""

    def typical(model: ModelMasking) -> str:
        return f"{np.median(model.orthogonal):g}"

    said = _of_models(result, lambda model: typical(model) if len(model.orthogonal) else "")
    return f"orthogonal directions that fool, median of the images: {said}" if said else ""


def _of_models(result: MaskingResult, found: Callable[[ModelMasking], str]) -> str:
    told = [(each.model, found(each)) for each in result.models]
    return ", ".join(f"{name} {words}" for name, words in told if words)


def _means(
    result: MaskingResult, what: str, values: Callable[[ModelMasking], np.ndarray], worded: Callable[[float], str]
) -> str:
    def mean(model: ModelMasking) -> str:
        known = values(model)[~np.isnan(values(model))]
        return worded(float(known.mean())) if len(known) else ""

    said = _of_models(result, mean)
    return f"{what}: {said}" if said else ""
