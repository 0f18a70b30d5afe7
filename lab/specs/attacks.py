"""Attacks: how an adversary looks for an image inside the ball that the model misclassifies."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from lab.errors import FieldError, SpecError
from lab.specs.balls import Ball
from lab.specs.capabilities import NORM_BALLS, Capabilities, of_all
from lab.specs.spec import Param, Spec, param, params, preset, title_of

LABELS = ("true", "predicted", "least likely", "random")
EVERY_CLASS, CHOSEN = "every class", "chosen"
_LABELS = (
    "label whose loss is increased (true, predicted) or decreased (least likely, random); only 'true' leaks the label"
)


@dataclass(frozen=True)
class Objective(Spec):
    """Objective that a gradient attack maximises; toward a target, minimises."""


@dataclass(frozen=True)
class CrossEntropy(Objective, title="Cross-entropy"):
    """The training loss of the label. Kurakin et al. 2017, §2.2; Madry et al. 2017, §2."""


@dataclass(frozen=True)
class PapersCrossEntropy(Objective, title="Cross-entropy, plain gradient"):
    """Cross-entropy whose gradient is softmax - one-hot as the papers' code computes it, in float32.

    Where a model is sure of the label, that gradient loses the label's entry (logit margins above about 17) and then
    everything (above about 104): attacks come out weaker. For reproductions only; :class:`CrossEntropy` has the same
    direction without the loss.
    """


@dataclass(frozen=True)
class Margin(Objective, title="CW margin"):
    """Largest wrong logit minus the label's logit, but not beyond kappa: the CW loss. Madry et al. 2017, §5."""

    kappa: float = param(
        50.0, 0.0, 1e6, "confidence κ beyond which the objective no longer grows", usual=(0.0, 100.0), label="κ"
    )


@dataclass(frozen=True)
class DLR(Objective, title="Difference of logits ratio (DLR)"):
    """The margin divided by the spread of the three largest logits, so that no scale matters. Croce & Hein 2020."""


@dataclass(frozen=True)
class AttackSpec(Spec):
    """Attack. The threat model is not part of it, so that ε can be swept."""

    @property
    def capabilities(self) -> Capabilities:
        """Capabilities with these settings. Raises :class:`SpecError` where its class does not state them."""
        raise SpecError(
            f"{type(self).__name__} does not state its capabilities: give it a property 'capabilities' that returns "
            "lab.specs.capabilities.Capabilities."
        )

    @property
    def balls(self) -> tuple[type[Ball], ...]:
        """The kinds of threat model that it finds images in."""
        return self.capabilities.balls


@dataclass(frozen=True)
class OneStep(AttackSpec):
    """Single gradient step of length ε, after a random step where ``alpha`` is not 0."""

    alpha: float = param(
        0.0, 0.0, 1.0, "fraction of ε spent on a random step before the gradient is taken", label="Random step α"
    )

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            balls=NORM_BALLS,
            gradient=True,
            deterministic=self.alpha == 0 and getattr(self, "labels", "true") != "random",
            eps_per_image=True,
            retried=False,
            to_cross=0,
        )


@dataclass(frozen=True)
class GradientStep(OneStep):
    """One step along the gradient of an objective of some labels."""

    labels: str = param("true", meaning=_LABELS, choices=LABELS)
    objective: Objective = param(CrossEntropy(), meaning="loss that is maximised")


@dataclass(frozen=True)
class FGSM(GradientStep, title="FGSM"):
    """One step of size ε along the gradient's sign (L2: along the gradient). Kurakin et al. 2017, eq. 1."""


@dataclass(frozen=True)
class FastGradientL2(GradientStep, title="Fast gradient, L2"):
    """One step of Euclidean length ε along the gradient. Kurakin et al. 2017, App. A."""


@dataclass(frozen=True)
class FastGradientLinf(GradientStep, title="Fast gradient, L∞"):
    """One step along the gradient, its largest change of a pixel being eps. Kurakin et al. 2017, App. A."""


@dataclass(frozen=True)
class FastEntropy(OneStep, title="Entropy, one step"):
    """One step toward less certainty: raises the entropy of the predicted classes. Kurakin et al. 2017, App. A."""


@dataclass(frozen=True)
class StepLL(OneStep, title="Step-LL"):
    """One step toward the class that the model thinks least likely. Kurakin et al. 2017, §2.2, eq. 2."""

    labels: ClassVar[str] = "least likely"
    objective: ClassVar[Objective] = CrossEntropy()


@dataclass(frozen=True)
class StepRnd(OneStep, title="Step-rnd"):
    """One step toward a random wrong class. Kurakin et al. 2017, §2.2, draw from all classes, the label's too."""

    labels: ClassVar[str] = "random"
    objective: ClassVar[Objective] = CrossEntropy()


