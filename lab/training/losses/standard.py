"""Ordinary training."""

from torch import nn

from lab.context import Context
from lab.specs.recipes import Standard
from lab.training.losses.loss import batch_loss, clean_loss
from lab.training.step import Batch, Moment, Step


@batch_loss.register
def standard(recipe: Standard, model: nn.Module, batch: Batch, moment: Moment, ctx: Context) -> Step:
    """Cross-entropy on clean images."""
    return clean_loss(recipe, model, batch)
