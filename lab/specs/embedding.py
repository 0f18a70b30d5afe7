"""Embeddings of images, and their paths under attack."""

from dataclasses import dataclass

from lab.errors import FieldError
from lab.specs.analyses import Analysis
from lab.specs.attacks import BIM, AttackSpec, require_norms
from lab.specs.balls import Ball, Linf
from lab.specs.capabilities import NORM_BALLS
from lab.specs.data import DataSpec, Digits
from lab.specs.models import ModelSpec, Trained
from lab.specs.spec import param


@dataclass(frozen=True)
class Embeddings(Analysis, title="Embeddings"):
    """Embeddings of images and their paths under attack as ε grows. Na et al. 2018, §4.2, Fig. 4; App. C, Fig. 7.

    The attack runs separately at every level of ε, from 0 to the ball's: on the images that are followed, then on the
    first ``averaged`` test images, over which the curves are averaged.
    """

    data: DataSpec = param(Digits(), meaning="data set the images come from")
    models: tuple[ModelSpec, ...] = param((Trained("standard"),), meaning="one to three models")
    images: tuple[int, ...] = param((3, 7, 0), 0, 10_000_000, "test images whose paths are drawn, by index")
    count: int = param(
        300, 10, 2000, "clean test images that are drawn, from the first on", usual=(10, 1000), label="Number of images"
    )
    averaged: int = param(
        128,
        1,
        2000,
        "test images that the curves are averaged over, from the first on",
        usual=(16, 360),
        label="Images averaged over",
    )
    attack: AttackSpec = param(BIM(), meaning="the attack that moves the images")
    ball: Ball = param(Linf(0.3), meaning="threat model; its ε is the largest", choices=NORM_BALLS, label="Norm")
    levels: int = param(10, 1, 40, "levels of ε above 0", usual=(2, 20), label="Levels of ε")
    t_sne: bool = param(False, meaning="also compute t-SNE, which takes some seconds per model", label="t-SNE")
    seed: int = param(0, 0, 2**31 - 1, "seed of the attack's draws and of t-SNE")

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, most in (("models", 3), ("images", 12)):
            chosen = getattr(self, name)
            if not 1 <= len(chosen) <= most or len(set(chosen)) != len(chosen):
                raise FieldError(
                    "Embeddings", name, f"must be 1 to {most} different ones, but there are {len(chosen)}."
                )
        require_norms("Embeddings", "attack", self.attack)
        if self.ball.eps <= 0:
            raise FieldError("Embeddings", "ball", "must have ε above 0, because ε is swept from 0 to this value.")

    @property
    def eps(self) -> tuple[float, ...]:
        """Levels of ε, 0 first and the ball's last."""
        return tuple(self.ball.eps * level / self.levels for level in range(self.levels + 1))
