"""Many climbs of each image: restarts and targets, as many side by side as fill a batch."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from lab.attacks.apgd import climb, climbers_at
from lab.attacks.ball import boundary_delta, project
from lab.attacks.batches import batch_size, room
from lab.attacks.best import Best
from lab.attacks.goals import Goal
from lab.attacks.objectives import predicted
from lab.attacks.radii import Region, around, ball_of, widened
from lab.context import Context
from lab.specs.auto_attack import Climbing

Start = Callable[[Tensor, Tensor], Tensor]
"""Where climbs (m,) of images (m,) begin: (m, …)."""


@dataclass(frozen=True, eq=False)
class Climbs:
    """``count`` climbs of each of n images, numbered alike for all of them; the best points are kept in ``best``.

    ``goal`` gives the losses of some climbs (m,) of images (m,), ``start`` the points where they begin, and
    ``reached`` what counts when the best points of different climbs are compared, from logits and images (m,).
    """

    spec: Climbing
    model: nn.Module
    x: Tensor
    y: Tensor
    ball: Region
    count: int
    goal: Callable[[Tensor, Tensor], Goal]
    start: Start
    reached: Callable[[Tensor, Tensor], Tensor]
    best: Best

    def largest(self, ctx: Context) -> None:
        """Every climb of every image to its end."""
        self._in_parts(torch.arange(len(self.x), device=self.x.device), ctx, all_stay)

    def until_broken(self, images: Tensor, ctx: Context) -> None:
        """The climbs of these images (k,); one that is misclassified leaves with all its climbs at once."""
        self._in_parts(images, ctx, self._unbroken)

    def _in_parts(self, images: Tensor, ctx: Context, stay: Callable[..., Tensor]) -> None:
        done = 0
        while done < self.count and len(images):
            side_by_side = min(batch_size(self.x.device), room(self.model, self.x)) // len(images)
            together = min(max(1, side_by_side), self.count - done)
            owner = images.repeat(together)
            numbers = torch.arange(done, done + together, device=images.device).repeat_interleave(len(images))
            part = ctx.span(done, done + together, self.count)
            climbers = climbers_at(self.start(owner, numbers), owner, self.x, self.goal(owner, numbers), self.ball)
            left = climb(self.spec, self.model, climbers, self.ball, part, stay)
            if len(left.owner):
                self.best.offer_some(left.owner, left.best, self.reached(left.best_logits, left.owner))
            images = images[torch.isin(images, left.owner)]
            done += together

    def _unbroken(self, owner: Tensor, points: Tensor, logits: Tensor) -> Tensor:
        """Keep the points that break their image; the climbs of the other images stay."""
        broken = predicted(logits) != self.y[owner]
        if not broken.any():
            return ~broken
        self.best.x_adv[owner[broken]] = points[broken]
        return ~torch.isin(owner, owner[broken])


def all_stay(owner: Tensor, points: Tensor, logits: Tensor) -> Tensor:
    """(m,) every climber goes on, whatever its point achieves."""
    return torch.ones_like(owner, dtype=torch.bool)


def random_starts(x: Tensor, ball: Region, ctx: Context, factor: float = 1.0) -> Start:
    """Random points of the ball's boundary, clipped to [0, 1]: for each image and climb its own draw.

    ``factor``: by how much their changes are longer than ε.
    """
    like = torch.empty(x.shape[1:], dtype=x.dtype)

    def start(owner: Tensor, numbers: Tensor) -> Tensor:
        deltas = []
        for image, number in zip(owner.tolist(), numbers.tolist(), strict=True):
            deltas += ctx.draws([image], number, partial(boundary_delta, ball_of(ball, image), like))
        region = around(ball, owner) if factor == 1 else widened(around(ball, owner), factor, len(owner))
        return project(region, x[owner] + factor * torch.stack(deltas).to(x.device), x[owner])

    return start
