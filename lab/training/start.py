"""Starting from a trained model: which one fits, and its weights."""

from functools import singledispatch

from torch import nn

from lab import datafiles
from lab.catalogue import find_card
from lab.errors import LabError
from lab.models import load
from lab.specs.models import Architecture, name_of
from lab.specs.recipes import Recipe
from lab.specs.spec import to_json
from lab.specs.start import FromModel, NewWeights, Start


def require_start(recipe: Recipe) -> None:
    """Refuse a recipe that starts from a model of another architecture, or for other images or classes."""
    if not isinstance(recipe.start, FromModel):
        return
    name, data = name_of(recipe.start.model), datafiles.outline(recipe.data)
    card = find_card(name)
    if card.architecture != recipe.architecture:
        raise LabError(
            f"Training cannot start from '{name}', whose architecture is {_described(card.architecture)}, not "
            f"{_described(recipe.architecture)}: choose a model of the recipe's architecture, or its architecture."
        )
    if (card.shape, card.classes) != (data.shape, data.classes):
        raise LabError(
            f"Training cannot start from '{name}', which is for images of shape {card.shape} in {card.classes} "
            f"classes, not {data.shape} in {data.classes}: choose a model for such data."
        )


@singledispatch
def take_start(start: Start, model: nn.Module) -> None:
    """Give a model with new weights those that training starts from."""
    raise LabError(f"There is no start called {type(start).__name__}.")


@take_start.register
def new_weights(start: NewWeights, model: nn.Module) -> None:
    """Keep the new weights."""


@take_start.register
def from_model(start: FromModel, model: nn.Module) -> None:
    """Take the trained model's weights, and its buffers: running statistics and the mean of its training images."""
    model.load_state_dict(load(start.model).state_dict())


def _described(architecture: Architecture | None) -> str:
    return to_json(architecture) if architecture else "unknown"
