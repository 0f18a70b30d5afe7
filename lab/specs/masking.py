"""Is the gradient masked?"""

from dataclasses import dataclass
from typing import ClassVar

from lab.errors import SpecError
from lab.specs.analyses import Analysis
from lab.specs.attacks import BIM, FGSM, PGD, RFGSM, AttackSpec, RandomSign, StepLL
from lab.specs.balls import Ball, Linf
from lab.specs.data import DataSpec, Digits
from lab.specs.models import ModelSpec, Trained
from lab.specs.spec import param

MOST_MODELS = 4


@dataclass(frozen=True)
class Masking(Analysis):
    """Whether a model's gradient shows where its loss rises. Tramèr et al. 2018, §4.1; Na et al. 2018, App. D.

    Every model is examined, and every other one is a source of black-box attacks on it. The ball's eps is that of the
    verdict; ``eps`` are further ones, for the curves.
    """

    data: DataSpec = param(Digits(), meaning="data set the images come from")
    models: tuple[ModelSpec, ...] = param(
        (Trained("standard"), Trained("fgsm-trained"), Trained("pgd-trained")),
        meaning="one to four models, each examined, and a black-box source for the others",
    )
    ball: Ball = param(Linf(0.2), meaning="threat model of the verdict")
    eps: tuple[float, ...] = param(
        (0.05, 0.1, 0.15, 0.3, 0.5), 0.0, 1000.0, "further radii of the ball, for the curves over ε"
    )
    images: int = param(100, 1, 10_000, "how many test images, from the first one on", usual=(20, 360))
    steps: int = param(40, 1, 1000, "gradient steps of PGD, each 2.5 ε / steps long", usual=(10, 100))
    restarts: int = param(1, 1, 100, "random starts of PGD; the largest loss counts", usual=(1, 10))
    seed: int = param(0, 0, 2**31 - 1, "seed of the random starts")

    attacks: ClassVar[tuple[str, ...]] = (
        "random sign",
        "Step-LL",
        "FGSM, predicted label",
        "FGSM",
        "R+FGSM",
        "two steps",
        "PGD",
    )
    """The attacks on the model itself, in the order of the results; all but the last take two gradients at most."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, least, most in (("models", 1, MOST_MODELS), ("eps", 0, 20)):
            values = getattr(self, name)
            if not least <= len(values) <= most or len(set(values)) != len(values):
                raise SpecError(
                    f"Masking.{name} must be {least} to {most} different ones, but there are {len(values)}."
                )

    @property
    def radii(self) -> tuple[float, ...]:
        """Every eps that is examined, rising."""
        return tuple(sorted({self.ball.eps, *self.eps}))

    @property
    def balls(self) -> tuple[Ball, ...]:
        """The ball of every radius. Raises :class:`SpecError` for one that the norm does not admit."""
        return tuple(self.ball.replace(eps=each) for each in self.radii)

    def at(self, eps: float) -> tuple[AttackSpec, ...]:
        """The attacks of :attr:`attacks` for a radius, which the lengths of steps depend on.

        Two steps are of eps / 2 each, as many gradients and as long as the two parts of R+FGSM (Tramèr et al. 2018,
        Table 2). PGD's steps of 2.5 eps / steps reach every point of the ball from every other.
        """
        pgd = PGD(steps=self.steps, step_size=max(2.5 * eps / self.steps, 1e-5), restarts=self.restarts)
        two = BIM(steps=2, step_size=eps / 2)
        return (RandomSign(), StepLL(), FGSM(labels="predicted"), FGSM(), RFGSM(), two, pgd)

    @property
    def gradient_steps(self) -> int:
        """What the analysis costs: single-image gradient steps."""
        own = len(self.radii) * (8 + self.steps * self.restarts)
        return self.images * len(self.models) * (own + 2 * len(self.models) + 225)
