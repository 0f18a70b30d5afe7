"""Which test images to look at."""

from dataclasses import dataclass

from lab.errors import FieldError
from lab.specs.analyses import Analysis
from lab.specs.attacks import PGD
from lab.specs.balls import Ball, Linf
from lab.specs.capabilities import NORM_BALLS
from lab.specs.data import DataSpec, Digits
from lab.specs.fab import FABTargeted
from lab.specs.models import ModelSpec, Trained
from lab.specs.spec import param

MOST_SCREENED = 10_000

LABELS, PREDICTIONS, ATTACKED, DISTANCES = "labels", "predictions", "attacked", "distances"
EXTENTS = (LABELS, PREDICTIONS, ATTACKED, DISTANCES)


@dataclass(frozen=True)
class Screening(Analysis, title="Image screening"):
    """What models predict on the first test images, by which margin, and which of them PGD fools: to choose among them.

    Fewer images are screened where the data have fewer. Each ``extent`` has what those before it have: their labels,
    which needs no model; predictions and margins; predictions under the attack; distances to the nearest adversarial
    example.
    """

    data: DataSpec = param(Digits(), meaning="data set the images come from")
    models: tuple[ModelSpec, ...] = param((Trained("standard"),), meaning="one to four models")
    extent: str = param(ATTACKED, choices=EXTENTS, meaning="how far the images are examined")
    attack: PGD = param(PGD(steps=10), meaning="attack that fools an image or does not")
    search: FABTargeted = param(
        FABTargeted(steps=20, targets=3), meaning="attack that looks for the nearest adversarial example"
    )
    ball: Ball = param(Linf(0.2), meaning="threat model", choices=NORM_BALLS, label="Norm")
    images: int = param(1000, 1, MOST_SCREENED, "how many test images, from the first one on", usual=(20, 1000))
    seed: int = param(0, 0, 2**31 - 1, "seed of the random starts")

    def __post_init__(self) -> None:
        super().__post_init__()
        count = len(self.models)
        least = 0 if self.extent == LABELS else 1
        if not least <= count <= 4 or len(set(self.models)) != count:
            raise FieldError("Screening", "models", f"must be {least} to 4 different ones, but there are {count}.")

    def reaches(self, extent: str) -> bool:
        """Return whether the images are examined as far as that."""
        return EXTENTS.index(self.extent) >= EXTENTS.index(extent)
