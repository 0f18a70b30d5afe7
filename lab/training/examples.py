"""Sources of adversarial examples: one function for each."""

from functools import singledispatch
from math import floor

import torch
from torch import Tensor, nn

from lab.attacks.attack import maximise
from lab.attacks.each import maximise_each
from lab.attacks.radii import Radii, Region, around, norm
from lab.context import Context
from lab.errors import LabError
from lab.specs.attacks import AttackSpec
from lab.specs.balls import Ball
from lab.specs.examples import CascadeExamples, EnsembleExamples, OwnExamples, Source
from lab.training.prepared import Prepared, prepare
from lab.training.step import Batch

__all__ = ["Prepared", "examples", "prepare"]


@singledispatch
def examples(source: Source, model: nn.Module, batch: Batch, region: Region, ctx: Context) -> Tensor:
    """Adversarial images of a batch, of its shape, in the same ball around each image or one of its own.

    The draws depend on the seed of ``ctx`` and on each image's position in it, so two steps need two seeds.
    """
    raise LabError(f"There is no source of examples called {type(source).__name__}.")


@examples.register
def own(source: OwnExamples, model: nn.Module, batch: Batch, region: Region, ctx: Context) -> Tensor:
    """Attacks on the network itself. Kurakin et al. 2017, Algorithm 1, line 4."""
    return _worst(source.attack, model, batch, region, ctx)


@examples.register
def ensemble(source: EnsembleExamples, model: nn.Module, batch: Batch, region: Region, ctx: Context) -> Tensor:
    """The whole batch from one network, drawn from this one and the fixed ones. Tramèr et al. 2018, §4.2."""
    networks = len(source.models) + 1
    drawn = int(torch.randint(networks, (), generator=ctx.generator("source")))
    if drawn == 0:
        return _worst(source.attack, model, batch, region, ctx)
    fixed = batch.prepared.fixed[drawn - 1]
    if fixed.images is not None:
        return fixed.images[0, batch.index.to(fixed.images.device)].to(batch.x)
    return _worst(source.attack, fixed.model, batch, region, ctx).to(batch.x)


@examples.register
def cascade(source: CascadeExamples, model: nn.Module, batch: Batch, region: Region, ctx: Context) -> Tensor:
    """The last images of the batch from the defended network, the others from this one. Na et al. 2018, §3.2."""
    count = len(batch.x)
    first = count - floor(source.share * count)
    x_adv = _worst(source.attack, model, batch.part(slice(first)), around(region, slice(first)), ctx)
    rest = batch.part(slice(first, None))
    return torch.cat([x_adv, _of_defended(source, rest, norm(region), ctx.only(range(first, count)))])


def _of_defended(source: CascadeExamples, batch: Batch, ball: Ball, ctx: Context) -> Tensor:
    """Iterative images of the defended network, the eps of each drawn from ``levels`` equal steps up to the ball's."""
    [fixed] = batch.prepared.fixed
    draws = ctx.seeded("level").draws(
        range(len(batch.x)), 0, lambda generator: torch.randint(source.levels, (), generator=generator)
    )
    level = torch.stack(draws) if draws else torch.zeros(0, dtype=torch.int64)
    if fixed.images is not None:
        device = fixed.images.device
        return fixed.images[level.to(device), batch.index.to(device)].to(batch.x)
    eps = ball.eps * (level.double() + 1) / source.levels
    return maximise_each(source.iterative, fixed.model, batch.x, batch.y, ball, eps, ctx).to(batch.x)


def _worst(spec: AttackSpec, model: nn.Module, batch: Batch, region: Region, ctx: Context) -> Tensor:
    """The attack's largest loss, in the one ball or in each image's own."""
    if isinstance(region, Radii):
        return maximise_each(spec, model, batch.x, batch.y, region.ball, region.eps, ctx)
    return maximise(spec, model, batch.x, batch.y, region, ctx)
