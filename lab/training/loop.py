"""``train``: a recipe becomes a trained network."""

import time
from functools import singledispatch

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from lab.attacks.attack import maximise
from lab.context import Context
from lab.data import Dataset, load
from lab.errors import LabError
from lab.models import build, default_device
from lab.specs.balls import Ball
from lab.specs.recipes import Adversarial, Recipe, Standard
from lab.training.losses import mixed


class Diverged(LabError):
    """The loss is no number any more: training cannot go on."""


def fit(recipe: Recipe, ctx: Context) -> tuple[nn.Module, list[dict[str, float]]]:
    """The trained network in evaluation mode, and one record of metrics per epoch.

    Raises :class:`Diverged` with the step and the likely cause when the loss is no number any more.
    """
    data = load(recipe.data, ctx.silent())
    ctx = ctx.seeded(recipe.seed)
    device = default_device()
    model = build(recipe.architecture, data.shape, len(data.class_names), ctx.generator("weights")).to(device)
    optimiser = torch.optim.Adam(model.parameters(), lr=recipe.learning_rate)
    history = []
    for epoch in range(recipe.epochs):
        part = ctx.part(epoch, recipe.epochs, f"epoch {epoch + 1} of {recipe.epochs}")
        started = time.perf_counter()
        loss = _epoch(recipe, model, optimiser, data, epoch, part)
        history.append({"epoch": epoch + 1, "loss": loss, "seconds": time.perf_counter() - started})
    return model.eval(), history


def _epoch(
    recipe: Recipe, model: nn.Module, optimiser: torch.optim.Optimizer, data: Dataset, epoch: int, ctx: Context
) -> float:
    """One pass over the training images in a new random order; returns the mean loss."""
    model.train()
    device = next(model.parameters()).device
    order = torch.randperm(len(data.train), generator=ctx.generator("order", epoch))
    total, seen = 0.0, 0
    for batch in order.split(recipe.batch):
        x, y = data.train.images(batch).to(device), data.train.labels(batch).to(device)
        fraction = epoch + seen / len(order)
        loss = batch_loss(recipe, model, x, y, ctx.seeded("epoch", epoch).at(seen).silent(), fraction)
        if not torch.isfinite(loss):
            raise Diverged(
                f"Training diverged in epoch {epoch + 1}, after {seen} images: the loss is {loss.item()}; "
                "lower the learning rate or warm eps up more slowly."
            )
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        total, seen = total + loss.item() * len(batch), seen + len(batch)
        ctx.report(seen, len(order), loss=total / seen)
    return total / seen


@singledispatch
def batch_loss(recipe: Recipe, model: nn.Module, x: Tensor, y: Tensor, ctx: Context, epoch: float) -> Tensor:
    """The loss of one batch under a recipe; ``epoch`` is the time so far, in epochs, for what is warmed up."""
    raise LabError(f"There is no recipe called {type(recipe).__name__}.")


@batch_loss.register
def _(recipe: Standard, model: nn.Module, x: Tensor, y: Tensor, ctx: Context, epoch: float) -> Tensor:
    return cross_entropy(model(x), y)


@batch_loss.register
def _(recipe: Adversarial, model: nn.Module, x: Tensor, y: Tensor, ctx: Context, epoch: float) -> Tensor:
    ball = warmed_up(recipe.ball, epoch, recipe.warm_up)
    x_adv = maximise(recipe.attack, model, x, y, ball, ctx)
    return mixed(model, x, x_adv, y, recipe.weight)


def warmed_up(ball: Ball, epoch: float, warm_up: int) -> Ball:
    """The ball with eps grown linearly from 0 over the first ``warm_up`` epochs."""
    return ball if epoch >= warm_up else ball.replace(eps=ball.eps * epoch / warm_up)
