"""Attacks: how an adversary looks for an image inside the ball that the model misreads."""

from dataclasses import dataclass

from lab.specs.spec import Spec, param

LABELS = ("true", "predicted")


@dataclass(frozen=True)
class Objective(Spec):
    """What a gradient attack makes as large as it can."""


@dataclass(frozen=True)
class CrossEntropy(Objective):
    """The training loss of the label. Kurakin et al. 2017, §2.2; Madry et al. 2017, eq. 2.1."""


@dataclass(frozen=True)
class Margin(Objective):
    """Largest wrong logit minus the label's logit, but not beyond kappa: the CW loss. Madry et al. 2017, §5."""

    kappa: float = param(50.0, 0.0, 1e6, "confidence beyond which nothing more is gained", usual=(0.0, 100.0))


@dataclass(frozen=True)
class AttackSpec(Spec):
    """A way of proposing adversarial images. The ball is not part of it: sweeping eps is the commonest act."""


@dataclass(frozen=True)
class FGSM(AttackSpec):
    """One step of size eps along the gradient's sign (L2: along the gradient). Kurakin et al. 2017, eq. 1."""

    labels: str = param("true", meaning="label whose loss is raised; 'predicted' leaks no label", choices=LABELS)
    objective: Objective = param(CrossEntropy(), meaning="the loss that is raised")


@dataclass(frozen=True)
class PGD(AttackSpec):
    """Gradient steps from a random point of the ball, each projected back onto it. Madry et al. 2017, §2.1."""

    steps: int = param(40, 1, 1000, "gradient steps", usual=(1, 100))
    step_size: float = param(0.01, 1e-5, 100.0, "length of a step, in the ball's norm", usual=(0.001, 0.5), log=True)
    restarts: int = param(1, 1, 100_000, "random starts; the worst one for the model counts", usual=(1, 50), log=True)
    random_start: bool = param(True, meaning="start from a random point of the ball instead of the image")
    labels: str = param("true", meaning="label whose loss is raised; 'predicted' leaks no label", choices=LABELS)
    objective: Objective = param(CrossEntropy(), meaning="the loss that is raised")
