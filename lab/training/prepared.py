"""Examples of static models that a recipe needs, computed once before the first step."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from math import prod

import torch
from torch import Tensor, nn

from lab.attacks.attack import maximise
from lab.attacks.batches import logits_of
from lab.attacks.gradient import device_of, frozen
from lab.catalogue import find_card
from lab.context import Context
from lab.data import Dataset
from lab.errors import AttackError, LabError
from lab.models import load_adapted
from lab.specs.attacks import AttackSpec, Iterated
from lab.specs.balls import Ball, Linf
from lab.specs.examples import TRAINING, FixedExamples
from lab.specs.initial import OWN
from lab.specs.models import ModelSpec, Trained, name_of
from lab.specs.pace import pace
from lab.specs.recipes import Recipe
from lab.specs.spec import title_of, to_dict
from lab.specs.start import NewWeights

MEMORY = 2**30  # bytes of stored images; beyond, they are made for each batch: MNIST, one network: 188 MB as float32
_ROUNDING = 1e-6  # grey levels
_AT_ONCE = 4096  # training images turned into float32 at a time


@dataclass(frozen=True, eq=False)
class StaticModel:
    """A trained network that stays as it is, in evaluation mode.

    ``images`` (levels, N, C, H, W) are its adversarial images of the whole training set at rising eps, on its device:
    uint8 where that loses nothing, else float32; None when they are made for each batch.
    """

    model: nn.Module
    images: Tensor | None = None

    def stored(self, level: int | Tensor, index: Tensor) -> Tensor:
        """The stored images (n, C, H, W) of these training images at one level or at one of each, float32 in [0, 1]."""
        assert self.images is not None
        device = self.images.device
        found = self.images[level.to(device) if isinstance(level, Tensor) else level, index.to(device)]
        return found.float() / 255 if found.dtype == torch.uint8 else found


@dataclass(frozen=True, eq=False)
class Prepared:
    """Inputs of a recipe besides its model and data; ``fixed`` in the order of its source's models."""

    fixed: tuple[StaticModel, ...] = ()


def prepare(recipe: Recipe, data: Dataset, ctx: Context) -> Prepared:
    """Make what a recipe's source needs of fixed networks, before the first step.

    Nothing is drawn at random, so that a run that is carried on finds the same. Raises :class:`LabError` when a
    network cannot read the data.
    """
    fixed, ball = recipe.fixed, recipe.trained_against
    if fixed is None:
        return Prepared()
    if ball is None:
        raise LabError(f"{title_of(recipe)} needs adversarial examples, but states no threat model for them.")
    networks = [_readable(each, data) for each in fixed.models]
    if fixed.mode == TRAINING:
        networks = [deepcopy(each) for each in networks]  # others may use the loaded ones in evaluation mode
    if not fixed.stored or not _fits(fixed, ball, data):
        return Prepared(tuple(StaticModel(each) for each in networks))
    count = len(networks)
    parts = [ctx.part(i, count, _doing(recipe, fixed, each)) for i, each in enumerate(fixed.models)]
    dtype = torch.uint8 if in_grey_levels(fixed, ball, data) else torch.float32
    balls = [ball.replace(eps=ball.eps * (i + 1) / fixed.levels) for i in range(fixed.levels)]
    return Prepared(
        tuple(
            StaticModel(each, _make_examples(fixed.attack, balls, each, data, dtype, part))
            for each, part in zip(networks, parts, strict=True)
        )
    )


def begins_alike(recipe: Recipe, name: str) -> bool:
    """Return whether the model of that name had the weights before its first step that the recipe has.

    Na et al. 2018, §5.1.
    """
    card = find_card(name)
    theirs = card.recipe or {}
    if card.architecture != recipe.architecture or theirs.get("start", to_dict(NewWeights())) != to_dict(recipe.start):
        return False
    drawn = (theirs.get("seed"), theirs.get("initial", OWN)) == (recipe.seed, recipe.initial)
    return drawn or not isinstance(recipe.start, NewWeights)


def _doing(recipe: Recipe, fixed: FixedExamples, model: ModelSpec) -> str:
    """Word the progress; of a cascade, also whether it has less than the paper's benefit."""
    alike = isinstance(model, Trained) and begins_alike(recipe, model.name)
    strange = fixed.same_start and not alike
    return f"examples of {name_of(model)}" + (", which had other initial weights" if strange else "")


def _fits(fixed: FixedExamples, ball: Ball, data: Dataset) -> bool:
    """Return whether the examples of all training images fit into the memory."""
    values = len(data.train) * prod(data.shape) * len(fixed.models) * fixed.levels
    return values * (1 if in_grey_levels(fixed, ball, data) else 4) <= MEMORY


def in_grey_levels(fixed: FixedExamples, ball: Ball, data: Dataset) -> bool:
    """Return whether every adversarial image is one of whole grey levels, so that bytes hold it without loss.

    Sign steps of whole grey levels from 8-bit images to balls whose ε are whole levels, too, lead to such images only:
    Na et al. 2018 keep their cascade images so. Other attacks are not taken to.
    """
    if data.train.x.dtype != torch.uint8 or not isinstance(ball, Linf) or not isinstance(fixed.attack, Iterated):
        return False
    radii = [ball.eps * (i + 1) / fixed.levels for i in range(fixed.levels)]
    return all(map(_whole, [*radii, *(pace(fixed.attack, each).step_size for each in radii)]))


def _whole(value: float) -> bool:
    """Return whether a length is a whole number of grey levels, but for rounding."""
    return abs(value * 255 - round(value * 255)) < _ROUNDING


def _make_examples(
    attack: AttackSpec, balls: list[Ball], model: nn.Module, data: Dataset, dtype: torch.dtype, ctx: Context
) -> Tensor:
    """(levels, N, C, H, W) adversarial images of the whole training set in every ball, kept as ``dtype``."""
    count, levels = len(data.train), len(balls)
    images = torch.empty(levels, count, *data.shape, dtype=dtype, device=device_of(model))
    for level, ball in enumerate(balls):
        part = ctx.part(level, levels)
        for start in range(0, count, _AT_ONCE):
            some = slice(start, min(start + _AT_ONCE, count))
            x, y = data.train.images(some), data.train.labels(some)
            here = part.span(some.start, some.stop, count).at(start)
            made = maximise(attack, model, x, y, ball, here)
            images[level, some] = made if dtype.is_floating_point else (made * 255).round().to(dtype)
    return images


def _readable(spec: ModelSpec, data: Dataset) -> nn.Module:
    """The network, in evaluation mode. Raises :class:`LabError` when it cannot tell these data's classes apart."""
    model = load_adapted(spec)
    try:
        with frozen(model):
            logits = logits_of(model, data.train.images([0]))
    except AttackError as error:
        raise LabError(
            f"{name_of(spec)} cannot process the images of {data.name}, of shape {data.shape}: choose a model trained "
            "on these data."
        ) from error
    if logits.shape[1] != data.classes:
        raise LabError(
            f"{name_of(spec)} has {logits.shape[1]} classes, but {data.name} has {data.classes}: choose a model "
            "trained on these data."
        )
    return model
