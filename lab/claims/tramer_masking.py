"""Tramèr et al. 2018 on what one-step training learns instead: claims 34 to 43."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lab.claims.claim import BELOW, PLAIN, ClaimPart, PaperClaim, check
from lab.claims.estimates import of_images
from lab.claims.measures import FULL, STRONG, Measures
from lab.specs.attacks import BIM, FGSM, RFGSM, RStepLL, StepLL
from lab.specs.models import Trained

HOLDOUT = (Trained("standard-b"),)
"""An undefended model that no training here has seen."""

_MASKING = "python -m lab analyse Masking --model standard --model fgsm-trained"
_RANDOM = RFGSM(alpha=0.5)


@check(
    PaperClaim(
        34,
        "T",
        "§4.1, Tables 2 and 7",
        "On a model trained on one-step examples, a random step before the gradient step makes the attack stronger.",
        "v3 trained on Step-LL: 26.6 to 64.8% error; MNIST A: 2.2 to 14.8%",
        "FGSM-trained: accuracy under FGSM less that under R+FGSM: above 0.",
        "python -m lab attack --model fgsm-trained --attack RFGSM",
        ("fgsm",),
    )
)
def random_step_strengthens(measures: Measures) -> Sequence[ClaimPart]:
    """One difference."""
    drop = measures.right("fgsm", FGSM()).astype(float) - measures.right("fgsm", _RANDOM)
    return [ClaimPart("accuracy under FGSM less R+FGSM", of_images(drop))]


@check(
    PaperClaim(
        35,
        "T",
        "§4.1, Tables 1 and 7",
        "On a model trained on one-step examples, black-box one-step attacks are stronger than white-box ones.",
        "v3 trained on Step-LL: 26.6% error white box, 36.3% from v4; MNIST A: 2.2 and 10.7%",
        "FGSM-trained: accuracy under its own FGSM less that under FGSM on standard-b: above 0.",
        "python -m lab attack --model fgsm-trained --source standard-b --attack FGSM",
        ("fgsm",),
    )
)
def black_box_beats_white_box(measures: Measures) -> Sequence[ClaimPart]:
    """The same attack from a holdout model."""
    drop = measures.right("fgsm", FGSM()).astype(float) - measures.from_source("fgsm", HOLDOUT, FGSM(), FULL)
    return [ClaimPart("accuracy, white box less black box", of_images(drop))]


@check(
    PaperClaim(
        36,
        "T",
        "§4.1, Table 1",
        "Images made on a model trained on one-step examples are weaker against undefended models, too.",
        "Inception v4: 39.2% error from v3, 31.1% from v3 trained on Step-LL",
        "Accuracy of standard-b under FGSM images of an FGSM-trained model less under those of an undefended one, "
        "averaged over three ε below 0.3: above 0.",
        "python -m lab analyse TransferMatrix --model standard-b --model standard --model fgsm-trained",
        ("plain", "fgsm"),
    )
)
def trained_sources_are_weaker(measures: Measures) -> Sequence[ClaimPart]:
    """Each seed's model as the only source."""
    eps = (FULL / 8, FULL / 4, FULL / 2)

    def shown(network: str) -> np.ndarray:
        rows = [
            np.mean([measures.from_source("standard-b", (each,), FGSM(), one)[0] for one in eps], axis=0)
            for each in measures.models(network)
        ]
        return np.stack(rows)

    return [ClaimPart("accuracy, trained less undefended source", of_images(shown("fgsm") - shown("plain")))]


@check(
    PaperClaim(
        37,
        "T",
        "§4.1, Table 2",
        "A random step makes the attack stronger on undefended models, too.",
        "Inception v3: Step-LL 69.6%, R+Step-LL 80.0% error",
        "Undefended model: accuracy under Step-LL less that under R+Step-LL, averaged over four ε: above 0.",
        "python -m lab attack --model standard --attack RStepLL --eps 0.075",
        ("plain",),
    )
)
def random_step_helps_everywhere(measures: Measures) -> Sequence[ClaimPart]:
    """One difference."""
    drop = measures.over_eps("plain", StepLL()) - measures.over_eps("plain", RStepLL())
    return [ClaimPart("accuracy under Step-LL less R+Step-LL", of_images(drop))]


@check(
    PaperClaim(
        38,
        "T",
        "§4.1, Table 2",
        "On a model trained on one-step examples, a random step and one gradient step beat two gradient steps.",
        "v3 trained on Step-LL: R+Step-LL 64.8%, Iter-LL with two steps 58.5% error",
        "FGSM-trained: accuracy under two steps of BIM less that under R+FGSM: above 0.",
        _MASKING,
        ("fgsm",),
    )
)
def random_step_beats_second_step(measures: Measures) -> Sequence[ClaimPart]:
    """One difference."""
    drop = measures.right("fgsm", BIM(steps=2)).astype(float) - measures.right("fgsm", _RANDOM)
    return [ClaimPart("accuracy under two steps less R+FGSM", of_images(drop))]


