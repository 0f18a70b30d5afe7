"""Methods of the papers as named recipes.

A builder sets what makes a method (attack, mixture, weights). Architecture, optimiser and number of epochs
stay those of the data at hand: the digits need less than ImageNet or CIFAR-10. Whole trainings of the papers are in
:mod:`lab.specs.papers`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from lab.errors import SpecError
from lab.specs.attacks import FGSM, PGD, RFGSM, StepLL
from lab.specs.balls import Ball, Linf
from lab.specs.examples import HALF_NORMAL, TRAINING, CascadeExamples, EnsembleExamples, OwnExamples
from lab.specs.initial import GLOROT
from lab.specs.optimisers import Adam, OneCycle, Piecewise
from lab.specs.recipes import CLIPPED, TRADES, Adversarial, Recipe, Standard
from lab.specs.similarity import CODE, Bidirectional, Pivot

_PIVOT = Pivot(units=CODE, detached=False)
_CASCADE = CascadeExamples(levels_drawn=HALF_NORMAL)


def standard_training(**changes: object) -> Standard:
    """Ordinary training on clean images."""
    return Standard().replace(**changes)


def fgsm_training(**changes: object) -> Adversarial:
    """½ (clean + FGSM) with predicted labels, so that none leaks. Tramèr et al. 2018, §4.1 and App. C."""
    return _of_tramer(OwnExamples(FGSM(labels="predicted"), mode=TRAINING)).replace(**changes)


def leaking_training(**changes: object) -> Adversarial:
    """:func:`kurakin_training` by FGSM with the true labels, which leak into the images. Kurakin et al. 2017, §4.2."""
    return kurakin_training(source=OwnExamples(FGSM(labels="true"))).replace(**changes)


def rfgsm_training(**changes: object) -> Adversarial:
    """:func:`fgsm_training` after a random step of ε / 2. Tramèr et al. 2018, §4.1."""
    return _of_tramer(OwnExamples(RFGSM(labels="predicted"), mode=TRAINING)).replace(**changes)


def pgd_training(**changes: object) -> Adversarial:
    """Adversarial images only, of 40 steps of 0.01 from a random start. Madry et al. 2017, §2.1 and §5 (MNIST)."""
    return Adversarial(source=OwnExamples(PGD.madry_mnist()), keep_clean=False).replace(**changes)


def kurakin_training(**changes: object) -> Adversarial:
    """Half of each batch replaced by Step-LL images of random ε, λ 0.3. Kurakin et al. 2017, Algorithm 1 and §3.

    Their delay of 10,000 steps only let many experiments share a start (§4); here there is none.
    """
    recipe = Adversarial(source=OwnExamples(StepLL()), spread=0.5, share=0.5, keep_clean=False, weight=0.3, batch=32)
    return recipe.replace(**changes)


def ensemble_training(**changes: object) -> Adversarial:
    """:func:`fgsm_training` whose examples also come from static models. Tramèr et al. 2018, §3.4 and App. C."""
    return _of_tramer(EnsembleExamples(mode=TRAINING)).replace(**changes)


def cascade_training(**changes: object) -> Adversarial:
    """Step-LL examples and stored iterative ones of a defended model replace half of a batch. Na et al. 2018, R20_K,C.

    Without a similarity loss their code keeps no clean originals: of 128 images 64 are replaced, as Kurakin et al. do.
    """
    return _of_na(_CASCADE).replace(batch=128, share=0.5, keep_clean=False).replace(**changes)


def bidirectional_training(**changes: object) -> Adversarial:
    """Step-LL images whose embeddings and the clean ones draw each other. Na et al. 2018, §3.3, R20_B.

    λ₂ is 1e-4 in the units of the authors' code, here and in the other presets of this loss.
    """
    return _of_na(OwnExamples(StepLL())).replace(similarity=Bidirectional(units=CODE)).replace(**changes)


def pivot_training(**changes: object) -> Adversarial:
    """Step-LL images whose embeddings are drawn to the clean ones. Na et al. 2018, §3.3, R20_P.

    With the gradient of the authors' code, too, which moves the clean embeddings as well: see :class:`Pivot`.
    """
    return _of_na(OwnExamples(StepLL())).replace(similarity=_PIVOT).replace(**changes)


def pivot_ensemble_training(**changes: object) -> Adversarial:
    """The pivot loss on examples of several models. Na et al. 2018, §5.2, R20_P,E."""
    return _of_na(EnsembleExamples(StepLL())).replace(similarity=_PIVOT).replace(**changes)


def pivot_cascade_training(**changes: object) -> Adversarial:
    """The pivot loss on cascade images. Na et al. 2018, §5.2, R20_P,C."""
    return _of_na(_CASCADE).replace(similarity=_PIVOT).replace(**changes)


def trades_training(**changes: object) -> TRADES:
    """Clean loss plus β times the worst divergence nearby. Zhang et al. 2019, eq. 5."""
    return TRADES().replace(**changes)


def fast_training(**changes: object) -> Adversarial:
    """One step of 1.25 ε from a random start, rate up and down once: Wong et al. 2020, Algorithm 3 and §5 (MNIST).

    The step follows the ``ball``. Beyond some strength it overfits catastrophically: within an epoch the accuracy under
    PGD drops to zero while that under FGSM rises.
    """
    ball = changes.get("ball", Linf(0.3))
    if not isinstance(ball, Ball):
        raise SpecError(f"fast_training's ball should be a Ball, not {ball!r}.")
    step = OwnExamples(PGD(steps=1, step_size=max(1.25 * ball.eps, 1e-5)))
    recipe = Adversarial(source=step, keep_clean=False, optimiser=Adam(5e-3), schedule=OneCycle(peak=0.4))
    return recipe.replace(**changes)


def _of_tramer(source: OwnExamples | EnsembleExamples) -> Adversarial:
    """Clean images and copies of equal weight, Keras' initial weights. Tramèr et al. 2018, App. C, and their code.

    The code makes its examples in training mode: both together keep a model with dropout on its input (their B) from
    masking its gradient; neither alone does.
    """
    return Adversarial(source=source, initial=GLOROT)


def _of_na(source: OwnExamples | EnsembleExamples | CascadeExamples) -> Adversarial:
    """64 clean images and their 64 adversarial examples with an ε each, λ 0.3. Na et al. 2018, §3.3 and App. A.

    Weight decay and the two tenfold falls of the learning rate are theirs, too.
    """
    recipe = Adversarial(source=source, spread=0.5, beyond=CLIPPED, weight=0.3)
    return recipe.replace(schedule=Piecewise(at=(0.5, 0.75), factors=(0.1, 0.01)), weight_decay=1e-4)


@dataclass(frozen=True)
class Preset:
    """A named training recipe: its builder, its paper, and one sentence about it.

    ``whole``: a paper's complete training, with its data and architecture; else a method on the data at hand.
    """

    name: str
    build: Callable[..., Recipe]
    paper: str
    meaning: str
    whole: bool = False


_added: list[Preset] = []


def add(preset: Preset) -> None:
    """Offer a way of training wherever the papers' are, as a plug-in does. One of the same name takes its place."""
    _added[:] = [each for each in _added if each.name != preset.name]
    _added.append(preset)


