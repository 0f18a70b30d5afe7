"""``fit``: a recipe becomes a trained network."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from lab.context import Cancelled, Context
from lab.data import Dataset, Split, load
from lab.errors import LabError
from lab.models import build, default_device, fit_mean, set_generator
from lab.specs.recipes import Recipe
from lab.training.augmentation import augmented, drawn
from lab.training.checkpointer import Checkpointer
from lab.training.divergence import Diverged, require_finite
from lab.training.examples import Prepared, prepare
from lab.training.folder import Gone
from lab.training.losses import batch_loss
from lab.training.measure import measured_in
from lab.training.metrics import Line, Partials, Tally, probe
from lab.training.optimisers import optimiser_of, set_rate
from lab.training.parallel import Group
from lab.training.schedule import Plan, factor
from lab.training.start import take_start
from lab.training.state import TrainingState
from lab.training.step import Batch, Moment

__all__ = ["Diverged", "fit"]

PREPARING = 0.05  # share of the time that what is made before the first step is taken to need, for the progress bar
AT_ONCE = 1024  # training images whose mean is taken at a time


class BatchLoss(nn.Module):
    """A network whose forward pass is the loss of a batch, the making of adversarial examples included."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, recipe: Recipe, batch: Batch, moment: Moment, ctx: Context) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the loss and the metrics of a :class:`lab.training.step.Step`."""
        found = batch_loss(recipe, self.network, batch, moment, ctx)
        return found.loss, found.metrics


@dataclass(frozen=True, eq=False)
class Setting:
    """Constants of a training run; ``images`` are the training images, on its device if they fit."""

    recipe: Recipe
    data: Dataset
    images: Split
    prepared: Prepared
    plan: Plan
    group: Group
    loss: nn.Module