@check(
    PaperClaim(
        39,
        "T",
        "§4.1, Table 6",
        "One-step training lowers the approximation ratio of one-step attacks.",
        "v3: 19 to 7%; MNIST A: 17 to 0%",
        "Approximation ratio of FGSM, undefended less FGSM-trained: above 0.",
        _MASKING,
        ("plain", "fgsm"),
    )
)
def approximation_falls(measures: Measures) -> Sequence[ClaimPart]:
    """Image by image."""
    drop = measures.approximation("plain") - measures.approximation("fgsm")
    return [ClaimPart("approximation ratio, undefended less FGSM-trained", of_images(drop))]


@check(
    PaperClaim(
        40,
        "T",
        "§4.1",
        "One-step training turns the one-step perturbation away from the iterative one, though its gradient does not "
        "vanish.",
        "cosine 0.13 to 0.02; mean norm of the gradient 0.10 to 0.17",
        "Cosine of FGSM's and PGD's perturbations, undefended less FGSM-trained: above 0; norm of the gradient, "
        "FGSM-trained less undefended: above 0.",
        _MASKING,
        ("plain", "fgsm"),
    )
)
def directions_part(measures: Measures) -> Sequence[ClaimPart]:
    """Both on the same images."""
    before, after = ([each for _, each in measures.masking(network)] for network in ("plain", "fgsm"))
    cosine, norm = (
        [np.stack([np.asarray(getattr(each, field), float) for each in models]) for models in (before, after)]
        for field in ("cosine", "gradient_norm")
    )
    return [
        ClaimPart("cosine, undefended less FGSM-trained", of_images(cosine[0] - cosine[1]), unit=PLAIN),
        ClaimPart("norm of the gradient, FGSM-trained less undefended", of_images(norm[1] - norm[0]), unit=PLAIN),
    ]


@check(
    PaperClaim(
        41,
        "T",
        "App. C.2, Tables 6 and 7",
        "Dropout on the input limits gradient masking.",
        "B with it: FGSM 11.6%, R+FGSM 11.1% error, ratio 8%; B* without: 4.3 and 40.6%, 1%",
        "FGSM training with less without dropout on the input: drop from FGSM to R+FGSM: below 0; approximation ratio: "
        "above 0. Dropout on inner layers is not examined.",
        "python -m lab train fgsm-training --set architecture=InputDropout --set epochs=24",
        ("fgsm", "fgsm-input-dropout"),
    )
)
def input_dropout_limits_masking(measures: Measures) -> Sequence[ClaimPart]:
    """Examples are made in training mode from Glorot weights, as the authors make them."""
    with_it, without = (
        measures.right(each, FGSM()).astype(float) - measures.right(each, _RANDOM)
        for each in ("fgsm-input-dropout", "fgsm")
    )
    ratio = measures.approximation("fgsm-input-dropout") - measures.approximation("fgsm")
    return [
        ClaimPart("drop from FGSM to R+FGSM, with less without", of_images(with_it - without), BELOW),
        ClaimPart("approximation ratio, with less without", of_images(ratio)),
    ]


@check(
    PaperClaim(
        42,
        "T",
        "App. C.2, Table 6",
        "The fully connected model D is closer to linear and less masked.",
        "ratio after training: D 16%, A 0%",
        "Approximation ratio after FGSM training, D less the small CNN: above 0.",
        "python -m lab train fgsm-training --set architecture=TramerD --set epochs=24",
        ("fgsm", "fgsm-d"),
    )
)
def fully_connected_masks_less(measures: Measures) -> Sequence[ClaimPart]:
    """Two architectures."""
    rise = measures.approximation("fgsm-d") - measures.approximation("fgsm")
    return [ClaimPart("approximation ratio, D less small CNN", of_images(rise))]


@check(
    PaperClaim(
        43,
        "T",
        "§4.1",
        "Training on R+FGSM withstands R+FGSM, but hardly iterative attacks.",
        "MNIST A: over 90% on R+FGSM, 18.0% under PGD with 20 steps",
        "rfgsm-trained: accuracy under R+FGSM above 90%, under PGD with 20 steps below 50%.",
        "python -m lab attack --model rfgsm-trained --attack PGD --set steps=20",
    )
)
def random_step_training_is_weak(measures: Measures) -> Sequence[ClaimPart]:
    """Two accuracies."""
    return [
        ClaimPart("accuracy under R+FGSM", of_images(measures.right("rfgsm-trained", _RANDOM)), bound=0.9),
        ClaimPart("accuracy under PGD", of_images(measures.right("rfgsm-trained", STRONG)), BELOW, 0.5),
    ]
