"""What training minimises: one function for each kind of recipe."""

from functools import singledispatch

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from lab.context import Context
from lab.errors import LabError
from lab.specs.balls import Ball
from lab.specs.recipes import Adversarial, Recipe, Standard
from lab.training.examples import examples
from lab.training.step import Batch, Moment, Step


@singledispatch
def batch_loss(recipe: Recipe, model: nn.Module, batch: Batch, moment: Moment, ctx: Context) -> Step:
    """The loss of one batch under a recipe; ``model`` is in training mode."""
    raise LabError(f"There is no recipe called {type(recipe).__name__}.")


@batch_loss.register
def standard(recipe: Standard, model: nn.Module, batch: Batch, moment: Moment, ctx: Context) -> Step:
    """Cross-entropy on clean images."""
    logits = model(batch.x)
    loss = cross_entropy(logits, batch.y, label_smoothing=recipe.label_smoothing)
    return Step(loss, {"clean": accuracy(logits, batch.y)})


@batch_loss.register
def adversarial(recipe: Adversarial, model: nn.Module, batch: Batch, moment: Moment, ctx: Context) -> Step:
    """The mixture of :class:`Adversarial`, in one pass over clean and adversarial images."""
    ball = warmed_up(recipe.ball, moment.epoch, recipe.warm_up)
    x_adv = examples(recipe.source, model, batch, ball, ctx)
    clean = len(batch.x) if recipe.keep_clean else 0
    images, labels = torch.cat([batch.x[:clean], x_adv]), torch.cat([batch.y[:clean], batch.y])
    logits = model(images)
    losses = cross_entropy(logits, labels, label_smoothing=recipe.label_smoothing, reduction="none")
    loss = (losses[:clean].sum() + recipe.weight * losses[clean:].sum()) / (clean + recipe.weight * len(x_adv))
    return Step(loss, {"adversarial": accuracy(logits[clean:], batch.y)})


def accuracy(logits: Tensor, y: Tensor) -> Tensor:
    """The share of images that are read as what they are."""
    return (logits.detach().argmax(1) == y).float().mean()


def warmed_up(ball: Ball, epoch: float, warm_up: int) -> Ball:
    """The ball with eps grown linearly from 0 over the first ``warm_up`` epochs."""
    return ball if epoch >= warm_up else ball.replace(eps=ball.eps * epoch / warm_up)
