"""Findings that make an attack's number doubtful: each kind, with its numbers and its sentence."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from lab.counts import percent


class Kind(StrEnum):
    """Kinds of findings about the predictions, the model, the attack or its settings."""

    BAD_WEIGHTS = "bad weights"
    NOT_A_NUMBER = "not a number"
    NOT_A_NUMBER_ATTACKED = "not a number attacked"
    NO_SLOPE = "no slope"
    ZERO_GRADIENT = "zero gradient"
    SATURATED = "saturated"
    UNSTABLE = "unstable"
    BATCH_DEPENDENT = "batch dependent"
    PROBABILITIES = "probabilities"
    UNCHECKED = "unchecked"
    ONE_STEP = "one step stronger"
    RESTART = "restart gain"
    TRANSFER = "transfer stronger"
    AT_CHANCE = "at chance"
    OUTPUTS = "outputs"
    LARGE_EPS = "large eps"
    SMALL_EPS = "small eps"


@dataclass(frozen=True)
class HealthFinding:
    """One finding about an attack on ``of`` images.

    ``fraction`` of them that it concerns, None where it does not concern single images, and, where it is known which,
    their positions ``images``. ``value``, and ``reference`` that it is compared with: BAD_WEIGHTS counts weights,
    AT_CHANCE has the clean accuracy, OUTPUTS the model's outputs and the data's classes. ``detail``: what the model
    said when a check failed.
    """

    kind: Kind
    of: int
    fraction: float | None = None
    images: tuple[int, ...] = ()
    value: float = 0.0
    reference: float = 0.0
    detail: str = ""

    def sentence(self, alone: bool = False) -> str:
        """Word the finding, its meaning and the fix; ``alone``: about the only image there is."""
        of_one = _OF_ONE_IMAGE.get(self.kind) if alone else None
        return (of_one or _SENTENCES[self.kind])(self)

    def percent(self, digits: int = 0) -> str:
        """ "9% of the images", of which there are."""
        assert self.fraction is not None
        return f"{percent(self.fraction, digits)} of the images"

    def counted(self) -> str:
        """ "9 of 40 images, first 3"."""
        return f"{len(self.images)} of {self.of} images, first {self.images[0]}"


Sentence = Callable[[HealthFinding], str]


def _not_a_number(whose: str, they: str) -> str:
    return f"The model's output is not a number for {whose}: {they} as misclassified before any attack."


def _not_a_number_attacked(whose: str, they: str) -> str:
    return (
        f"The model's output is not a number for the adversarial {whose}: {they} as not robust, although no wrong "
        "class is predicted."
    )


def _no_slope(whose: str) -> str:
    return (
        f"The gradient is not a number for {whose}: a gradient attack sees nothing there, so try an attack that needs "
        "no gradient."
    )


def _zero_gradient(whose: str) -> str:
    return (
        f"The gradient is exactly zero for {whose}: a gradient attack sees nothing there, so try an attack that needs "
        "no gradient or transfer from another model."
    )


def _saturated(whose: str) -> str:
    return (
        f"The softmax is saturated for {whose}: attacks that differentiate the plain cross-entropy report false "
        "robustness here; this one does not."
    )


def _unstable(whose: str) -> str:
    return (
        f"The model's output differs between two identical calls ({whose}): its robustness must be measured in "
        "expectation over its randomness."
    )


def _restart(whose: str) -> str:
    return (
        f"One further random start fooled {whose}, which the attack alone had not. This is counted; more restarts may "
        "fool more."
    )


def _classes(number: float) -> str:
    return "1 class" if number == 1 else f"{number:.0f} classes"


def _always(sentence: str) -> Sentence:
    return lambda _: sentence


_SENTENCES: dict[Kind, Sentence] = {
    Kind.BAD_WEIGHTS: lambda one: f"{one.value:,.0f} of the model's weights are not numbers: load or train it again.",
    Kind.NOT_A_NUMBER: lambda one: _not_a_number(one.counted(), "they count"),
    Kind.NOT_A_NUMBER_ATTACKED: lambda one: _not_a_number_attacked(f"images of {one.counted()}", "they count"),
    Kind.NO_SLOPE: lambda one: _no_slope(one.counted()),
    Kind.ZERO_GRADIENT: lambda one: _zero_gradient(one.percent()),
    Kind.SATURATED: lambda one: _saturated(one.percent()),
    Kind.UNSTABLE: lambda one: _unstable(one.percent()),
    Kind.BATCH_DEPENDENT: _always(
        "The model's prediction depends on the other images of the batch (batch statistics?), so its accuracy "
        "depends on the batch size: put it into evaluation mode with running statistics."
    ),
    Kind.PROBABILITIES: _always("The model returns probabilities, not logits: remove its last softmax."),
    Kind.UNCHECKED: lambda one: f"Not every check could be made of this model ({one.detail.rstrip('.')}).",
    Kind.ONE_STEP: _always(
        "One full gradient step (FGSM) fools more images than this attack: it had too few or too short steps, "
        "or the gradient is masked (Tramèr et al. 2018, §4.1)."
    ),
    Kind.RESTART: lambda one: _restart(one.percent(1)),
    Kind.TRANSFER: _always(
        "Images made on another model fool more than those made on this one: its gradient is masked, or the "
        "attack too weak, since the adversary who sees the model can do all that the other one does."
    ),
    Kind.AT_CHANCE: lambda one: (
        f"Clean accuracy is {percent(one.value, 1)}, no better than chance: are the weights not given, is the "
        "normalisation missing, or are the labels in another order?"
    ),
    Kind.OUTPUTS: lambda one: (
        f"The model has {one.value:.0f} outputs, but the data only {_classes(one.reference)}: does label 0 mean "
        "the same class to both?"
    ),
    Kind.LARGE_EPS: _always(
        "ε is large for images of this size: it can turn them into another class or into grey. Usual are "
        "8/255 in L∞ for colour images, 0.3 for MNIST, and 0.5 to 3 in L2."
    ),
    Kind.SMALL_EPS: _always(
        "ε is so small that it changes less than 8-bit pixels can hold: black to white counts as 1, and an L2 "
        "radius is longer than an L∞ one."
    ),
}

_OF_ONE_IMAGE: dict[Kind, Sentence] = {
    Kind.NOT_A_NUMBER: _always(_not_a_number("this image", "it counts")),
    Kind.NOT_A_NUMBER_ATTACKED: _always(_not_a_number_attacked("image", "it counts")),
    Kind.NO_SLOPE: _always(_no_slope("this image")),
    Kind.ZERO_GRADIENT: _always(_zero_gradient("this image")),
    Kind.SATURATED: _always(_saturated("this image")),
    Kind.UNSTABLE: _always(_unstable("this image")),
    Kind.RESTART: _always(_restart("this image")),
}