@dataclass(frozen=True)
class RFGSM(GradientStep, title="R+FGSM"):
    """R+FGSM: a random step, then FGSM with the rest of eps. Tramèr et al. 2018, §4.1, eq. 7."""

    alpha: float = param(0.5, 0.0, 1.0, "fraction of ε spent on the random step", label="Random step α")

    @classmethod
    @preset
    def tramer_mnist(cls) -> Self:
        """A random step of 0.05 in a ball of ε 0.3, as Tramèr et al. 2018 take it on MNIST (Table 7)."""
        return cls(alpha=0.05 / 0.3)


@dataclass(frozen=True)
class RStepLL(OneStep, title="R+Step-LL"):
    """R+Step-LL: a random step, then StepLL with the rest of eps. Tramèr et al. 2018, §4.1, eq. 7."""

    alpha: float = param(0.5, 0.0, 1.0, "fraction of ε spent on the random step", label="Random step α")

    labels: ClassVar[str] = "least likely"
    objective: ClassVar[Objective] = CrossEntropy()


@dataclass(frozen=True)
class Noise(AttackSpec):
    """Random perturbation of every pixel, the same whatever the model is: a baseline. Kurakin et al. 2017, App. A."""

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            balls=NORM_BALLS,
            gradient=False,
            deterministic=False,
            eps_per_image=True,
            retried=False,
            to_cross=0,
        )


@dataclass(frozen=True)
class RandomSign(Noise, title="Random signs"):
    """Every pixel moved by ε up or down, at random: a baseline without gradient. Kurakin et al. 2017, App. A."""


@dataclass(frozen=True)
class TruncatedNormal(Noise, title="Truncated normal noise"):
    """Normal noise, standard deviation ε / 2, truncated at ±ε: gradient-free baseline. Kurakin et al. 2017, App. A."""


@dataclass(frozen=True)
class Iterated(AttackSpec):
    """Small steps from the image itself, without a random start. Kurakin et al. 2017, §2.2.

    By default as the papers do it: ⌊min(ε + 4, 1.25 ε)⌋ steps of 1, with ε in 1/255; here at least 1 and at most
    1000. Where only the number of steps is set, they are of ε / steps (Tramèr et al. 2018, Table 2: two of ε / 2).
    :func:`lab.specs.pace.pace` says what that comes to.
    """

    steps: int = param(
        0,
        0,
        1000,
        "gradient steps; 0: the papers' ⌊min(ε + 4, 1.25 ε)⌋, ε in 1/255",
        usual=(0, 40),
        zero="as in paper",
        brief=100,
    )
    step_size: float = param(
        0.0,
        0.0,
        100.0,
        "length of a step in the ball's norm; 0: the papers' 1/255, or ε / steps where the steps are set",
        usual=(0, 0.1),
        zero="follows ε",
    )

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            balls=NORM_BALLS,
            gradient=True,
            deterministic=getattr(self, "labels", "true") != "random",
            eps_per_image=True,
            retried=False,
            to_cross=1,
        )

    @classmethod
    @preset
    def kurakin(cls) -> Self:
        """⌊min(ε + 4, 1.25 ε)⌋ steps of 1, with ε in 1/255. Kurakin et al. 2017, §2.2."""
        return cls(steps=0, step_size=1 / 255)


@dataclass(frozen=True)
class BIM(Iterated, title="BIM"):
    """The basic iterative method, I-FGSM: small steps along the gradient's sign. Kurakin et al. 2017, §2.2."""

    labels: str = param("true", meaning=_LABELS, choices=LABELS)
    objective: Objective = param(CrossEntropy(), meaning="loss that is maximised")


@dataclass(frozen=True)
class IterLL(Iterated, title="Iter-LL"):
    """Small steps toward the class that the model thinks least likely. Kurakin et al. 2017, §2.2."""

    labels: ClassVar[str] = "least likely"
    objective: ClassVar[Objective] = CrossEntropy()

    @classmethod
    @preset
    def tramer(cls) -> Self:
        """Two steps of ε / 2: as many gradients as R+Step-LL. Tramèr et al. 2018, Table 2."""
        return cls(steps=2)


@dataclass(frozen=True)
class IterRnd(Iterated, title="Iter-rnd"):
    """Small steps toward a random wrong class: :class:`StepRnd`, iterated. After Kurakin et al. 2017, §2.2."""

    labels: ClassVar[str] = "random"
    objective: ClassVar[Objective] = CrossEntropy()


