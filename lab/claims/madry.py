"""Madry et al. 2017 on the maxima that PGD finds, on capacity, and on robust models: claims 21 to 33."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lab.claims.claim import BELOW, DEGREES, MARGIN, PLAIN, ClaimPart, PaperClaim, check, leave_out
from lab.claims.estimates import of_fraction, of_images, of_seeds
from lab.claims.measures import FULL, STRONG, Measures
from lab.specs.attacks import FGSM, PGD
from lab.specs.models import Trained

_UNDEFENDED, _ROBUST = "standard", "pgd-trained"
_RESTARTS = "python -m lab analyse Restarts --model standard --model pgd-trained"
_WIDTHS = "python -m lab train pgd-training --set source.attack.steps=5 --set epochs=12 --vary architecture.width=2,8"


@check(
    PaperClaim(
        21,
        "M",
        "§3.1, Figure 1",
        "Many restarts of PGD end in well-concentrated losses without extreme outliers.",
        "shown in histograms of 200 restarts, verified on about 100,000",
        "For 16 images of an undefended and a PGD-trained model, 50 restarts: standard deviation of the final losses "
        "below a quarter of their mean, largest of them less than 5 standard deviations above it.",
        _RESTARTS,
    )
)
def losses_are_concentrated(measures: Measures) -> Sequence[ClaimPart]:
    """Averages over the images."""
    parts = []
    for model in (_UNDEFENDED, _ROBUST):
        [found] = measures.restarts(model).models
        final = found.final_loss.astype(float)
        spread, mean = final.std(0, ddof=1), final.mean(0)
        outlier = (final.max(0) - mean) / np.maximum(spread, 1e-9)
        parts += [
            ClaimPart(f"{model}: standard deviation relative to the mean", of_images(spread / mean), BELOW, 0.25),
            ClaimPart(f"{model}: largest loss in standard deviations", of_images(outlier), BELOW, 5.0, PLAIN),
        ]
    return parts


@check(
    PaperClaim(
        22,
        "M",
        "§3.1, Figure 2",
        "The loss rises steadily along PGD's steps and plateaus rapidly.",
        "shown in curves of 100 steps for MNIST",
        "Fraction of the rise reached after half of 40 steps: above 90%.",
        _RESTARTS,
    )
)
def losses_plateau(measures: Measures) -> Sequence[ClaimPart]:
    """Of each image's mean curve over the restarts."""
    parts = []
    for model in (_UNDEFENDED, _ROBUST):
        [found] = measures.restarts(model).models
        curve = found.loss.astype(float).mean(0)
        reached = (curve[len(curve) // 2] - curve[0]) / (curve[-1] - curve[0])
        parts.append(ClaimPart(f"{model}: fraction of the rise after half of the steps", of_images(reached), bound=0.9))
    return parts


@check(
    PaperClaim(
        23,
        "M",
        "§3.1",
        "The maxima are about as far apart as random points, and their angles are about 90°.",
        "distances close to those of random points, angles close to 90°",
        "Distances relative to random points': between 0.8 and 1.2; angles: above 80°.",
        _RESTARTS,
    )
)
def maxima_are_distinct(measures: Measures) -> Sequence[ClaimPart]:
    """Averages over the pairs of 50 maxima of each image."""
    parts = []
    for model in (_UNDEFENDED, _ROBUST):
        result = measures.restarts(model)
        [found] = result.models
        relative = of_images(found.distance.mean(1) / result.random_distance.mean(1))
        parts += [
            ClaimPart(f"{model}: angle between maxima", of_images(found.angle.mean(1)), bound=80.0, unit=DEGREES),
            ClaimPart(f"{model}: distance relative to random points", relative, bound=0.8, unit=PLAIN),
            ClaimPart(f"{model}: distance relative to random points", relative, BELOW, 1.2, PLAIN),
        ]
    return parts


@check(
    PaperClaim(
        24,
        "M",
        "§3.1",
        "Some adversarial perturbations have a negative inner product with the gradient, and their correlation with it "
        "falls as ε grows.",
        "stated without numbers",
        "Fraction of PGD's ends with a negative inner product: above 0; cosine at ε 0.1 less that at 0.3: above 0.",
        _RESTARTS,
    )
)
def some_perturbations_oppose_the_gradient(measures: Measures) -> Sequence[ClaimPart]:
    """Images that the model classifies correctly or not alike, as in the other claims of this section."""
    parts = []
    for model in (_UNDEFENDED, _ROBUST):
        far, near = (measures.restarts(model, eps).models[0].alignment.astype(float) for eps in (FULL, FULL / 3))
        parts += [
            ClaimPart(f"{model}: negative inner products", of_fraction((far < 0).ravel())),
            ClaimPart(f"{model}: cosine, smaller less larger ε", of_images((near - far).mean(0)), unit=PLAIN),
        ]
    return parts


@check(
    PaperClaim(
        25,
        "M",
        "Figure 1",
        "The final losses on an adversarially trained model are much smaller.",
        "MNIST: about 20 to 60 on the undefended model, below 10 on the robust one",
        "Mean final loss on the undefended model less that on the PGD-trained one: above 0.",
        _RESTARTS,
    )
)
def robust_losses_are_smaller(measures: Measures) -> Sequence[ClaimPart]:
    """Image by image."""
    high, low = (measures.restarts(each).models[0].final_loss.astype(float).mean(0) for each in (_UNDEFENDED, _ROBUST))
    return [ClaimPart("final loss, standard less pgd-trained", of_images(high - low), unit=PLAIN)]


@check(
    PaperClaim(
        26,
        "M",
        "§4, Figure 3",
        "Capacity alone helps against one-step attacks, without adversarial training.",
        "MNIST at ε 0.1: accuracy under FGSM rises with the size of the naturally trained model",
        "Undefended models under FGSM, averaged over four ε, width 16 less width 4: above 0.",
        "python -m lab train standard-training --vary architecture.width=4,8,16",
        ("plain-width-4", "plain-width-16"),
    )
)
def capacity_alone_helps(measures: Measures) -> Sequence[ClaimPart]:
    """One difference."""
    rise = measures.over_eps("plain-width-16", FGSM()) - measures.over_eps("plain-width-4", FGSM())
    return [ClaimPart("under FGSM, width 16 less width 4", of_images(rise))]


@check(
    PaperClaim(
        27,
        "M",
        "§4, Figure 3",
        "Small models fail to converge under PGD training although they learn clean images.",
        "MNIST: 11.35% after PGD training of the smallest models",
        "Clean accuracy at width 2 after PGD training: below 20%; after ordinary training: above 80%.",
        _WIDTHS,
        ("plain-width-2", "pgd-width-2"),
    )
)
def small_models_collapse(measures: Measures) -> Sequence[ClaimPart]:
    """Both trainings of the smallest model."""
    return [
        ClaimPart("clean accuracy after PGD training", of_images(measures.clean("pgd-width-2")), BELOW, 0.2),
        ClaimPart("clean accuracy after ordinary training", of_images(measures.clean("plain-width-2")), bound=0.8),
    ]


@check(
    PaperClaim(
        28,
        "M",
        "§4, Figure 3",
        "The value of the saddle point problem falls as capacity grows.",
        "average training loss falls with the size, under every adversary",
        "Adversarial loss of the last epoch of PGD training, width 2 less width 8: above 0.",
        _WIDTHS,
        ("pgd-width-2", "pgd-width-8"),
    )
)
def saddle_point_falls_with_capacity(measures: Measures) -> Sequence[ClaimPart]:
    """The loss of PGD training is adversarial only."""
    small, large = (np.array([each[-1] for each in measures.losses(f"pgd-width-{width}")]) for width in (2, 8))
    return [ClaimPart("training loss, width 2 less width 8", of_seeds(small - large), unit=PLAIN)]


@check(
    PaperClaim(
        29,
        "M",
        "§4",
        "More capacity, or training against a stronger adversary, makes transferred images less effective.",
        "stated without numbers",
        "Accuracy under FGSM images of standard-b: undefended width 16 less width 4, over three ε; pgd-trained less "
        "fgsm-trained under its PGD images at the largest: both above 0.",
        "python -m lab attack --model pgd-trained --model fgsm-trained --source standard-b --attack PGD",
        ("plain-width-4", "plain-width-16"),
    )
)
def capacity_and_strength_resist_transfer(measures: Measures) -> Sequence[ClaimPart]:
    """The capacity of the target; the adversary of its training."""
    source = (Trained("standard-b"),)
    large, small = (
        np.mean([measures.from_source(each, source, FGSM(), eps) for eps in (FULL / 8, FULL / 4, FULL / 2)], axis=0)
        for each in ("plain-width-16", "plain-width-4")
    )
    strong, weak = (
        measures.from_source(each, source, STRONG, FULL).astype(float) for each in ("pgd-trained", "fgsm-trained")
    )
    return [
        ClaimPart("width 16 less width 4", of_images(large - small)),
        ClaimPart("PGD-trained less FGSM-trained", of_images(strong - weak)),
    ]


@check(
    PaperClaim(
        30,
        "M",
        "§5, Figure 4",
        "The adversarial training loss falls steadily.",
        "shown in curves for MNIST and CIFAR-10",
        "pgd-trained, epochs after ε has grown to 0.3: mean change of the loss from epoch to epoch: below 0; fraction "
        "of epochs in which it falls: above one half.",
        "python -m lab train pgd-training --set source.attack.steps=7 --set epochs=60 --set warm_up=30",
    )
)
def training_loss_falls(measures: Measures) -> Sequence[ClaimPart]:
    """The shipped run; its ε grows for 30 epochs."""
    [losses] = measures.losses(_ROBUST)
    change = np.diff(losses[30:])
    return [
        ClaimPart("change of the loss in an epoch", of_images(change), BELOW, unit=PLAIN),
        ClaimPart("epochs in which the loss falls", of_fraction(change < 0), bound=0.5),
    ]


leave_out(
    PaperClaim(
        31,
        "M",
        "Table 1",
        "On MNIST more than 89% withstand the strongest white-box attack at ε 0.3.",
        "89.3% under PGD with 100 steps and 20 restarts",
        "Accuracy of Madry et al.'s MNIST model under that attack: above 89%.",
        "python -m lab train pgd-training --data mnist --set architecture=MadryMNIST",
        left_out="it is about MNIST and a model of 1,024 hidden units, trained for hours; docs/results-mnist.md has it",
    )
)


@check(
    PaperClaim(
        32,
        "M",
        "Table 1",
        "More restarts and steps lower the accuracy of a robust model only a little.",
        "93.2% with 40 steps, 89.3% with 100 steps and 20 restarts",
        "pgd-trained: accuracy under 40 steps less that under 100 steps and 20 restarts: above 0 and below 5 points.",
        "python -m lab attack --model pgd-trained --attack PGD --set steps=100 --set restarts=20",
    )
)
def restarts_add_little(measures: Measures) -> Sequence[ClaimPart]:
    """A drop with two bounds."""
    weak, strong = (measures.right(_ROBUST, each).astype(float) for each in (PGD(), PGD(steps=100, restarts=20)))
    drop = of_images(weak - strong)
    return [
        ClaimPart("loss of accuracy by steps and restarts", drop),
        ClaimPart("loss of accuracy by steps and restarts", drop, BELOW, MARGIN),
    ]


@check(
    PaperClaim(
        33,
        "M",
        "Table 1",
        "On a robust model black-box attacks are weaker than white-box ones.",
        "PGD: 95.7% from an independent copy, 89.3% white box",
        "pgd-trained under PGD images of standard-b less under its own: above 0.",
        "python -m lab attack --model pgd-trained --source standard-b --attack PGD",
    )
)
def black_box_is_weaker(measures: Measures) -> Sequence[ClaimPart]:
    """The same attack from another model."""
    black = measures.from_source(_ROBUST, (Trained("standard-b"),), STRONG, FULL).astype(float)
    return [ClaimPart("accuracy, black box less white box", of_images(black - measures.right(_ROBUST, STRONG)))]
