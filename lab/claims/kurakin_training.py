"""Kurakin et al. 2017 on what adversarial training by one-step methods does: claims 1 to 5 and 9 to 13."""

from __future__ import annotations

from collections.abc import Sequence

from lab.claims.claim import BELOW, MARGIN, ClaimPart, PaperClaim, check
from lab.claims.estimates import of_images
from lab.claims.measures import FULL, ITERATIVE, ONE_STEP, Measures
from lab.specs.attacks import StepLL, attack_titles

_METHODS = {"step-ll": "Step-LL", "step-rnd": "Step-rnd", "fgsm-true": "FGSM", "entropy": "entropy"}


@check(
    PaperClaim(
        1,
        "K",
        "§4.1, App. A",
        "Training on any one-step method raises the robustness to every one-step method.",
        "FGSM at ε 2 to 16: 43.2 to 40.0% after training on FGSM with predicted labels, 73.0 to 72.5% on Step-rnd",
        "Training on Step-LL and on FGSM less the undefended model, under each of four one-step attacks, averaged over "
        "four ε: above 0.",
        "python -m lab train kurakin-training --vary source.attack=StepLL,StepRnd,FGSM,FastEntropy",
        ("plain", "step-ll", "fgsm-true"),
    )
)
def any_one_step_training_helps(measures: Measures) -> Sequence[ClaimPart]:
    """Eight differences; the attacks use no true label."""
    parts = []
    for attack, title in zip(ONE_STEP, attack_titles(ONE_STEP), strict=True):
        before = measures.over_eps("plain", attack)
        for network in ("step-ll", "fgsm-true"):
            gain = of_images(measures.over_eps(network, attack) - before)
            parts.append(ClaimPart(f"gain under {title} by training on {_METHODS[network]}", gain))
    return parts


@check(
    PaperClaim(
        2,
        "K",
        "§4.1, Table 5",
        "Step-LL and Step-rnd are the best one-step methods to train with.",
        "FGSM at ε 16: Step-rnd 72.5%, Step-LL 72.2%, FGSM with predicted labels 40.0%",
        "Each of both less training on FGSM and on the entropy, averaged over four one-step attacks: above 0.",
        "python -m lab train kurakin-training --vary source.attack=StepLL,StepRnd,FGSM,FastEntropy",
        tuple(_METHODS),
    )
)
def least_likely_and_random_are_best(measures: Measures) -> Sequence[ClaimPart]:
    """Four differences between trainings."""
    found = {network: measures.over_eps(network, *ONE_STEP) for network in _METHODS}
    return [
        ClaimPart(f"{_METHODS[best]} less {_METHODS[other]} training", of_images(found[best] - found[other]))
        for best in ("step-ll", "step-rnd")
        for other in ("fgsm-true", "entropy")
    ]


@check(
    PaperClaim(
        3,
        "K",
        "App. A, Table 5",
        "Training on random noise does not help.",
        "FGSM at ε 2 to 16: 38.8 to 32.7% after training on random signs, Step-LL 72.9 to 72.2%",
        "Training on random signs less the undefended model, averaged over four one-step attacks: below 5 points.",
        "python -m lab train kurakin-training --set source.attack=RandomSign",
        ("plain", "random-sign"),
    )
)
def noise_does_not_help(measures: Measures) -> Sequence[ClaimPart]:
    """A null claim: the gain is below the margin."""
    gain = measures.over_eps("random-sign", *ONE_STEP) - measures.over_eps("plain", *ONE_STEP)
    return [ClaimPart("gain by training on random signs", of_images(gain), BELOW, MARGIN)]


@check(
    PaperClaim(
        4,
        "K",
        "§4.1",
        "Adversarial training costs less than 1% of clean accuracy.",
        "78.4 to 77.6% (ImageNet)",
        "Clean accuracy of the undefended model less the Step-LL-trained one: below 1 point.",
        "python -m lab attack --model standard --model kurakin-trained --attack StepLL",
        ("plain", "step-ll"),
    )
)
def clean_accuracy_is_kept(measures: Measures) -> Sequence[ClaimPart]:
    """One difference of clean accuracies."""
    cost = measures.clean("plain").astype(float) - measures.clean("step-ll")
    return [ClaimPart("loss of clean accuracy", of_images(cost), BELOW, 0.01)]


@check(
    PaperClaim(
        5,
        "K",
        "§4.1, Table 2",
        "Training on one-step examples gives no robustness to iterative attacks.",
        "basic iterative at ε 16: 23.2% with, 25.9% without; Iter-LL 1.5 and 0.7%",
        "Step-LL training less the undefended model under BIM and Iter-LL at the largest ε: below 5 points.",
        "python -m lab evaluate --model kurakin-trained",
        ("plain", "step-ll"),
    )
)
def iterative_attacks_still_succeed(measures: Measures) -> Sequence[ClaimPart]:
    """A null claim for each iterative attack."""
    return [
        ClaimPart(
            f"gain under {title}",
            of_images(measures.right("step-ll", attack).astype(float) - measures.right("plain", attack)),
            BELOW,
            MARGIN,
        )
        for attack, title in zip(ITERATIVE, attack_titles(ITERATIVE), strict=True)
    ]


