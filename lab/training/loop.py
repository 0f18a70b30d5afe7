"""``fit``: a recipe becomes a trained network."""

import time

import torch
from torch import nn

from lab.context import Context
from lab.data import Dataset, load
from lab.errors import LabError
from lab.models import build, default_device
from lab.specs.recipes import Recipe
from lab.training.examples import Prepared, prepare
from lab.training.losses import batch_loss
from lab.training.step import Batch, Moment


class Diverged(LabError):
    """The loss is no number any more: training cannot go on."""


def fit(recipe: Recipe, ctx: Context) -> tuple[nn.Module, list[dict[str, float]]]:
    """The trained network in evaluation mode, and one line of metrics per epoch.

    Raises :class:`Diverged` with the step and the likely cause when the loss is no number any more.
    """
    data = load(recipe.data, ctx.silent())
    ctx = ctx.seeded(recipe.seed)
    device = default_device()
    model = build(recipe.architecture, data.shape, len(data.class_names), ctx.generator("weights")).to(device)
    optimiser = torch.optim.Adam(model.parameters(), lr=recipe.optimiser.learning_rate)
    prepared = prepare(recipe, data, ctx.silent())
    lines, started = [], time.perf_counter()
    for epoch in range(recipe.epochs):
        part = ctx.part(epoch, recipe.epochs, f"epoch {epoch + 1} of {recipe.epochs}")
        loss = _epoch(recipe, model, optimiser, data, prepared, epoch, part)
        lines.append({"epoch": epoch + 1.0, "loss": loss, "seconds": time.perf_counter() - started})
    return model.eval(), lines


def _epoch(
    recipe: Recipe,
    model: nn.Module,
    optimiser: torch.optim.Optimizer,
    data: Dataset,
    prepared: Prepared,
    epoch: int,
    ctx: Context,
) -> float:
    """One pass over the training images in a new random order; returns the mean loss."""
    model.train()
    device = next(model.parameters()).device
    order = torch.randperm(len(data.train), generator=ctx.generator("order", epoch))
    total, seen = 0.0, 0
    for step, index in enumerate(order.split(recipe.batch)):
        x, y = data.train.images(index).to(device), data.train.labels(index).to(device)
        moment = Moment(step, epoch + seen / len(order))
        here = ctx.seeded("epoch", epoch).at(seen).silent()
        loss = batch_loss(recipe, model, Batch(x, y, index, prepared), moment, here).loss
        if not torch.isfinite(loss):
            raise Diverged(
                f"Training diverged in epoch {epoch + 1}, after {seen} images: the loss is {loss.item()}; "
                "lower the learning rate or warm eps up more slowly."
            )
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        total, seen = total + loss.item() * len(index), seen + len(index)
        ctx.report(seen, len(order), loss=total / seen)
    return total / seen
