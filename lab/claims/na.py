"""Na et al. 2018 on cascade training, the similarity loss, and label leaking: claims 53 to 61."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lab.claims.claim import BELOW, PLAIN, ClaimPart, PaperClaim, check
from lab.claims.estimates import of_images, of_seeds
from lab.claims.measures import FOUR, FULL, ITERATIVE, Measures
from lab.results.masking import COMPARISONS
from lab.specs.attacks import FGSM, StepLL, attack_titles
from lab.specs.models import Trained

_BASIC = ITERATIVE[0]


def _others(models: Sequence[Trained]) -> list[Trained]:
    """For every seed's model the one of the next seed."""
    return [*models[1:], *models[:1]]


def _correlations(measures: Measures, first: Sequence[Trained], second: Sequence[Trained]) -> np.ndarray:
    """(S, m) correlation of BIM's perturbations, pair by pair."""
    pairs = zip(first, second, strict=True)
    return np.stack([measures.correlation(*pair, _BASIC, FULL).astype(float) for pair in pairs])


@check(
    PaperClaim(
        53,
        "N",
        "§3.1, Table 1, Figure 1",
        "Iterative images transfer best between models trained in the same way, whose perturbations are more alike.",
        "R20_K under iter FGSM: 55.8% from an undefended model, 28.5% from another R20_K",
        "Step-LL-trained under BIM images of an undefended model less under those of another Step-LL-trained one, both "
        "of other seeds: above 0; correlation of perturbations, alike less not: above 0.",
        "python -m lab analyse TransferMatrix --model kurakin-trained --model standard --model standard-b",
        ("plain", "step-ll"),
    )
)
def like_models_share_perturbations(measures: Measures) -> Sequence[ClaimPart]:
    """Each model with the next seed's, defended and not."""
    defended = measures.models("step-ll")
    alike, unlike = _others(defended), _others(measures.models("plain"))
    rows = [
        np.stack([_shown(measures, target, source) for target, source in zip(defended, sources, strict=True)])
        for sources in (unlike, alike)
    ]
    correlation = _correlations(measures, defended, alike) - _correlations(measures, defended, unlike)
    return [
        ClaimPart("accuracy, undefended less like source", of_images(rows[0] - rows[1])),
        ClaimPart("correlation of perturbations, alike less not", of_images(correlation), unit=PLAIN),
    ]


def _shown(measures: Measures, target: Trained, source: Trained) -> np.ndarray:
    """(n,) whether the target classifies the source's images at the full ε correctly."""
    shown = measures.transfer((target, source), (_BASIC,), FULL).at(_BASIC)
    assert shown is not None
    return (shown.rank[1, 0] == 0).astype(float)


@check(
    PaperClaim(
        54,
        "N",
        "§4.1, Table 2",
        "The pivot loss raises the robustness to iterative attacks over Kurakin et al.'s training.",
        "MNIST, iter FGSM: 60.2 to 88.9%; iter ll 89.0 to 96.9%",
        "Pivot less Step-LL training, averaged over four ε, under BIM and Iter-LL: both above 0.",
        "python -m lab analyse RobustnessCurves --model kurakin-trained --model pivot-trained",
        ("step-ll", "pivot"),
    )
)
def pivot_resists_iteration(measures: Measures) -> Sequence[ClaimPart]:
    """In the units and with the gradient of the authors' code."""
    return [
        ClaimPart(
            f"under {title}, pivot less Step-LL training",
            of_images(measures.over_eps("pivot", attack) - measures.over_eps("step-ll", attack)),
        )
        for attack, title in zip(ITERATIVE, attack_titles(ITERATIVE), strict=True)
    ]


@check(
    PaperClaim(
        55,
        "N",
        "§4.3, Figure 5",
        "A larger λ₂ trades clean accuracy for adversarial accuracy.",
        "CIFAR-10: shown over λ₂; above 0.3 training diverges",
        "λ₂ 1e-2 less 1e-4: under BIM, averaged over four ε: above 0; clean accuracy: below 0.",
        "python -m lab train pivot-training --vary similarity.weight=1e-4,1e-2",
        ("pivot", "pivot-strong"),
    )
)
def weight_trades(measures: Measures) -> Sequence[ClaimPart]:
    """Two differences of opposite sign."""
    attacked = measures.over_eps("pivot-strong", _BASIC) - measures.over_eps("pivot", _BASIC)
    clean = measures.clean("pivot-strong").astype(float) - measures.clean("pivot")
    return [
        ClaimPart("under BIM, larger less smaller λ₂", of_images(attacked)),
        ClaimPart("clean accuracy, larger less smaller λ₂", of_images(clean), BELOW),
    ]


