"""Noise: baselines that see neither the model nor the label. Kurakin et al. 2017, App. A."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from lab.attacks.attack import ascend
from lab.attacks.ball import project
from lab.attacks.radii import Region, reach
from lab.context import Context
from lab.specs.attacks import RandomSign, TruncatedNormal


@ascend.register
def random_sign(spec: RandomSign, model: nn.Module, x: Tensor, y: Tensor, ball: Region, ctx: Context) -> Tensor:
    """x + eps · sign(N), N standard normal; with L2, projected onto the ball."""
    return project(ball, x + reach(ball, x) * drawn(x, ctx, normal).sign(), x)


@ascend.register
def truncated_normal(
    spec: TruncatedNormal, model: nn.Module, x: Tensor, y: Tensor, ball: Region, ctx: Context
) -> Tensor:
    """x + T, T normal with standard deviation ε / 2, truncated at ±ε; with L2, projected onto the ball."""
    return project(ball, x + reach(ball, x, 0.5) * drawn(x, ctx, _within_two_deviations), x)


def drawn(x: Tensor, ctx: Context, draw: Callable[[Tensor, torch.Generator], Tensor]) -> Tensor:
    """(n, …) random numbers, ``draw`` filling each image's from a generator of its own, on the CPU."""
    ctx.report(0, 1)
    each = ctx.draws(range(len(x)), 0, lambda generator: draw(torch.empty(x.shape[1:], dtype=x.dtype), generator))
    return torch.stack(each).to(x.device) if each else torch.zeros_like(x)


def normal(empty: Tensor, generator: torch.Generator) -> Tensor:
    """Standard normal numbers."""
    return empty.normal_(generator=generator)


def _within_two_deviations(empty: Tensor, generator: torch.Generator) -> Tensor:
    return nn.init.trunc_normal_(empty, a=-2, b=2, generator=generator)