def fit(
    recipe: Recipe, ctx: Context, checkpointer: Checkpointer | None = None, group: Group = Group()
) -> tuple[nn.Module, list[Line]]:
    """The trained network in evaluation mode, and its lines of metrics.

    It goes on from where ``checkpointer`` left it. The weights do not depend on interruptions. Raises :class:`Diverged`
    with the step and the likely cause when the loss is no number any more; on :class:`Cancelled` the state is kept.
    """
    checkpointer = checkpointer or Checkpointer()
    together = group.context(ctx.seeded(recipe.seed))
    data = load(recipe.data, ctx.silent())
    state = begin(recipe, data, together, group)
    checkpointer.restore(state)
    prepared = prepare(recipe, data, together.span(0, PREPARING, 1))
    plan = Plan(len(data.train), recipe.batch, recipe.epochs)
    setting = Setting(
        recipe, data, placed(data.train, state.device), prepared, plan, group, group.shared(BatchLoss(state.model))
    )
    partials = Partials(recipe, together)
    try:
        write_line(setting, state, together)  # the one that an interruption may have left out
        for epoch in range(state.step // plan.per_epoch, recipe.epochs):
            part = together.span(PREPARING, 1, 1).part(epoch, recipe.epochs, f"epoch {epoch + 1} of {recipe.epochs}")
            for _ in steps(setting, state, epoch, part):
                checkpointer.note_lines(state)
                partials.show(state.lines)
                checkpointer.keep_if_due(state, plan.ends_epoch(state.step))
                if group.any(ctx.cancelled()):
                    raise Cancelled
    except Cancelled:
        with suppress(Gone):
            checkpointer.keep(state)
        raise
    checkpointer.note_lines(state)
    checkpointer.keep(state)
    set_generator(state.model, None)
    return state.model.eval(), state.lines


def begin(recipe: Recipe, data: Dataset, ctx: Context, group: Group) -> TrainingState:
    """The state before the first step: new weights with the mean of the images, or those of a trained model."""
    device = default_device()
    weights = ctx.generator("weights")
    model = build(recipe.architecture, data.shape, data.classes, weights, recipe.initial).to(device)
    parts = torch.arange(len(data.train)).split(AT_ONCE)
    fit_mean(model, (data.train.images(each).to(device) for each in parts))
    take_start(recipe.start, model)
    if device.type == "cuda":
        model = model.to(memory_format=torch.channels_last)
        if group.size > 1:
            model = nn.SyncBatchNorm.convert_sync_batchnorm(model)
    return TrainingState(model, optimiser_of(recipe.optimiser, model.parameters(), recipe.weight_decay))


def placed(images: Split, device: torch.device) -> Split:
    """The images on the device, if they take no more than half of its free memory; else where they are."""
    if device.type != "cuda" or images.x.nbytes > torch.cuda.mem_get_info(device)[0] / 2:
        return images
    return Split(images.x.to(device), images.y.to(device))


def steps(setting: Setting, state: TrainingState, epoch: int, ctx: Context) -> Iterator[int]:
    """Take the steps of an epoch that are still to be taken, yielding after each; the last line comes with a probe."""
    plan, images = setting.plan, len(setting.images)
    order = torch.randperm(images, generator=ctx.generator("order", epoch))
    here = ctx.seeded("epoch", epoch)
    draws = drawn(images, here)
    while state.step < (epoch + 1) * plan.per_epoch:
        seen = plan.seen(state.step)
        ctx.report(seen, images, **shown(state))
        places = [seen + each for each in setting.group.share(plan.size(state.step))]
        batch = read(setting, order[places], draws[places], state.device)
        step(setting, state, batch, here.only(places).silent())
        write_line(setting, state, ctx)
        yield state.step
    ctx.report(images, images, **shown(state))


def read(setting: Setting, index: torch.Tensor, draws: torch.Tensor, device: torch.device) -> Batch:
    """The training images of these positions, changed at random, with their labels."""
    here = index.to(setting.images.x.device)
    x = setting.images.images(here).to(device)
    y = setting.images.labels(here).to(device)
    return Batch(augmented(setting.recipe.augmentation, x, draws), y, index, setting.prepared)


def step(setting: Setting, state: TrainingState, batch: Batch, ctx: Context) -> None:
    """One step of the weights against the gradient of the batch's loss."""
    recipe, plan, group, model = setting.recipe, setting.plan, setting.group, state.model
    set_rate(state.optimiser, recipe.optimiser.learning_rate * factor(recipe.schedule, state.step, plan))
    seed_dropout(model, ctx.seeded("dropout", state.step, group.rank), state.device)
    model.train()
    with undone_if_cancelled(model), passes(recipe, state.device), alone_refused(len(batch.y)):
        mean, found = setting.loss(recipe, batch, plan.moment(state.step), ctx)
    loss = mean.item()
    state.optimiser.zero_grad(set_to_none=True)
    (mean * group.weight(plan.size(state.step))).backward()
    gradient = nn.utils.get_total_norm([each.grad for each in model.parameters() if each.grad is not None]).item()
    require_finite(recipe, state.step, plan.per_epoch, loss=loss, gradient=gradient)
    state.optimiser.step()
    group.average_statistics(model)
    metrics = {name: value.item() for name, value in found.items()}
    state.tally.add(len(batch.y), metrics | {"loss": loss, "gradient": gradient})
    state.step += 1


def write_line(setting: Setting, state: TrainingState, ctx: Context) -> None:
    """Add the line of metrics that is due after the steps taken, unless it is there already."""
    recipe, plan = setting.recipe, setting.plan
    if not state.tally.sums or not plan.ends_line(state.step):
        return
    line = state.tally.means(setting.group)
    if plan.ends_epoch(state.step) and setting.group.first:
        ball = measured_in(recipe)
        line |= probe(state.model, setting.data, ball, ctx.seeded("probe", state.step))
    when = {
        "step": float(state.step),
        "epoch": state.step / plan.per_epoch,
        "seconds": state.seconds,
        "learning_rate": recipe.optimiser.learning_rate * factor(recipe.schedule, state.step - 1, plan),
    }
    state.lines.append(when | line)
    state.tally = Tally()


def shown(state: TrainingState) -> dict[str, float]:
    """Return the figures beside a progress bar."""
    found = state.tally.means() or (state.lines[-1] if state.lines else {})
    return {name: found[name] for name in ("loss", "clean", "adversarial") if name in found}


def seed_dropout(model: nn.Module, ctx: Context, device: torch.device) -> None:
    """Let dropout draw the same masks whenever this step is taken."""
    set_generator(model, torch.Generator(device).manual_seed(ctx.seed))


@contextmanager
def passes(recipe: Recipe, device: torch.device) -> Iterator[None]:
    """Run forward passes, an attack's too, in the recipe's precision; weights and gradients stay float32."""
    with torch.autocast(device.type, torch.bfloat16, enabled=recipe.precision == "bfloat16"):
        yield


@contextmanager
def alone_refused(images: int) -> Iterator[None]:
    """Say in a sentence that batch normalisation cannot learn from so few images."""
    try:
        yield
    except ValueError as error:
        if "Expected more than 1 value per channel" not in str(error):
            raise
        raise LabError(
            f"Batch normalisation cannot learn from a batch of {images}, where one pixel is left of each image: take "
            "a larger batch, or another architecture."
        ) from error


@contextmanager
def undone_if_cancelled(model: nn.Module) -> Iterator[None]:
    """Give a network its buffers (running statistics) back when a step is left half-way."""
    before = [each.clone() for each in model.buffers()]
    try:
        yield
    except Cancelled:
        for buffer, value in zip(model.buffers(), before, strict=True):
            buffer.copy_(value)
        raise