def every() -> tuple[Preset, ...]:
    """The papers' ways of training, then those that plug-ins have added."""
    return (*PRESETS, *_added)


PRESETS: tuple[Preset, ...] = (
    Preset("standard-training", standard_training, "", "Clean images only: the baseline of every defence."),
    Preset(
        "fgsm-training",
        fgsm_training,
        "Tramèr et al. 2018, §4.1",
        "Clean images and FGSM examples of equal weight, made with the model's predicted labels.",
    ),
    Preset(
        "leaking-training",
        leaking_training,
        "Kurakin et al. 2017, §4.2",
        "Half of each batch is replaced by FGSM examples of the true labels, which the perturbation can give away.",
    ),
    Preset(
        "rfgsm-training",
        rfgsm_training,
        "Tramèr et al. 2018, §4.1",
        "FGSM examples after a random step, meant to leave the masked neighbourhood of the image.",
    ),
    Preset(
        "kurakin-training",
        kurakin_training,
        "Kurakin et al. 2017, Algorithm 1",
        "Half of each batch is replaced by Step-LL examples, each with an ε of its own.",
    ),
    Preset(
        "pgd-training",
        pgd_training,
        "Madry et al. 2017, §2.1",
        "Only PGD examples: the saddle point itself, and slow.",
    ),
    Preset(
        "ensemble-training",
        ensemble_training,
        "Tramèr et al. 2018, §3.4",
        "FGSM examples of the model itself or of a static model, drawn for each batch.",
    ),
    Preset(
        "cascade-training",
        cascade_training,
        "Na et al. 2018, §3.2",
        "Half of each batch is replaced by Step-LL examples and stored iterative ones of an already defended model.",
    ),
    Preset(
        "bidirectional-training",
        bidirectional_training,
        "Na et al. 2018, §3.3",
        "Step-LL examples; the embeddings of a clean image and its adversarial example are pulled together.",
    ),
    Preset(
        "pivot-training",
        pivot_training,
        "Na et al. 2018, §3.3",
        "Step-LL examples; their embeddings are pulled to the clean ones, with the gradient of the authors' code.",
    ),
    Preset(
        "pivot-ensemble-training",
        pivot_ensemble_training,
        "Na et al. 2018, §5.2",
        "The pivot loss with examples of the model itself or of a static model.",
    ),
    Preset(
        "pivot-cascade-training",
        pivot_cascade_training,
        "Na et al. 2018, §5.2",
        "The pivot loss with Step-LL examples and stored iterative examples of a defended model.",
    ),
    Preset(
        "trades-training",
        trades_training,
        "Zhang et al. 2019, eq. 5",
        "Clean loss plus the largest divergence of the predictions within the threat model.",
    ),
    Preset(
        "fast-training",
        fast_training,
        "Wong et al. 2020, Algorithm 3",
        "One long step from a random start: cheap, but it may overfit catastrophically.",
    ),
)
