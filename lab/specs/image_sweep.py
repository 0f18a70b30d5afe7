"""One image over ε: an attack at every level, followed step by step."""

from dataclasses import dataclass

from lab.errors import FieldError
from lab.specs.analyses import Analysis
from lab.specs.attacks import CHOSEN, EVERY_CLASS, PGD
from lab.specs.balls import Linf
from lab.specs.data import DataSpec, Digits
from lab.specs.models import ModelSpec, Trained
from lab.specs.spec import param

MOST_MODELS, MOST_STEPS = 3, 50


@dataclass(frozen=True)
class ImageSweep(Analysis, title="One image over ε"):
    """PGD on one image at every level of ε, and the smallest at which it fools each model. Madry et al. 2017, §2.1.

    Every level is attacked separately, and every step of every attack is kept, so that the whole can be looked at
    without computing anything further. Without a random start step 0 is the image itself.
    """

    data: DataSpec = param(Digits(), meaning="data set the image comes from")
    models: tuple[ModelSpec, ...] = param(
        (Trained("standard"), Trained("fgsm-trained"), Trained("pgd-trained")), meaning="one to three models"
    )
    image: int = param(0, 0, 10_000_000, "index of the test image")
    attack: PGD = param(PGD(steps=20, random_start=False), meaning="attack at every level")
    ball: Linf = param(Linf(0.4), meaning="threat model; its ε is the largest", label="Norm")
    levels: int = param(20, 1, 40, "levels of ε above 0", usual=(2, 20), label="Levels of ε")
    seed: int = param(0, 0, 2**31 - 1, "seed of the random starts")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 1 <= len(self.models) <= MOST_MODELS or len(set(self.models)) != len(self.models):
            raise FieldError(
                "ImageSweep", "models", f"must be 1 to {MOST_MODELS} different ones, but there are {len(self.models)}."
            )
        if self.ball.eps <= 0:
            raise FieldError("ImageSweep", "ball", "must have ε above 0, because ε is swept from 0 to this value.")
        if self.attack.steps > MOST_STEPS:
            raise FieldError(
                "ImageSweep", "attack", f"must take at most {MOST_STEPS} steps, because each is kept as an image."
            )
        if self.attack.restarts > 1 or self.attack.keep_best or self.attack.labels == EVERY_CLASS:
            raise FieldError(
                "ImageSweep", "attack", "must be followed to its end: one restart, one aim, without keeping the best."
            )

    @property
    def eps(self) -> tuple[float, ...]:
        """Levels of ε, 0 first and the ball's last."""
        return tuple(self.ball.eps * level / self.levels for level in range(self.levels + 1))

    @property
    def target(self) -> int | None:
        """The class that the attack goes toward, if one was chosen."""
        return self.attack.target if self.attack.labels == CHOSEN else None
