"""Attacks: how an adversary looks for an image inside the ball that the model misreads."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from lab.errors import SpecError
from lab.specs.spec import Spec, param, params

LABELS = ("true", "predicted", "least likely", "random")
EVERY_CLASS, CHOSEN = "every class", "chosen"
_LABELS = "label whose loss is raised (true, predicted) or lowered (least likely, random); only 'true' leaks the label"


@dataclass(frozen=True)
class Objective(Spec):
    """What a gradient attack makes as large as it can; toward a target, what it makes as small as it can."""


@dataclass(frozen=True)
class CrossEntropy(Objective):
    """The training loss of the label. Kurakin et al. 2017, §2.2; Madry et al. 2017, §2."""


@dataclass(frozen=True)
class Margin(Objective):
    """Largest wrong logit minus the label's logit, but not beyond kappa: the CW loss. Madry et al. 2017, §5."""

    kappa: float = param(50.0, 0.0, 1e6, "confidence beyond which nothing more is gained", usual=(0.0, 100.0))


@dataclass(frozen=True)
class DLR(Objective):
    """The margin divided by the spread of the three largest logits, so that no scale matters. Croce & Hein 2020, §4."""


@dataclass(frozen=True)
class AttackSpec(Spec):
    """A way of proposing adversarial images. The ball is not part of it: sweeping eps is the commonest act."""


@dataclass(frozen=True)
class OneStep(AttackSpec):
    """A single gradient and a single step of length eps, behind a random step when alpha is not 0."""

    alpha: float = param(0.0, 0.0, 1.0, "share of eps spent on a random step before the gradient is taken")


@dataclass(frozen=True)
class GradientStep(OneStep):
    """One step along the gradient of an objective of some labels."""

    labels: str = param("true", meaning=_LABELS, choices=LABELS)
    objective: Objective = param(CrossEntropy(), meaning="the loss that is raised")


@dataclass(frozen=True)
class FGSM(GradientStep):
    """One step of size eps along the gradient's sign (L2: along the gradient). Kurakin et al. 2017, eq. 1."""


@dataclass(frozen=True)
class FastGradientL2(GradientStep):
    """One step of Euclidean length eps along the gradient. Kurakin et al. 2017, App. A."""


@dataclass(frozen=True)
class FastGradientLinf(GradientStep):
    """One step along the gradient, its largest change of a pixel being eps. Kurakin et al. 2017, App. A."""


@dataclass(frozen=True)
class FastEntropy(OneStep):
    """One step toward less certainty: raises the entropy of the predicted classes. Kurakin et al. 2017, App. A."""


@dataclass(frozen=True)
class StepLL(OneStep):
    """One step toward the class that the model thinks least likely. Kurakin et al. 2017, §2.2, eq. 2."""

    labels: ClassVar[str] = "least likely"
    objective: ClassVar[Objective] = CrossEntropy()


@dataclass(frozen=True)
class StepRnd(OneStep):
    """One step toward a random wrong class. Kurakin et al. 2017, §2.2."""

    labels: ClassVar[str] = "random"
    objective: ClassVar[Objective] = CrossEntropy()


@dataclass(frozen=True)
class RFGSM(GradientStep):
    """R+FGSM: a random step, then FGSM with the rest of eps. Tramèr et al. 2018, §4.1, eq. 7."""

    alpha: float = param(0.5, 0.0, 1.0, "share of eps spent on the random step")


@dataclass(frozen=True)
class RStepLL(OneStep):
    """R+Step-LL: a random step, then StepLL with the rest of eps. Tramèr et al. 2018, §4.1, eq. 7."""

    alpha: float = param(0.5, 0.0, 1.0, "share of eps spent on the random step")

    labels: ClassVar[str] = "least likely"
    objective: ClassVar[Objective] = CrossEntropy()


@dataclass(frozen=True)
class RandomSign(AttackSpec):
    """Every pixel moved by eps up or down, at random: a baseline without gradient. Kurakin et al. 2017, App. A."""


@dataclass(frozen=True)
class TruncatedNormal(AttackSpec):
    """Normal noise of deviation eps / 2, cut off at ±eps: a baseline without gradient. Kurakin et al. 2017, App. A."""