@check(
    PaperClaim(
        56,
        "N",
        "§4.2, Figure 4",
        "The pivot loss shortens the paths of embeddings under attack, and the embeddings themselves.",
        "shown in scatter plots for MNIST",
        "Distance of embeddings under BIM at ε 0.3, and distance between classes, Step-LL less pivot training: both "
        "above 0.",
        "python -m lab analyse Embeddings --model flat-kurakin --model flat-pivot",
        ("step-ll", "pivot"),
    )
)
def pivot_draws_embeddings_together(measures: Measures) -> Sequence[ClaimPart]:
    """The input of the last layer."""
    before, after = (measures.embeddings(each).models for each in ("step-ll", "pivot"))
    path = np.stack([b.distance[-1].astype(float) - a.distance[-1] for b, a in zip(before, after, strict=True)])
    between = np.array([b.between - a.between for b, a in zip(before, after, strict=True)])
    return [
        ClaimPart("distance under attack, Step-LL less pivot", of_images(path), unit=PLAIN),
        ClaimPart("distance between classes, Step-LL less pivot", of_seeds(between), unit=PLAIN),
    ]


@check(
    PaperClaim(
        57,
        "N",
        "§5.2, Table 3",
        "Cascade training helps against iterative attacks and costs robustness to one-step ones.",
        "CIFAR-10, iter FGSM at ε 4: R110_K 9.2%, R110_K,C 33.4%",
        "Cascade less Step-LL training, averaged over four ε: under BIM above 0, under Step-LL below 0.",
        "python -m lab analyse RobustnessCurves --model kurakin-trained --model cascade-trained",
        ("step-ll", "cascade"),
    )
)
def cascade_trades(measures: Measures) -> Sequence[ClaimPart]:
    """Two differences of opposite sign."""
    iterated, single = (
        of_images(measures.over_eps("cascade", each) - measures.over_eps("step-ll", each))
        for each in (_BASIC, StepLL())
    )
    return [
        ClaimPart("under BIM, cascade less Step-LL training", iterated),
        ClaimPart("under Step-LL, cascade less Step-LL training", single, BELOW),
    ]


@check(
    PaperClaim(
        58,
        "N",
        "§5.1, Figure 6",
        "Models of the same initial weights have more alike perturbations.",
        "shown over ε; deeper models of other initial weights are less alike",
        "Correlation of BIM's perturbations on a pivot- and a Step-LL-trained model, same less other seed: above 0. "
        "Depth is not examined.",
        "python -m lab analyse TransferMatrix --model kurakin-trained --model pivot-trained",
        ("step-ll", "pivot"),
    )
)
def shared_start_matters(measures: Measures) -> Sequence[ClaimPart]:
    """The pairs share the seed of the initial weights and of the order of images, or neither."""
    kurakin, pivot = measures.models("step-ll"), measures.models("pivot")
    alike = _correlations(measures, kurakin, pivot) - _correlations(measures, kurakin, _others(pivot))
    return [ClaimPart("correlation of perturbations, same less other start", of_images(alike), unit=PLAIN)]


@check(
    PaperClaim(
        59,
        "N",
        "§5.2, App. D",
        "Labels leak although training does not use them: after Step-LL training FGSM images are classified better "
        "than clean ones.",
        "seen on CIFAR-10 for R20_K and R110_K",
        "Step-LL-trained: accuracy on FGSM images of the true label, over four ε, less clean accuracy: above 0.",
        "python -m lab analyse Masking --model kurakin-trained",
        ("step-ll",),
    )
)
def labels_leak_without_training_on_them(measures: Measures) -> Sequence[ClaimPart]:
    """One difference within a model."""
    rise = measures.over_eps("step-ll", FGSM()) - measures.clean("step-ll")
    return [ClaimPart("accuracy on FGSM images less clean accuracy", of_images(rise))]


@check(
    PaperClaim(
        60,
        "N",
        "App. D, Figure 8",
        "After one-step training the gradient at an FGSM image of small ε opposes the gradient at the clean image.",
        "slightly negative at ε 1 to 3 (R20_K) and 1 to 4 (R20_P)",
        "Correlation of both gradients at the smallest of four ε, Step-LL- and pivot-trained: below 0.",
        "python -m lab analyse Masking --model kurakin-trained --model pivot-trained",
        ("step-ll", "pivot"),
    )
)
def gradients_oppose(measures: Measures) -> Sequence[ClaimPart]:
    """The paper's second comparison, at its ε of 2."""
    return [
        ClaimPart(
            f"correlation at the FGSM image, {name}",
            of_images(measures.gradient_correlation(network, COMPARISONS[1], FOUR[0])),
            BELOW,
            unit=PLAIN,
        )
        for network, name in (("step-ll", "Step-LL training"), ("pivot", "pivot training"))
    ]


@check(
    PaperClaim(
        61,
        "N",
        "App. F, Figure 9",
        "Adversarial examples by Carlini and Wagner's attack lie farther away from pivot-trained models.",
        "MNIST, distance above 0.3: 0% undefended, 46% R20_K, 82% R20_P",
        "Distance of the nearest adversarial example, pivot less Step-LL training: above 0.",
        "python -m lab analyse RobustnessCurves --model kurakin-trained --model pivot-trained",
        ("step-ll", "pivot"),
    )
)
def pivot_pushes_examples_away(measures: Measures) -> Sequence[ClaimPart]:
    """Image by image, in L∞."""
    rise = measures.distances("pivot").astype(float) - measures.distances("step-ll")
    return [ClaimPart("distance, pivot less Step-LL training", of_images(rise), unit=PLAIN)]
