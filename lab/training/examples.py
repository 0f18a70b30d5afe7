"""Sources of adversarial examples: one function for each."""

from functools import partial, singledispatch
from math import floor

import torch
from torch import Tensor, nn

from lab.attacks.attack import maximise
from lab.attacks.each import maximise_each
from lab.attacks.radii import Radii, Region, around, norm
from lab.context import Context
from lab.errors import LabError
from lab.models import InTrainingMode
from lab.specs.balls import Ball
from lab.specs.examples import EVALUATION, UNIFORM, CascadeExamples, EnsembleExamples, OwnExamples, Source
from lab.training.prepared import Prepared, prepare
from lab.training.step import Batch

__all__ = ["Prepared", "examples", "prepare"]

Attacking = OwnExamples | EnsembleExamples | CascadeExamples


@singledispatch
def examples(source: Source, model: nn.Module, batch: Batch, region: Region, ctx: Context) -> Tensor:
    """Adversarial images of a batch, of its shape, in the same ball around each image or one of its own.

    The draws depend on the seed of ``ctx`` and on each image's position in it, so two steps need two seeds.
    """
    raise LabError(f"There is no source of examples called {type(source).__name__}.")


@examples.register
def own(source: OwnExamples, model: nn.Module, batch: Batch, region: Region, ctx: Context) -> Tensor:
    """Attacks on the network itself. Kurakin et al. 2017, Algorithm 1, line 4."""
    return _worst(source, model, batch, region, ctx)


@examples.register
def ensemble(source: EnsembleExamples, model: nn.Module, batch: Batch, region: Region, ctx: Context) -> Tensor:
    """The whole batch from one network, drawn from this one and the fixed ones. Tramèr et al. 2018, §4.2."""
    networks = len(source.models) + 1
    drawn = int(torch.randint(networks, (), generator=ctx.generator("source")))
    if drawn == 0:
        return _worst(source, model, batch, region, ctx)
    fixed = batch.prepared.fixed[drawn - 1]
    if fixed.images is not None:
        return fixed.stored(0, batch.index).to(batch.x)
    return _worst(source, fixed.model, batch, region, ctx).to(batch.x)


@examples.register
def cascade(source: CascadeExamples, model: nn.Module, batch: Batch, region: Region, ctx: Context) -> Tensor:
    """The last images of the batch from the defended network, the others from this one. Na et al. 2018, §3.2."""
    count = len(batch.x)
    first = count - floor(source.share * count)
    x_adv = _worst(source, model, batch.part(slice(first)), around(region, slice(first)), ctx)
    rest = batch.part(slice(first, None))
    return torch.cat([x_adv, _of_defended(source, rest, norm(region), ctx.only(range(first, count)))])


def _of_defended(source: CascadeExamples, batch: Batch, ball: Ball, ctx: Context) -> Tensor:
    """Iterative images of the defended network, the eps of each drawn from ``levels`` equal steps up to the ball's."""
    [fixed] = batch.prepared.fixed
    draws = ctx.seeded("level").draws(range(len(batch.x)), 0, partial(drawn_level, source))
    level = torch.stack(draws) if draws else torch.zeros(0, dtype=torch.int64)
    if fixed.images is not None:
        return fixed.stored(level, batch.index).to(batch.x)
    eps = ball.eps * (level.double() + 1) / source.levels
    model = _attacked(source, fixed.model, ctx)
    return maximise_each(source.iterative, model, batch.x, batch.y, ball, eps, ctx).to(batch.x)


def drawn_level(source: CascadeExamples, generator: torch.Generator) -> Tensor:
    """An image's level, 0 to ``levels`` - 1, whose eps is (level + 1) / ``levels`` of the ball's.

    Half-normal: |N(0, levels / 2)| rounded down and clipped to 1 … ``levels``, as in Na et al.'s code (``utils.py``).
    """
    if source.levels_drawn == UNIFORM:
        return torch.randint(source.levels, (), generator=generator)
    eps = (torch.randn((), generator=generator).abs() * source.levels / 2).floor().long()
    return eps.clamp(1, source.levels) - 1


def _worst(source: Attacking, model: nn.Module, batch: Batch, region: Region, ctx: Context) -> Tensor:
    """The attack's largest loss, in the one ball or in each image's own."""
    model = _attacked(source, model, ctx)
    if isinstance(region, Radii):
        return maximise_each(source.attack, model, batch.x, batch.y, region.ball, region.eps, ctx)
    return maximise(source.attack, model, batch.x, batch.y, region, ctx)


def _attacked(source: Attacking, model: nn.Module, ctx: Context) -> nn.Module:
    """The model in the mode that it has while its examples are made."""
    return model if source.mode == EVALUATION else InTrainingMode(model, ctx.seeded("examples").seed)