@dataclass(frozen=True)
class Iterated(AttackSpec):
    """Small steps from the image itself, without a random start. Kurakin et al. 2017, §2.2.

    The papers take ⌊min(eps + 4, 1.25 eps)⌋ steps of 1, with eps in 1/255; here at least 1 and at most 1000.
    """

    steps: int = param(0, 0, 1000, "gradient steps; 0: the papers' ⌊min(ε + 4, 1.25 ε)⌋, ε in 1/255", usual=(0, 40))
    step_size: float = param(1 / 255, 0.0, 100.0, "length of a step in the ball's norm; 0: eps / steps", usual=(0, 0.1))


@dataclass(frozen=True)
class BIM(Iterated):
    """The basic iterative method, I-FGSM: small steps along the gradient's sign. Kurakin et al. 2017, §2.2."""

    labels: str = param("true", meaning=_LABELS, choices=LABELS)
    objective: Objective = param(CrossEntropy(), meaning="the loss that is raised")


@dataclass(frozen=True)
class IterLL(Iterated):
    """Small steps toward the class that the model thinks least likely. Kurakin et al. 2017, §2.2."""

    labels: ClassVar[str] = "least likely"
    objective: ClassVar[Objective] = CrossEntropy()


@dataclass(frozen=True)
class IterRnd(Iterated):
    """Small steps toward a random wrong class: StepRnd, iterated. After Kurakin et al. 2017, §2.2."""

    labels: ClassVar[str] = "random"
    objective: ClassVar[Objective] = CrossEntropy()


@dataclass(frozen=True)
class PGD(AttackSpec):
    """Gradient steps from a random point of the ball, each projected back onto it. Madry et al. 2017, §2.1."""

    steps: int = param(40, 1, 1000, "gradient steps", usual=(1, 100))
    step_size: float = param(0.01, 1e-5, 100.0, "length of a step, in the ball's norm", usual=(0.001, 0.5), log=True)
    restarts: int = param(1, 1, 100_000, "random starts; the worst one for the model counts", usual=(1, 50), log=True)
    random_start: bool = param(True, meaning="start from a random point of the ball instead of the image")
    labels: str = param(
        "true",
        meaning=f"{_LABELS}; 'chosen' goes toward the target, 'every class' toward each wrong class in turn",
        choices=(*LABELS, CHOSEN, EVERY_CLASS),
    )
    target: int = param(0, 0, 1_000_000, "the class to go toward when the labels are 'chosen'", usual=(0, 9))
    objective: Objective = param(CrossEntropy(), meaning="the loss that is raised")
    momentum: float = param(0.0, 0.0, 1.0, "share of the earlier gradients that is kept at each step")
    keep_best: bool = param(False, meaning="end where the loss was worst on the way: then more steps never lose")
    passes: int = param(1, 1, 1000, "answers averaged at each step, for a model that answers at random", usual=(1, 50))


@dataclass(frozen=True)
class WorstCase(AttackSpec):
    """The worst of several attacks for each image: the worst case of Tramèr et al. 2018, Table 4, image by image."""

    attacks: tuple[AttackSpec, ...] = param((FGSM(), PGD()), meaning="the attacks that are tried one after another")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.attacks:
            raise SpecError("WorstCase.attacks must name at least one attack, but is empty.")


def attack_names(attacks: Sequence[AttackSpec]) -> list[str]:
    """The attacks by their kinds: two of one kind by what is different about them, "PGD (steps 10)"."""
    return [_called(each, [other for other in attacks if type(other) is type(each)]) for each in attacks]


def _called(attack: AttackSpec, alike: Sequence[AttackSpec]) -> str:
    kind = type(attack).__name__
    different = [name for name in params(attack) if len({getattr(each, name) for each in alike}) > 1]
    said = ", ".join(f"{name.replace('_', ' ')} {_said(getattr(attack, name))}" for name in different)
    return f"{kind} ({said})" if said else kind


def _said(value: Any) -> str:
    return type(value).__name__ if isinstance(value, Spec) else f"{value:g}" if type(value) is float else str(value)
