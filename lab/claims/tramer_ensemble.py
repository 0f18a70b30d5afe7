"""Tramèr et al. 2018 on ensemble adversarial training and beyond: claims 44 to 52."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lab.claims.claim import BELOW, MARGIN, ClaimPart, PaperClaim, check, leave_out
from lab.claims.estimates import of_fraction, of_images, of_seeds
from lab.claims.measures import FOUR, FULL, STRONG, Measures
from lab.claims.tramer_masking import HOLDOUT
from lab.specs.attacks import BIM, FGSM, PGD, AttackSpec, Margin, RStepLL, StepLL
from lab.specs.models import ModelSpec

_SUITE: tuple[AttackSpec, ...] = (FGSM(), BIM(steps=10), PGD(steps=20, objective=Margin()))
"""FGSM, I-FGSM with 10 steps and PGD on the CW loss, as in Table 8."""

_BLACK_BOX = "python -m lab attack --model ensemble-trained --model fgsm-trained --source standard-b --attack FGSM"
_MASKING = "python -m lab analyse Masking --model fgsm-trained --model ensemble-trained"


def _suite(measures: Measures, network: str) -> np.ndarray:
    """(attacks, S, n) whether each image of a holdout model is classified correctly."""
    found = [measures.from_source(network, HOLDOUT, each, FULL) for each in _SUITE]
    return np.stack(found).astype(float)


@check(
    PaperClaim(
        44,
        "T",
        "§4.2, Table 8",
        "Ensemble adversarial training lowers the largest and the average black-box error.",
        "MNIST A: largest 10.8 to 6.5%, average 7.7 to 4.3%",
        "Ensemble- less FGSM-trained under three attacks on standard-b: average accuracy, and the lowest of the three: "
        "both above 0.",
        _BLACK_BOX,
        ("fgsm", "ensemble"),
    )
)
def ensembles_resist_black_boxes(measures: Measures) -> Sequence[ClaimPart]:
    """The suite from one holdout model."""
    one, many = (_suite(measures, each) for each in ("fgsm", "ensemble"))
    worst = many.mean(2).min(0) - one.mean(2).min(0)
    return [
        ClaimPart("average black-box accuracy, ensemble less FGSM training", of_images(many.mean(0) - one.mean(0))),
        ClaimPart("lowest black-box accuracy, ensemble less FGSM training", of_seeds(worst)),
    ]


@check(
    PaperClaim(
        45,
        "T",
        "§4.2, Table 4",
        "Ensemble training costs robustness to white-box one-step attacks.",
        "v3: Step-LL error 26.6 to 30.0% (3 models), 43.3% (4 models)",
        "Accuracy under FGSM, FGSM- less ensemble-trained: above 0.",
        "python -m lab attack --model fgsm-trained --model ensemble-trained --attack FGSM",
        ("fgsm", "ensemble"),
    )
)
def ensembles_cost_white_box(measures: Measures) -> Sequence[ClaimPart]:
    """One difference."""
    cost = measures.right("fgsm", FGSM()).astype(float) - measures.right("ensemble", FGSM())
    return [ClaimPart("accuracy under FGSM, FGSM less ensemble training", of_images(cost))]


@check(
    PaperClaim(
        46,
        "T",
        "§4.2",
        "Ensemble training reduces gradient masking.",
        "approximation ratio 7 to 13 and 18%",
        "Approximation ratio, ensemble- less FGSM-trained: above 0.",
        _MASKING,
        ("fgsm", "ensemble"),
    )
)
def ensembles_mask_less(measures: Measures) -> Sequence[ClaimPart]:
    """Image by image."""
    rise = measures.approximation("ensemble") - measures.approximation("fgsm")
    return [ClaimPart("approximation ratio, ensemble less FGSM training", of_images(rise))]


@check(
    PaperClaim(
        47,
        "T",
        "§4.2",
        "Ensemble training does not withstand white-box iterative attacks.",
        "error rates like those of v3 trained on Step-LL",
        "Accuracy under PGD with 20 steps, ensemble- less FGSM-trained: below 5 points.",
        "python -m lab evaluate --model ensemble-trained",
        ("fgsm", "ensemble"),
    )
)
def ensembles_yield_to_iteration(measures: Measures) -> Sequence[ClaimPart]:
    """A null claim."""
    gain = measures.right("ensemble", STRONG).astype(float) - measures.right("fgsm", STRONG)
    return [ClaimPart("accuracy under PGD, ensemble less FGSM training", of_images(gain), BELOW, MARGIN)]


@check(
    PaperClaim(
        48,
        "T",
        "§4.2",
        "Attacking an ensemble of holdout models adds nothing to attacking them one by one.",
        "stated without numbers",
        "Ensemble-trained: lowest accuracy under FGSM on one of three holdout models less that under FGSM on their "
        "average: below 5 points.",
        "python -m lab attack --model ensemble-trained --attack EnsembleAttack --set attack=FGSM",
        ("plain", "ensemble"),
    )
)
def ensembles_of_sources_are_no_stronger(measures: Measures) -> Sequence[ClaimPart]:
    """The holdouts are standard-b and two undefended models of other seeds."""
    holdouts: tuple[ModelSpec, ...] = (*HOLDOUT, *measures.models("plain")[:2])
    alone = [measures.from_source("ensemble", (each,), FGSM(), FULL).mean(1) for each in holdouts]
    together = measures.from_source("ensemble", holdouts, FGSM(), FULL).mean(1)
    drop = of_seeds(np.min(alone, axis=0) - together)
    return [ClaimPart("accuracy, strongest single source less all", drop, BELOW, MARGIN)]


@check(
    PaperClaim(
        49,
        "T",
        "App. D, Table 9",
        "Images made after a random step transfer less.",
        "v3 from v4: Step-LL 43.8%, R+Step-LL 42.6% error; trained v3: 36.3 and 31.4%",
        "Undefended model under images of standard-b, averaged over four ε: accuracy under R+Step-LL less Step-LL: "
        "above 0.",
        "python -m lab attack --model standard --source standard-b --attack RStepLL",
        ("plain",),
    )
)
def random_steps_transfer_less(measures: Measures) -> Sequence[ClaimPart]:
    """From the same source."""
    random, plain = (
        np.mean([measures.from_source("plain", HOLDOUT, each, eps) for eps in FOUR], axis=0)
        for each in (RStepLL(), StepLL())
    )
    return [ClaimPart("accuracy under R+Step-LL less Step-LL", of_images(random - plain))]


@check(
    PaperClaim(
        50,
        "T",
        "§4.2, Figure 2",
        "Around images of a model trained on one-step examples there are either no orthogonal adversarial directions "
        "or very many.",
        "at ε 10 and 16: about 80% of the points none, most others at least 90",
        "FGSM-trained: fraction of correctly classified images with no or at least 90 directions: above 75%.",
        _MASKING,
        ("fgsm",),
    )
)
def directions_are_bimodal(measures: Measures) -> Sequence[ClaimPart]:
    """Of the images whose directions are counted, all seeds' together."""
    extreme = []
    for _, model in measures.masking("fgsm"):
        most = np.asarray(model.orthogonal)
        right = ~np.asarray(model.clean_wrong)[: len(most)]
        extreme.append(((most == 0) | (most >= 90))[right])
    return [ClaimPart("images with no or at least 90 directions", of_fraction(np.concatenate(extreme)), bound=0.75)]


