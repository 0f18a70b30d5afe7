"""Auto-PGD: projected gradient steps with momentum, whose size halves itself. Croce & Hein 2020, Algorithm 1.

Where the paper and its authors' code differ, this is the code, step for step: a random start on the boundary of the
ball; windows between checkpoints counted in whole steps; condition 1 met also by exactly ρ of the steps, and the first
step compared with a loss of zero instead of the start's; the momentum after a restart from the best point measured
from the last point before it. Two things differ: the direction of the cross-entropy does not underflow, and the last
gradient, which nothing would follow, is not computed.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from functools import singledispatch

import torch
from torch import Tensor, nn

from lab.attacks.ball import projection, steepest
from lab.attacks.goals import Goal
from lab.attacks.gradient import expected_gradient, pulled_back
from lab.attacks.labels import answer
from lab.attacks.radii import Region, around, per_image, reach
from lab.context import Context
from lab.specs.auto_attack import AutoPGD, Climbing

MOMENTUM = 0.75  # α: how much of a step is the gradient's; the rest repeats the step before
_FIRST, _LESS, _LEAST = 0.22, 0.03, 0.06  # of all steps: the first window, how much shorter each next one is, the last


def checkpoints(steps: int) -> dict[int, int]:
    """After how many steps the step size is reconsidered, and how many of them lie in the window before. Eq. 4."""
    window, less, least = (max(int(fraction * steps), 1) for fraction in (_FIRST, _LESS, _LEAST))
    found, now = {}, window
    while now <= steps:
        found[now] = window
        window = max(window - less, least)
        now += window
    return found


Stay = Callable[[Tensor, Tensor, Tensor], Tensor]
"""Which climbers (m,) go on, from their images (m,), points (m, …) and logits (m, classes)."""


@dataclass(eq=False)
class Climbers:
    """Points (m, …) that climb together, each with a step size of its own. No tensor is changed in place.

    ``owner`` (m,) the image each belongs to, ``x`` (m, …) these images, ``goal`` the losses that rise, ``step_size``
    (m, 1, …, 1). ``best`` (m, …) the highest points so far, ``highest`` (m,) their heights, ``best_logits``
    (m, classes).
    """

    owner: Tensor
    x: Tensor
    goal: Goal
    point: Tensor
    step_size: Tensor
    before: Tensor = field(init=False)  # (m, …) the point of the step before
    best: Tensor = field(init=False)
    highest: Tensor = field(init=False)
    best_logits: Tensor = field(init=False)
    gradient: Tensor = field(init=False)
    best_gradient: Tensor = field(init=False)
    last: Tensor = field(init=False)  # (m,) height after the step before
    rises: Tensor = field(init=False)  # (m,) steps since the checkpoint that went up
    checked: Tensor = field(init=False)  # (m,) highest at the checkpoint before
    halved: Tensor = field(init=False)  # (m,) whether the step size was halved there

    def begin(self, gradient: Tensor, logits: Tensor) -> None:
        """Take the start for the best point so far."""
        self.before = self.best = self.point
        self.gradient = self.best_gradient = gradient
        self.best_logits = logits
        self.checked = self.highest = self._height(logits)
        self.last = torch.full_like(self.highest, self.goal.zero)
        self.rises = torch.zeros_like(self.owner)
        self.halved = torch.ones_like(self.owner, dtype=torch.bool)

    def note(self, gradient: Tensor, logits: Tensor) -> None:
        """Take note of gradient and logits at the present points, and of the points if none was higher."""
        height, self.gradient = self._height(logits), gradient
        better = height > self.highest
        if better.any():
            image = _wide(better, gradient)
            self.best = torch.where(image, self.point, self.best)
            self.best_gradient = torch.where(image, gradient, self.best_gradient)
            self.best_logits = torch.where(better.unsqueeze(1), logits, self.best_logits)
            self.highest = torch.where(better, height, self.highest)
        self.rises = self.rises + (height > self.last)
        self.last = height

    def check(self, window: int, rho: float) -> None:
        """Halve the step size and go back to the best point, where one of the two conditions of §3.2 holds.

        Condition 1: too few steps of the window went up. Condition 2: step size and highest value are what they were
        at the checkpoint before.
        """
        halve = (self.rises <= rho * window) | (~self.halved & (self.checked >= self.highest))
        image = _wide(halve, self.point)
        self.step_size = torch.where(image, self.step_size / 2, self.step_size)
        self.point = torch.where(image, self.best, self.point)
        self.gradient = torch.where(image, self.best_gradient, self.gradient)
        self.halved, self.checked, self.rises = halve, self.highest, torch.zeros_like(self.rises)

    def move(self, region: Region, project: Callable[[Tensor], Tensor], momentum: float) -> None:
        """A projected gradient step, mixed with the step before."""
        ahead = project(self.point + self.step_size * steepest(region, self.gradient))
        if momentum < 1:
            ahead = project(self.point + momentum * (ahead - self.point) + (1 - momentum) * (self.point - self.before))
        self.before, self.point = self.point, ahead

    def only(self, kept: Tensor) -> "Climbers":
        """The climbers of a mask."""
        fewer = Climbers(self.owner[kept], self.x[kept], self.goal.of(kept), self.point[kept], self.step_size[kept])
        for each in fields(self):
            if not each.init and hasattr(self, each.name):
                setattr(fewer, each.name, getattr(self, each.name)[kept])
        return fewer

    def _height(self, logits: Tensor) -> Tensor:
        """(m,) heights; what is not a number reached nothing."""
        return self.goal.height(logits).nan_to_num(-torch.inf, torch.inf, -torch.inf)


def climb(spec: Climbing, model: nn.Module, climbers: Climbers, ball: Region, ctx: Context, stay: Stay) -> Climbers:
    """Steps from the climbers' points; those that do not ``stay`` leave the batch. Returns the ones left.

    Their best points are of those steps after which all points lie in the ball.
    """
    region = around(ball, climbers.owner)
    project = projection(region, climbers.x)
    for step in range(spec.steps + 1):
        ctx.report(step, spec.steps, unbroken=len(climbers.owner))
        gradient, logits = _asked(spec, model, climbers, last=step == spec.steps)
        kept = stay(climbers.owner, climbers.point, logits)
        if not kept.all():
            climbers, gradient, logits = climbers.only(kept), gradient[kept], logits[kept]
            if not len(climbers.owner):
                break
            region = around(ball, climbers.owner)
            project = projection(region, climbers.x)
        climbers.note(gradient, logits) if step > spec.outside else climbers.begin(gradient, logits)
        go_on(spec, climbers, step, region, project)
    return climbers


@singledispatch
def go_on(spec: Climbing, climbers: Climbers, step: int, region: Region, project: Callable[[Tensor], Tensor]) -> None:
    """Take the climbers' next step once their points after so many steps are known, unless that was the last."""
    raise TypeError(f"no steps of {type(spec).__name__}")


