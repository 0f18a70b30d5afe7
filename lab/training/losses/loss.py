"""The loss of a batch, by the kind of recipe, and what all kinds of them need."""

from functools import singledispatch

from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from lab.context import Context
from lab.errors import LabError
from lab.specs.recipes import Recipe
from lab.training.step import Batch, Moment, Step


@singledispatch
def batch_loss(recipe: Recipe, model: nn.Module, batch: Batch, moment: Moment, ctx: Context) -> Step:
    """The loss of one batch under a recipe; ``model`` is in training mode."""
    raise LabError(f"The recipe {type(recipe).__name__} has no loss: register one with lab.training.losses.batch_loss.")


def clean_loss(recipe: Recipe, model: nn.Module, batch: Batch) -> Step:
    """Cross-entropy on clean images."""
    logits = model(batch.x)
    loss = cross_entropy(logits, batch.y, label_smoothing=recipe.label_smoothing)
    return Step(loss, {"clean": accuracy(logits, batch.y)})


def accuracy(logits: Tensor, y: Tensor) -> Tensor:
    """The fraction of correctly classified images."""
    return (logits.detach().argmax(1) == y).float().mean()