@dataclass(frozen=True)
class PGD(AttackSpec, title="PGD"):
    """Gradient steps from a random point of the ball, each projected back onto it. Madry et al. 2017, §2.1.

    The step size of a paper fits its ε and number of steps only. Unless set, it follows both
    (:func:`lab.specs.pace.step_share`: chosen by measurement); the papers' numbers are presets.
    """

    steps: int = param(40, 1, 1000, "gradient steps", usual=(1, 100), brief=100)
    step_size: float = param(
        0.0,
        0.0,
        100.0,
        "length of a step, in the ball's norm; 0: follows ε and the number of steps",
        usual=(0.001, 0.5),
        log=True,
        zero="follows ε",
    )
    restarts: int = param(
        1, 1, 100_000, "random restarts; the strongest result per image is kept", usual=(1, 50), log=True, brief=1
    )
    random_start: bool = param(True, meaning="start at a random point of the threat model instead of at the image")
    labels: str = param(
        "true",
        meaning=f"{_LABELS}; 'chosen' goes toward the target, 'every class' toward each wrong class in turn",
        choices=(*LABELS, CHOSEN, EVERY_CLASS),
    )
    target: int = param(
        0, 0, 1_000_000, "target class when the labels are 'chosen'", usual=(0, 9), only_with=("labels", CHOSEN)
    )
    objective: Objective = param(CrossEntropy(), meaning="loss that is maximised")
    momentum: float = param(0.0, 0.0, 1.0, "momentum: fraction of the accumulated gradient kept at each step")
    keep_best: bool = param(False, meaning="return the iterate with the highest loss, so that more steps never hurt")
    passes: int = param(
        1, 1, 1000, "forward passes averaged per step (EOT), for randomised models", usual=(1, 50), brief=1
    )

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            balls=NORM_BALLS,
            gradient=True,
            deterministic=not self.random_start and self.labels != "random",
            eps_per_image=True,
            retried=self.random_start,
            to_cross=2 if self.random_start else 1,
        )

    @classmethod
    @preset
    def madry_mnist(cls) -> Self:
        """40 steps of 0.01, meant for L∞ and ε 0.3. Madry et al. 2017, §5 (MNIST)."""
        return cls(steps=40, step_size=0.01)

    @classmethod
    @preset
    def madry_cifar(cls) -> Self:
        """20 steps of 2/255, meant for L∞ and ε 8/255; to train, 7 of them. Madry et al. 2017, §5 (CIFAR-10)."""
        return cls(steps=20, step_size=2 / 255)


@dataclass(frozen=True)
class WorstCase(AttackSpec, title="Worst of several attacks"):
    """The worst of several attacks for each image: the worst case of Tramèr et al. 2018, Table 4, image by image."""

    attacks: tuple[AttackSpec, ...] = param((FGSM(), PGD()), meaning="attacks run one after the other")

    @property
    def capabilities(self) -> Capabilities:
        return of_all([each.capabilities for each in self.attacks])

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.attacks:
            raise FieldError("WorstCase", "attacks", "must name at least one attack, but is empty.")


def attacks_in(spec: Spec) -> tuple[AttackSpec, ...]:
    """The attacks among the fields of a spec, alone or several in one, in order; not those inside of them."""
    values = [getattr(spec, name) for name in params(spec)]
    flat = [each for value in values for each in (value if isinstance(value, tuple) else (value,))]
    return tuple(each for each in flat if isinstance(each, AttackSpec))


def require_norms(spec: str, field: str, attack: AttackSpec) -> None:
    """Refuse, for a field of an analysis in L∞ and L2, an attack that finds images in neither. Raises ``FieldError``"""
    if not set(attack.balls) & {*NORM_BALLS}:
        norms, needed = (" or ".join(map(title_of, each)) for each in (NORM_BALLS, attack.balls))
        raise FieldError(spec, field, f"must work in {norms}, but {title_of(attack)} needs {needed}.")


def attack_names(attacks: Sequence[AttackSpec]) -> list[str]:
    """The attacks by their kinds: two of one kind by what is different about them, "StepLL (alpha 0.5)"."""
    return _told_apart(attacks, lambda spec: type(spec).__name__)


def attack_titles(attacks: Sequence[AttackSpec]) -> list[str]:
    """The attacks by their titles: two of one kind by what is different about them, "Step-LL (alpha 0.5)"."""
    return _told_apart(attacks, title_of)


def _told_apart(attacks: Sequence[AttackSpec], called: Callable[[Spec], str]) -> list[str]:
    return [_told(each, [other for other in attacks if type(other) is type(each)], called) for each in attacks]


def _told(attack: AttackSpec, alike: Sequence[AttackSpec], called: Callable[[Spec], str]) -> str:
    fields = params(attack)
    different = [name for name in fields if len({getattr(each, name) for each in alike}) > 1]
    words = [f"{name.replace('_', ' ')} {_said(getattr(attack, name), fields[name], called)}" for name in different]
    return f"{called(attack)} ({', '.join(words)})" if words else called(attack)


def _said(value: object, about: Param, called: Callable[[Spec], str]) -> str:
    if about.zero and value == 0:
        return about.zero
    return called(value) if isinstance(value, Spec) else f"{value:g}" if type(value) is float else str(value)
