"""Training runs: a recipe under a name of one's own."""

from dataclasses import dataclass
from typing import ClassVar

from lab.specs.recipes import Recipe, Standard
from lab.specs.spec import Spec, param


@dataclass(frozen=True)
class TrainingRun(Spec, title="Training run"):
    """Training run of a recipe in a folder of its own, where it can be stopped, found and resumed."""

    name: str = param("my-network", meaning="name of the run and of the trained model")
    recipe: Recipe = param(Standard(), meaning="what the model is trained on, with which loss, and for how long")

    long: ClassVar[bool] = True
