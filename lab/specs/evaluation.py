"""Evaluations: robust accuracy under the strongest attacks that need no tuning."""

from dataclasses import dataclass

from lab.errors import FieldError
from lab.specs.analyses import Analysis
from lab.specs.balls import Ball, Linf
from lab.specs.capabilities import NORM_BALLS
from lab.specs.data import DataSpec, Digits
from lab.specs.models import ModelSpec, Trained
from lab.specs.spec import param

QUICK, STANDARD, THOROUGH = "quick", "standard", "thorough"
BUDGETS = (QUICK, STANDARD, THOROUGH)
MOST_MODELS = 6


@dataclass(frozen=True)
class Evaluation(Analysis, title="Evaluation"):
    """Robust accuracy under parameter-free attacks, with sanity checks. Croce & Hein 2020; Carlini et al. 2019.

    Attacks go from the cheapest to the dearest, each on the images that all before have left. 'standard' has
    AutoAttack's four attacks and MultiTargeted, but after a first pass (in L2 with FAB-T, and with MultiTargeted from
    outside the ball) spends them only on images near the decision boundary; 'quick' is what breaks most per gradient;
    'thorough' is AutoAttack's standard version in full, with further restarts and every check on every image.
    """

    data: DataSpec = param(Digits(), meaning="data set the images come from")
    models: tuple[ModelSpec, ...] = param(
        (Trained("standard"), Trained("fgsm-trained"), Trained("pgd-trained")), meaning="one to six models"
    )
    ball: Ball = param(Linf(0.3), meaning="threat model", choices=NORM_BALLS, label="Norm")
    images: int = param(1000, 1, 1_000_000, "how many test images, from the first one on, if there are so many")
    budget: str = param(
        QUICK, meaning="budget: how much is spent on the images that earlier attacks did not break", choices=BUDGETS
    )
    seed: int = param(0, 0, 2**31 - 1, "seed of every random draw")

    def __post_init__(self) -> None:
        super().__post_init__()
        count = len(self.models)
        if not 1 <= count <= MOST_MODELS or len(set(self.models)) != count:
            raise FieldError(
                "Evaluation", "models", f"must be 1 to {MOST_MODELS} different ones, but there are {count}."
            )
