"""Strength of the attacks of a training step: ε over time, and from image to image."""

import math

import torch

from lab.attacks.radii import Region, radii
from lab.context import Context
from lab.specs.balls import Ball
from lab.specs.recipes import REDRAWN, Adversarial


def warmed_up(ball: Ball, epoch: float, warm_up: int) -> Ball:
    """The ball with eps grown linearly from 0 over the first ``warm_up`` epochs."""
    return ball if epoch >= warm_up else ball.replace(eps=ball.eps * epoch / warm_up)


def strengths(recipe: Adversarial, ball: Ball, n: int, ctx: Context) -> Region:
    """The ball itself, or balls of n radii |N(0, spread · eps)| that are at most its eps.

    Larger ones are drawn again, as Kurakin et al. 2017 do (§3, footnote 1), or clipped (Na et al. 2018, App. A). Each
    image has its own draw. Raises :class:`AttackError` for a ball whose eps is the same for all images.
    """
    if not recipe.spread:
        return ball
    draws = ctx.seeded("eps").draws(
        range(n), 0, lambda generator: torch.rand((), generator=generator, dtype=torch.float64)
    )
    uniform = torch.stack(draws)
    if recipe.beyond == REDRAWN:  # what is left of the distribution, when the part beyond eps is cut off
        uniform = uniform * math.erf(1 / (recipe.spread * math.sqrt(2)))
    deviations = math.sqrt(2) * torch.erfinv(uniform)
    return radii(ball, ball.eps * (recipe.spread * deviations).clamp(max=1))
