"""Training runs: a recipe under a name of one's own."""

from dataclasses import dataclass
from typing import ClassVar

from lab.specs.recipes import Recipe, Standard
from lab.specs.spec import Spec, param


@dataclass(frozen=True)
class TrainingRun(Spec, title="Training run"):
    """A recipe trained in a folder of its own, where it can be stopped, found again and carried on."""

    name: str = param("my-network", meaning="name of the run and of the network that comes out")
    recipe: Recipe = param(Standard(), meaning="how it is trained")

    long: ClassVar[bool] = True