@go_on.register
def _(spec: AutoPGD, climbers: Climbers, step: int, region: Region, project: Callable[[Tensor], Tensor]) -> None:
    """Algorithm 1."""
    checks = checkpoints(spec.steps)
    if step in checks:
        climbers.check(checks[step], spec.rho)
    if step < spec.steps:
        climbers.move(region, project, MOMENTUM if step else 1.0)


def _wide(which: Tensor, like: Tensor) -> Tensor:
    """(m,) as (m, 1, …, 1)."""
    return which.view(-1, *[1] * (like.dim() - 1))


def climbers_at(point: Tensor, owner: Tensor, x: Tensor, goal: Goal, ball: Region) -> Climbers:
    """Climbers that begin at these points (m, …) with the step size 2 ε. ``x`` (n, …), ``owner`` (m,) indexes it."""
    eps = reach(around(ball, owner), x[owner], 2.0)
    step_size = torch.ones_like(per_image(owner, x)) * eps
    return Climbers(owner, x[owner], goal, point, step_size)


def _asked(spec: Climbing, model: nn.Module, climbers: Climbers, last: bool) -> tuple[Tensor, Tensor]:
    """Gradient, up to a positive factor per point, and logits; of the last points nobody needs the gradient."""
    goal, point = climbers.goal, climbers.point
    if last:
        return climbers.gradient, answer(model, point, spec.passes)
    if spec.passes > 1:
        return expected_gradient(model, point, spec.passes, goal.ascent, goal.log_factor)
    return pulled_back(model, point, goal.ascent)
