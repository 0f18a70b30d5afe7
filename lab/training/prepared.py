"""What a recipe needs of fixed networks: made once, before the first step."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import torch
from torch import Tensor, nn

from lab.attacks.attack import maximise
from lab.attacks.gradient import device_of, frozen
from lab.catalogue import find_card
from lab.context import Context
from lab.data import Dataset
from lab.errors import LabError
from lab.models import load
from lab.specs.attacks import PGD, AttackSpec, Iterated, OneStep, WorstCase
from lab.specs.augmentation import Unchanged
from lab.specs.balls import Ball
from lab.specs.examples import CascadeExamples, EnsembleExamples
from lab.specs.models import ModelSpec, Trained, name_of
from lab.specs.recipes import Adversarial, Recipe

MEMORY = 2**30  # bytes of stored images; beyond, they are made for each batch: MNIST, one network: 188 MB
_AT_ONCE = 4096  # training images turned into float32 at a time


@dataclass(frozen=True, eq=False)
class Fixed:
    """A trained network that stays as it is, in evaluation mode.

    ``images`` (levels, N, C, H, W) are its adversarial images of the whole training set at rising eps, float32, on its
    device; None when they are made for each batch.
    """

    model: nn.Module
    images: Tensor | None = None


@dataclass(frozen=True, eq=False)
class Prepared:
    """What a recipe needs besides its network and data; ``fixed`` in the order of its source's models."""

    fixed: tuple[Fixed, ...] = ()


@dataclass(frozen=True)
class Wanted:
    """Whose images a source needs, by which attack, in which balls."""

    models: tuple[ModelSpec, ...]
    attack: AttackSpec
    balls: tuple[Ball, ...]


def prepare(recipe: Recipe, data: Dataset, ctx: Context) -> Prepared:
    """Make what a recipe's source needs of fixed networks, before the first step.

    Nothing is drawn at random, so that a run that is carried on finds the same. Raises :class:`LabError` when a
    network cannot read the data.
    """
    if not isinstance(recipe, Adversarial) or not (wanted := _wanted(recipe)):
        return Prepared()
    networks = [_readable(each, data) for each in wanted.models]
    if not _storable(recipe, wanted, data):
        return Prepared(tuple(Fixed(each) for each in networks))
    count = len(networks)
    parts = [ctx.part(i, count, _doing(recipe, each)) for i, each in enumerate(wanted.models)]
    return Prepared(
        tuple(Fixed(each, _made(wanted, each, data, part)) for each, part in zip(networks, parts, strict=True))
    )


def repeatable(spec: AttackSpec) -> bool:
    """Whether the attack draws nothing at random: the same network, image and ball always give the same."""
    if isinstance(spec, WorstCase):
        return all(repeatable(each) for each in spec.attacks)
    if getattr(spec, "labels", "true") == "random":
        return False
    if isinstance(spec, OneStep):
        return spec.alpha == 0
    return isinstance(spec, Iterated) or (isinstance(spec, PGD) and not spec.random_start)


def begins_alike(recipe: Recipe, name: str) -> bool:
    """Whether the model of that name had the initial weights that the recipe begins with. Na et al. 2018, §5.1."""
    card = find_card(name)
    return card.architecture == recipe.architecture and (card.recipe or {}).get("seed") == recipe.seed


def _doing(recipe: Adversarial, model: ModelSpec) -> str:
    """What a progress bar says; of a cascade, also whether it has less than the paper's benefit."""
    alike = isinstance(model, Trained) and begins_alike(recipe, model.name)
    strange = isinstance(recipe.source, CascadeExamples) and not alike
    return f"examples of {name_of(model)}" + (", which had other initial weights" if strange else "")


def _wanted(recipe: Adversarial) -> Wanted | None:
    source, ball = recipe.source, recipe.ball
    if isinstance(source, EnsembleExamples):
        return Wanted(source.models, source.attack, (ball,))
    if isinstance(source, CascadeExamples):
        balls = tuple(ball.replace(eps=ball.eps * (i + 1) / source.levels) for i in range(source.levels))
        return Wanted((source.defended,), source.iterative, balls)
    return None


def _storable(recipe: Adversarial, wanted: Wanted, data: Dataset) -> bool:
    """Whether a training image's examples are the same each time, and all of them fit into the memory."""
    changing = recipe.warm_up or not isinstance(recipe.augmentation, Unchanged) or not repeatable(wanted.attack)
    if changing or not getattr(recipe.source, "stored", False):
        return False
    if recipe.spread and isinstance(recipe.source, EnsembleExamples):
        return False
    size = 4 * len(data.train) * prod(data.shape) * len(wanted.models) * len(wanted.balls)
    return size <= MEMORY


def _made(wanted: Wanted, model: nn.Module, data: Dataset, ctx: Context) -> Tensor:
    """(levels, N, C, H, W) adversarial images of the whole training set in every ball."""
    count, levels = len(data.train), len(wanted.balls)
    images = torch.empty(levels, count, *data.shape, device=device_of(model))
    for level, ball in enumerate(wanted.balls):
        part = ctx.part(level, levels)
        for start in range(0, count, _AT_ONCE):
            some = slice(start, min(start + _AT_ONCE, count))
            x, y = data.train.images(some), data.train.labels(some)
            here = part.span(some.start, some.stop, count).at(start)
            images[level, some] = maximise(wanted.attack, model, x, y, ball, here)
    return images


def _readable(spec: ModelSpec, data: Dataset) -> nn.Module:
    """The network, in evaluation mode. Raises :class:`LabError` when it cannot tell these data's classes apart."""
    model = load(spec)
    try:
        with frozen(model), torch.no_grad():
            logits = model(data.train.images([0]).to(device_of(model)))
    except RuntimeError as error:  # PyTorch's word for images of another size
        raise LabError(
            f"{name_of(spec)} cannot read the images of {data.name}, of shape {data.shape}: choose a network trained "
            "on these data."
        ) from error
    if logits.shape[1] != data.classes:
        raise LabError(
            f"{name_of(spec)} knows {logits.shape[1]} classes, but {data.name} has {data.classes}: choose a network "
            "trained on these data."
        )
    return model