@check(
    PaperClaim(
        51,
        "T",
        "App. C.1",
        "Rounding the inputs to black and white gives about Madry et al.'s robustness without adversarial training.",
        "MNIST at ε 0.3: at most 11.4% error under I-FGSM",
        "Undefended model behind such rounding, attacked with the straight-through gradient: error under BIM at most "
        "11.4%. The digits here are less black and white than MNIST's.",
        "python -m lab train standard-training --set architecture=Binarised",
        ("binarised",),
    )
)
def rounding_is_robust(measures: Measures) -> Sequence[ClaimPart]:
    """The attack passes the threshold as if it were the identity."""
    error = 1 - measures.right("binarised", BIM(steps=20)).astype(float)
    return [ClaimPart("error under BIM", of_images(error), BELOW, 0.114)]


leave_out(
    PaperClaim(
        52,
        "T",
        "App. C.1, Figure 3",
        "A rotation by 20° and five flipped pixels defeat rounding and Madry et al.'s model.",
        "MNIST: 65% accuracy after rotation, below 50% with flipped pixels",
        "Accuracy of both under the staged attack: below 50%.",
        "python -m lab attack --model pgd-trained --attack Staged --norm Extended",
        left_out="the models that it is about withstand ε 0.3 only on MNIST; the command attacks those of the digits",
    )
)
