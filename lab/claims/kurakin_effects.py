"""Kurakin et al. 2017 on label leaking, size, transfer and activations: claims 6 to 8 and 14 to 20."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lab.claims.claim import BELOW, ClaimPart, PaperClaim, check
from lab.claims.estimates import of_fraction, of_images, of_seeds
from lab.claims.measures import FULL, ITERATIVE, STRONG, Measures
from lab.results.transfer import TRANSFER
from lab.specs.attacks import FGSM, StepLL

_TRUE, _PREDICTED = FGSM(labels="true"), FGSM(labels="predicted")
_BASIC, _LEAST = ITERATIVE
_LEAKING = "python -m lab analyse Masking --model fgsm-leaking --model kurakin-trained"
_TRANSFER = "python -m lab analyse TransferMatrix --model standard --model standard-b"


@check(
    PaperClaim(
        6,
        "K",
        "§4.2, Table 3",
        "Label leaking: a model trained on FGSM with true labels is more accurate on FGSM images than on clean ones.",
        "76.6% clean, 86.2 to 88.7% on FGSM images",
        "Accuracy on FGSM images of the true label, averaged over four ε, less clean accuracy: above 0.",
        _LEAKING,
        ("fgsm-true",),
    )
)
def true_labels_leak(measures: Measures) -> Sequence[ClaimPart]:
    """One difference within a model."""
    rise = measures.over_eps("fgsm-true", _TRUE) - measures.clean("fgsm-true")
    return [ClaimPart("accuracy on FGSM images less clean accuracy", of_images(rise))]


@check(
    PaperClaim(
        7,
        "K",
        "§4.2",
        "Label leaking vanishes with Step-LL, and with iterative training.",
        "Step-LL: 77.3% clean, 72.0 to 73.4% attacked",
        "The same for Step-LL training under Step-LL, and for pgd-trained under PGD: both below 0.",
        _LEAKING,
        ("step-ll",),
    )
)
def leaking_vanishes_without_labels(measures: Measures) -> Sequence[ClaimPart]:
    """Two differences within models."""
    step = measures.over_eps("step-ll", StepLL()) - measures.clean("step-ll")
    iterated = measures.over_eps("pgd-trained", STRONG) - measures.clean("pgd-trained")
    return [
        ClaimPart("Step-LL training: accuracy on Step-LL images less clean", of_images(step), BELOW),
        ClaimPart("PGD training: accuracy on PGD images less clean", of_images(iterated), BELOW),
    ]


@check(
    PaperClaim(
        8,
        "K",
        "§4.2",
        "On MNIST some labels leak at ε 0.3, and adversarial error exceeds clean error all the same.",
        "79 of 10,000 labels",
        "Fraction of images whose label leaks at ε 0.3 in FGSM training with true labels: above 0; adversarial less "
        "clean error, averaged over four ε: above 0.",
        _LEAKING,
        ("fgsm-true",),
    )
)
def some_labels_leak(measures: Measures) -> Sequence[ClaimPart]:
    """Leaked: correct with the true label in the attack, wrong without it."""
    leaked = measures.right("fgsm-true", _TRUE) & ~measures.right("fgsm-true", _PREDICTED)
    error = measures.clean("fgsm-true") - measures.over_eps("fgsm-true", _TRUE)
    return [
        ClaimPart("labels that leak", of_fraction(leaked)),
        ClaimPart("adversarial error less clean error", of_images(error)),
    ]


def _ratio(measures: Measures, network: str) -> np.ndarray:
    """(S,) accuracy under Step-LL, averaged over the four ε, divided by clean accuracy."""
    return measures.over_eps(network, StepLL()).mean(1) / measures.clean(network).mean(1)


@check(
    PaperClaim(
        14,
        "K",
        "§4.3, Figure 1",
        "After adversarial training, larger models keep more of their accuracy under attack.",
        "ratio of adversarial to clean accuracy rises with ρ from 0.5 to 2",
        "Ratio of accuracy under Step-LL to clean accuracy after Step-LL training, width 16 less width 4: above 0.",
        "python -m lab train kurakin-training --vary architecture.width=4,8,16",
        ("step-ll-width-4", "step-ll-width-16"),
    )
)
def size_helps_adversarial_training(measures: Measures) -> Sequence[ClaimPart]:
    """A difference of ratios, seed by seed."""
    rise = _ratio(measures, "step-ll-width-16") - _ratio(measures, "step-ll-width-4")
    return [ClaimPart("ratio, width 16 less width 4", of_seeds(rise))]


@check(
    PaperClaim(
        15,
        "K",
        "§4.3, Figure 1",
        "Without adversarial training there is an optimal size for robustness.",
        "the optimum is at ρ below 2",
        "The same ratio of undefended models at width 8, less that at 4 and at 16: both above 0.",
        "python -m lab train standard-training --vary architecture.width=4,8,16",
        ("plain-width-4", "plain", "plain-width-16"),
    )
)
def undefended_models_have_a_best_size(measures: Measures) -> Sequence[ClaimPart]:
    """An optimum inside the three widths."""
    middle = _ratio(measures, "plain")
    return [
        ClaimPart(f"ratio, width 8 less width {width}", of_seeds(middle - _ratio(measures, f"plain-width-{width}")))
        for width in (4, 16)
    ]


@check(
    PaperClaim(
        16,
        "K",
        "§4.1, Table 1",
        "A larger model gains more from adversarial training and loses less clean accuracy.",
        "Step-LL at ε 16: 74.4 against 73.9%; clean loss 0.6 against 0.8 points",
        "Width 16 less width 8 after Step-LL training, under Step-LL: above 0; difference of their clean losses: "
        "below 0.",
        "python -m lab train kurakin-training --vary architecture.width=8,16",
        ("plain", "plain-width-16", "step-ll", "step-ll-width-16"),
    )
)
def larger_models_gain_more(measures: Measures) -> Sequence[ClaimPart]:
    """A difference, and a difference of differences."""
    attacked = measures.over_eps("step-ll-width-16", StepLL()) - measures.over_eps("step-ll", StepLL())
    large, base = (
        measures.clean(f"plain{width}").astype(float) - measures.clean(f"step-ll{width}") for width in ("-width-16", "")
    )
    return [
        ClaimPart("under Step-LL, width 16 less width 8", of_images(attacked)),
        ClaimPart("clean loss, width 16 less width 8", of_images(large - base), BELOW),
    ]


@check(
    PaperClaim(
        17,
        "K",
        "§4.4, Table 4",
        "FGSM images transfer best, Iter-LL images least.",
        "from Inception v3: FGSM 56 to 47%, basic iterative 46 to 33%, Iter-LL 13 to 9%",
        "Transfer rates among undefended models of several seeds at the largest ε: FGSM less BIM, and BIM less "
        "Iter-LL: both above 0.",
        _TRANSFER,
        ("plain",),
    )
)
def one_step_images_transfer_best(measures: Measures) -> Sequence[ClaimPart]:
    """Differences of rates, target by target."""
    one, basic, least = (measures.transfer_rates("plain", each) for each in (FGSM(), _BASIC, _LEAST))
    return [
        ClaimPart("transfer rate, FGSM less BIM", of_seeds(one - basic)),
        ClaimPart("transfer rate, BIM less Iter-LL", of_seeds(basic - least)),
    ]


@check(
    PaperClaim(
        18,
        "K",
        "§4.4",
        "The better an attack fools its source, the less its images transfer.",
        "Iter-LL fools in over 99% and transfers least; FGSM fools least and transfers best",
        "White-box success of Iter-LL less FGSM, averaged over four ε: above 0; transfer rate at the largest ε of "
        "FGSM less Iter-LL: above 0.",
        _TRANSFER,
        ("plain",),
    )
)
def success_and_transfer_are_opposed(measures: Measures) -> Sequence[ClaimPart]:
    """The two orders are opposite."""
    stronger = measures.over_eps("plain", FGSM()) - measures.over_eps("plain", _LEAST)
    rates = measures.transfer_rates("plain", FGSM()) - measures.transfer_rates("plain", _LEAST)
    return [
        ClaimPart("white-box success, Iter-LL less FGSM", of_images(stronger)),
        ClaimPart("transfer rate, FGSM less Iter-LL", of_seeds(rates)),
    ]


@check(
    PaperClaim(
        19,
        "K",
        "§4.4, Figure 2",
        "The transfer rate rises with ε, because transferred images increase faster than successful ones.",
        "from ε 8 to 16: transferred images +20%, successful ones less than +1%",
        "FGSM at the largest ε less half of it: transfer rate, and relative increase of transferred less that of "
        "successful images: both above 0.",
        _TRANSFER,
        ("plain",),
    )
)
def transfer_rises_with_eps(measures: Measures) -> Sequence[ClaimPart]:
    """Counts over all pairs of models, target by target."""
    transferred, successful = zip(*(_counts(measures, eps) for eps in (FULL / 2, FULL)), strict=True)
    rate = transferred[1] / successful[1] - transferred[0] / successful[0]
    faster = transferred[1] / transferred[0] - successful[1] / successful[0]
    return [
        ClaimPart("rise of the transfer rate", of_seeds(rate)),
        ClaimPart("relative increase, transferred less successful", of_seeds(faster)),
    ]


def _counts(measures: Measures, eps: float) -> tuple[np.ndarray, np.ndarray]:
    """(S,) images that transferred to each model, and of how many that fooled their source."""
    found = measures.transfer(measures.models("plain"), (FGSM(),), eps)
    shown = found.at(FGSM())
    assert shown is not None
    hits, of = (each.astype(float) for each in found.counts(shown, TRANSFER))
    for each in (hits, of):
        np.fill_diagonal(each, 0)
    return hits.sum(0), of.sum(0)


@check(
    PaperClaim(
        20,
        "K",
        "App. D, Table 7",
        "Activations other than ReLU withstand Iter-LL better and Step-LL worse.",
        "Iter-LL: ReLU 30.2%, decay 0.1 47.0%; Step-LL at ε 16: ReLU 74.5%, tanh 61.9%",
        "After Step-LL training, over four ε: ReLU with decay 0.1 less ReLU under Iter-LL: above 0; decay and tanh "
        "less ReLU under Step-LL: below 0.",
        "python -m lab train kurakin-training --vary architecture.activation=Relu,Tanh,ReluDecay",
        ("step-ll", "step-ll-relu-decay", "step-ll-tanh"),
    )
)
def activations_trade(measures: Measures) -> Sequence[ClaimPart]:
    """Both effects, in the same networks."""
    base = measures.over_eps("step-ll", StepLL())
    iterated = measures.over_eps("step-ll-relu-decay", _LEAST) - measures.over_eps("step-ll", _LEAST)
    decay, tanh = (measures.over_eps(f"step-ll-{each}", StepLL()) - base for each in ("relu-decay", "tanh"))
    return [
        ClaimPart("Iter-LL, decay less ReLU", of_images(iterated)),
        ClaimPart("Step-LL, decay less ReLU", of_images(decay), BELOW),
        ClaimPart("Step-LL, tanh less ReLU", of_images(tanh), BELOW),
    ]
