"""Starts of a training: new weights, or those of a trained model."""

from dataclasses import dataclass

from lab.specs.models import ModelSpec, Trained
from lab.specs.spec import Spec, param


@dataclass(frozen=True)
class Start(Spec):
    """The weights before the first step."""


@dataclass(frozen=True)
class NewWeights(Start, title="New weights"):
    """Drawn by the recipe's rule for initial weights, from its seed."""


@dataclass(frozen=True)
class FromModel(Start, title="Weights of a trained model"):
    """The weights and running statistics of a trained model of the same architecture, on images of the same shape.

    Only they are taken: the optimiser has no memory yet, schedule and steps begin at 0. So several trainings
    share a start: Na et al. 2018, App. A (2 epochs on clean images of MNIST, 10 of CIFAR-10), and Kurakin et al. 2017,
    §4 (10,000 steps).
    """

    model: ModelSpec = param(Trained("standard"), meaning="trained model whose weights are taken", choices=(Trained,))