@check(
    PaperClaim(
        9,
        "K",
        "§3",
        "Training with one fixed ε makes the model robust to that ε and not to others.",
        "stated without numbers",
        "FGSM training with ε fixed to 0.3: accuracy under FGSM with predicted labels at 0.3 less that at a half and "
        "at a quarter of it: above 0.",
        "python -m lab analyse RobustnessCurves --model fgsm-trained",
        ("fgsm",),
    )
)
def fixed_eps_does_not_generalise(measures: Measures) -> Sequence[ClaimPart]:
    """A smaller ε is the weaker adversary, and yet should fool more."""
    own = measures.right("fgsm", ONE_STEP[1]).astype(float)
    return [
        ClaimPart(f"accuracy at ε 0.3 less ε {eps:g}", of_images(own - measures.right("fgsm", ONE_STEP[1], eps)))
        for eps in (FULL / 2, FULL / 4)
    ]


@check(
    PaperClaim(
        10,
        "K",
        "App. E, Table 8",
        "More than half adversarial images in a batch gain nothing and cost clean accuracy.",
        "16 of 32: 77.6% clean, 75.4% at ε 16; 32 of 32: 76.3 and 75.8%",
        "All less half, under Step-LL: below 5 points; clean accuracy of half less all: above 0.",
        "python -m lab train kurakin-training --vary share=0.5,1",
        ("step-ll", "step-ll-all-adversarial"),
    )
)
def half_a_batch_is_enough(measures: Measures) -> Sequence[ClaimPart]:
    """The gain is a null claim; the cost is a difference."""
    gain = measures.over_eps("step-ll-all-adversarial", StepLL()) - measures.over_eps("step-ll", StepLL())
    cost = measures.clean("step-ll").astype(float) - measures.clean("step-ll-all-adversarial")
    return [
        ClaimPart("gain by attacking all of a batch", of_images(gain), BELOW, MARGIN),
        ClaimPart("its cost in clean accuracy", of_images(cost)),
    ]


@check(
    PaperClaim(
        11,
        "K",
        "§4",
        "Delaying adversarial training hardly changes clean accuracy and costs up to 4% of the adversarial one.",
        "at most 4% at large ε; no difference on clean images",
        "Undelayed less delayed by half of the steps: between -1 and 1 point clean, above 0 and below 5 points under "
        "Step-LL at the largest ε.",
        "python -m lab train kurakin-training --vary delay=0,900",
        ("step-ll", "step-ll-delayed"),
    )
)
def delay_matters_little(measures: Measures) -> Sequence[ClaimPart]:
    """Two bounds for each accuracy."""
    clean = of_images(measures.clean("step-ll").astype(float) - measures.clean("step-ll-delayed"))
    attacked = of_images(
        measures.right("step-ll", StepLL()).astype(float) - measures.right("step-ll-delayed", StepLL())
    )
    return [
        ClaimPart("clean accuracy, undelayed less delayed", clean, BELOW, 0.01),
        ClaimPart("clean accuracy, undelayed less delayed", clean, bound=-0.01),
        ClaimPart("under Step-LL, undelayed less delayed", attacked),
        ClaimPart("under Step-LL, undelayed less delayed", attacked, BELOW, MARGIN),
    ]


@check(
    PaperClaim(
        12,
        "K",
        "§4",
        "Without label smoothing clean accuracy falls a little and adversarial accuracy rises.",
        "clean -0.1 to -0.5%, adversarial +1 to +1.5%",
        "With smoothing 0.1 less without, clean: above 0; without less with, under Step-LL: above 0.",
        "python -m lab train kurakin-training --vary label_smoothing=0,0.1",
        ("step-ll", "step-ll-smoothed"),
    )
)
def smoothing_trades(measures: Measures) -> Sequence[ClaimPart]:
    """Two differences of opposite sign."""
    clean = measures.clean("step-ll-smoothed").astype(float) - measures.clean("step-ll")
    attacked = measures.over_eps("step-ll", StepLL()) - measures.over_eps("step-ll-smoothed", StepLL())
    return [
        ClaimPart("clean accuracy, smoothed less not", of_images(clean)),
        ClaimPart("under Step-LL, not smoothed less smoothed", of_images(attacked)),
    ]


@check(
    PaperClaim(
        13,
        "K",
        "§4",
        "Less weight decay lowers clean and adversarial accuracy.",
        "stated without numbers",
        "Weight decay 1e-3 less none, clean and under Step-LL: both above 0.",
        "python -m lab train kurakin-training --vary weight_decay=0,1e-3",
        ("step-ll", "step-ll-weight-decay"),
    )
)
def weight_decay_helps(measures: Measures) -> Sequence[ClaimPart]:
    """Two differences of one sign."""
    clean = measures.clean("step-ll-weight-decay").astype(float) - measures.clean("step-ll")
    attacked = measures.over_eps("step-ll-weight-decay", StepLL()) - measures.over_eps("step-ll", StepLL())
    return [
        ClaimPart("clean accuracy, with weight decay less without", of_images(clean)),
        ClaimPart("under Step-LL, with weight decay less without", of_images(attacked)),
    ]
