"""The words of the field: what the pages say in them, in a sentence or two, and where they come from."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache


@dataclass(frozen=True)
class Term:
    """A word of the field with its meaning and where that comes from; ``also`` are other ways to write it."""

    name: str
    meaning: str
    source: str = ""
    also: tuple[str, ...] = ()

    @property
    def forms(self) -> str:
        """Regular expression, the same in Python and in a browser, of all ways to write it, the longest first.

        With plurals; what begins with a small letter may begin a sentence.
        """
        return "|".join(_form(each) for each in sorted((self.name, *self.also), key=len, reverse=True))

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """It as a word of its own."""
        return re.compile(rf"(?<![\w+-])(?:{self.forms})(?![\w+]|-\w)")


def _form(words: str) -> str:
    first, rest = words[0], words[1:].replace("+", r"\+")
    return f"[{first}{first.upper()}]{rest}(?:s|es)?" if first.islower() else f"{first}{rest}"


_GOODFELLOW = "Goodfellow et al. 2015"
_KURAKIN = "Kurakin et al. 2017"
_TRAMER = "Tramèr et al. 2018"
_NA = "Na et al. 2018"
_MADRY = "Madry et al. 2017"
_CROCE = "Croce & Hein 2020"
_CARLINI = "Carlini et al. 2019"

_TERMS = (
    Term(
        "accuracy",
        "The fraction of images that a model classifies correctly: clean accuracy on the images as they are, robust "
        "accuracy on what the strongest attack that was tried makes of them.",
        also=("accuracies", "clean accuracy", "robust accuracy"),
    ),
    Term(
        "adversarial example",
        "An image that was changed on purpose, by little, so that a model misclassifies it.",
        "Szegedy et al. 2014",
        also=("adversarial image",),
    ),
    Term(
        "adversarial training",
        "Training on adversarial examples of the model as it is at each step, alone or beside clean images.",
        f"{_GOODFELLOW}; {_MADRY}",
    ),
    Term(
        "APGD",
        "PGD that halves its step when the loss no longer rises and then goes on from the best point so far, so that "
        "it has no step size to choose.",
        f"{_CROCE}, Algorithm 1",
    ),
    Term(
        "AutoAttack",
        "Four attacks without settings, one after the other: APGD on the cross-entropy, APGD-T, FAB-T and Square. An "
        "image counts as robust only if all of them fail.",
        _CROCE,
    ),
    Term(
        "BPDA",
        "Backward pass differentiable approximation: where a layer has no useful gradient, an attack takes that of a "
        "smooth substitute.",
        "Athalye et al. 2018",
        also=("straight-through",),
    ),
    Term(
        "black box",
        "An attack that sees no gradient: it transfers examples from another model, or queries this one for "
        "predictions. A white box sees all of the model.",
        also=("black boxes", "black-box", "white box", "white-box"),
    ),
    Term(
        "capacity",
        "How complex a function a model can fit. Robust decision boundaries are more complex than ordinary ones, so "
        "that a model which is too small fails to become robust.",
        f"{_MADRY}, §4; {_KURAKIN}, §4.3",
    ),
    Term(
        "cascade training",
        "Adversarial training on a model's own single-step examples and on iterative examples that were made against "
        "another, already defended model.",
        f"{_NA}, §3.2",
        also=("cascade", "cascade adversarial training"),
    ),
    Term(
        "catastrophic overfitting",
        "In single-step training, accuracy under iterative attacks suddenly falls to nothing while that under one step "
        "stays high.",
        "Wong et al. 2020",
    ),
    Term(
        "cross-entropy",
        "The usual loss: minus the logarithm of the probability that the model gives to the label, in nats.",
    ),
    Term(
        "decision boundary",
        "Where the model's two largest logits are equal; beyond it, it predicts another class.",
        also=("decision boundaries", "decision region"),
    ),
    Term(
        "embedding",
        "The input of a model's last linear layer: what it knows of an image just before it decides.",
        _NA,
    ),
    Term(
        "ensemble adversarial training",
        "Training on single-step examples of the model itself and of fixed other models, whose attacks it cannot "
        "weaken.",
        f"{_TRAMER}, §3.4",
        also=("ensemble training",),
    ),
    Term(
        "EOT",
        "Expectation over transformation: a random model is attacked through the mean over many of its draws.",
        "Athalye et al. 2018",
    ),
    Term(
        "FGSM",
        "The fast gradient sign method: one step of ε in every pixel, in the direction that raises the loss.",
        _GOODFELLOW,
    ),
    Term(
        "gradient masking",
        "A model hides the direction in which its loss rises. Attacks that follow the gradient fail, though "
        "adversarial examples are as near as before.",
        f"Papernot et al. 2017; {_TRAMER}",
        also=("masking", "masked", "masks", "obfuscated gradient"),
    ),
    Term(
        "holdout model",
        "A model that has no part in a defence and is kept to test it: its examples are a black box.",
        f"{_TRAMER}, §4.2",
    ),
    Term(
        "iterative attack",
        "Many small gradient steps, each followed by a projection onto the threat model. Iter-LL, or I-FGSM toward the "
        "least likely class, and PGD are such.",
        f"{_KURAKIN}; {_MADRY}",
        also=("iterative", "I-FGSM", "BIM", "Iter-LL"),
    ),
    Term(
        "label leaking",
        "A model trained on single-step examples of the true label learns to read the label from the perturbation, and "
        "is then more accurate on these examples than on clean images.",
        f"{_KURAKIN}, §4.2",
    ),
    Term(
        "logit",
        "A model's output for a class before the softmax turns all of them into probabilities.",
    ),
    Term(
        "loss surface",
        "The loss around an image, along the gradient and a direction orthogonal to it.",
        f"{_TRAMER}, Figure 4",
    ),
    Term(
        "L∞",
        "The largest change of any pixel. Within ε in L∞ every pixel may change by ε.",
        also=("Linf",),
    ),
    Term(
        "L2",
        "The length of a perturbation, the root of the sum of its squares: few pixels may change by much, or all by "
        "little.",
    ),
    Term(
        "margin",
        "The logit of the label minus the largest other one. Below zero the image is misclassified.",
    ),
    Term(
        "nats",
        "The unit of the cross-entropy with the natural logarithm: 0.69 nats are a probability of one half.",
        also=("nat",),
    ),
    Term(
        "orthogonal direction",
        "One of many perturbations at right angles to each other. How many of them fool a model tells the dimension of "
        "the space of adversarial examples.",
        f"{_TRAMER}, §4.1",
        also=("orthogonal",),
    ),
    Term(
        "perturbation",
        "The difference between an adversarial example and its clean image.",
    ),
    Term(
        "PGD",
        "Projected gradient descent: gradient steps from a random point within the threat model, each followed by a "
        "projection onto it.",
        _MADRY,
    ),
    Term(
        "pivot loss",
        "A second training loss, which draws the embedding of an adversarial example to that of its clean image.",
        f"{_NA}, §3.3",
    ),
    Term(
        "R+FGSM",
        "A random step before FGSM. It escapes the sharp curvature around the image that hides the gradient.",
        f"{_TRAMER}, §3.3",
    ),
    Term(
        "restart",
        "The same attack from another random start; the image counts as fooled if one of them fools it.",
        _MADRY,
        also=("random start",),
    ),
    Term(
        "saddle point",
        "Robust training minimises, over the weights, the loss that the worst image within the threat model causes.",
        f"{_MADRY}, eq. 2.1",
    ),
    Term(
        "sanity check",
        "A sign that an evaluation is wrong, as accuracy that does not reach zero without a bound, or a black box that "
        "breaks more than a white box.",
        f"{_CARLINI}; Tramèr et al. 2020",
    ),
    Term(
        "Square",
        "A black box that changes random squares of the image and keeps what lowers the margin.",
        "Andriushchenko et al. 2020",
    ),
    Term(
        "Step-LL",
        "One step of ε toward the class that the model thinks least likely. It does not leak the label.",
        f"{_KURAKIN}, §2",
    ),
    Term(
        "targeted attack",
        "An attack that wants one class to be predicted, not just any wrong one.",
        also=("targeted",),
    ),
    Term(
        "threat model",
        "What an attacker may do: here, move an image by at most ε in a norm, within [0, 1].",
        _CARLINI,
    ),
    Term(
        "TRADES",
        "Training that weighs the clean loss against how far predictions move within the threat model.",
        "Zhang et al. 2019",
    ),
    Term(
        "transfer",
        "Adversarial examples of one model fool another. The transfer rate is the fraction that does.",
        f"{_KURAKIN}, §4.4",
        also=("transfer rate", "transferred"),
    ),
    Term(
        "ε",
        "The radius of the threat model: how far an image may be changed. In L∞ it is in units of the pixels' range, "
        "so that 0.3 is 30% of the range from black to white.",
    ),
)

TERMS = tuple(sorted(_TERMS, key=lambda term: term.name.casefold()))
"""In alphabetical order."""


def terms_in(texts: Iterable[str]) -> list[Term]:
    """Return the terms that texts use, in alphabetical order."""
    found = frozenset[Term]().union(*map(_terms_of, texts))
    return [each for each in TERMS if each in found]


@lru_cache(1000)
def _terms_of(text: str) -> frozenset[Term]:
    return frozenset(each for each in TERMS if each.pattern.search(text))
