"""FAB and FAB-T: minimum-norm attacks that step onto the linearised decision boundary.

Croce & Hein 2020a, *Minimally distorted Adversarial Examples with a Fast Adaptive Boundary Attack*; the
targeted form is Croce & Hein 2020b, *Reliable evaluation of adversarial robustness*. Walkers are (P, m, …): P
targets side by side of each of m images.
"""

from dataclasses import dataclass
from functools import singledispatch

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from lab.attacks.attack import perturb
from lab.attacks.ball import distance
from lab.attacks.batches import batch_size, room
from lab.attacks.descent import Nearest, draw_back
from lab.attacks.gradient import pulled_back
from lab.attacks.hyperplane import dual_norm, toward_hyperplane
from lab.attacks.labels import answer
from lab.attacks.nearest import check_norm, drawn_into, nearest
from lab.attacks.radii import per_image
from lab.context import Context
from lab.specs.balls import L2, Ball, Linf
from lab.specs.fab import FAB, FABTargeted, FastAdaptiveBoundary

_SHORTEST = 1e-8  # change onto the boundary that counts, as in the authors' code


@nearest.register
def nearest_by_fab(
    spec: FastAdaptiveBoundary, model: nn.Module, x: Tensor, y: Tensor, norm: Ball, ctx: Context
) -> Tensor:
    """Every start and target to the end, then a search on the line back to the image."""
    best = Nearest(model, x, y, norm, spec.kappa)
    _every_start(spec, model, best, 0.0, ctx)
    draw_back(model, best)
    return best.x_adv


@perturb.register
def fab_verdict(spec: FastAdaptiveBoundary, model: nn.Module, x: Tensor, y: Tensor, ball: Ball, ctx: Context) -> Tensor:
    """An image is finished with its first adversarial point within the ball; elsewhere the nearest one's projection."""
    check_norm(spec, ball)
    best = Nearest(model, x, y, ball, spec.kappa)
    _every_start(spec, model, best, ball.eps, ctx)
    return drawn_into(ball, best.x_adv, x)


def _every_start(spec: FastAdaptiveBoundary, model: nn.Module, best: Nearest, goal: float, ctx: Context) -> None:
    """Restart after restart: as many targets at once as fill a batch with the images still farther than the ``goal``.

    A random start depends on the distances after the whole restart before it, not on which targets share a batch.
    """
    targets = targets_of(spec, answer(model, best.x), best.y)
    for restart in range(spec.restarts):
        part, radius, first = ctx.part(restart, spec.restarts), best.distance.clamp(max=best.norm.eps) / 2, 0
        while first < len(targets):
            images = (best.correct & (best.distance > goal)).nonzero().flatten()
            if not len(images):
                return
            together = max(1, min(batch_size(best.x.device), room(model, best.x)) // len(images))
            group = range(first, min(first + together, len(targets)))
            start = _starts(best, images, radius, restart, group, ctx)
            iterates = Iterates(images, start, targets[group.start : group.stop, images])
            _follow(spec, model, best, iterates, goal, part.span(first, group.stop, len(targets)))
            first = group.stop


@dataclass(frozen=True, eq=False)
class Iterates:
    """Points (P, m, …) on their way from these images (m,) of a batch toward targets (P, m)."""

    images: Tensor
    points: Tensor
    targets: Tensor

    def of(self, keep: Tensor) -> "Iterates":
        """Only those of the images for which ``keep`` (m,) is true."""
        return Iterates(self.images[keep], self.points[:, keep], self.targets[:, keep])


def _follow(
    spec: FastAdaptiveBoundary, model: nn.Module, best: Nearest, iterates: Iterates, goal: float, ctx: Context
) -> None:
    """Algorithm 1; ``best`` sees every point.

    An image leaves with all its points as soon as one of them is adversarial within the ``goal``.
    """
    for step in range(spec.steps):
        ctx.report(step, spec.steps, unbroken=len(iterates.images))
        x = best.x[iterates.images].expand_as(iterates.points)
        y = best.y[iterates.images].repeat(len(iterates.points))
        moved = step_onto_boundary(
            spec, model, best.norm, iterates.points.flatten(0, 1), x.flatten(0, 1), y, iterates.targets.flatten()
        )
        points = moved.view_as(x)
        _, adversarial = best.see(iterates.images, points, answer(model, moved))
        backward = adversarial.view(*adversarial.shape, *[1] * (x.dim() - 2))
        points = torch.where(backward, x + spec.beta * (points - x), points)
        iterates = Iterates(iterates.images, points, iterates.targets).of(best.distance[iterates.images] > goal)
        if not len(iterates.images):
            return


def step_onto_boundary(
    spec: FastAdaptiveBoundary, model: nn.Module, norm: Ball, points: Tensor, x: Tensor, y: Tensor, target: Tensor
) -> Tensor:
    """The next points (k, …): (1 - α)(points + η d₁) + α(x + η d₂), clipped to [0, 1].

    d₁ and d₂ are the shortest changes of ``points`` and of the images ``x`` (k, …) onto the boundary as it is
    linearised at the points. α = |d₁| / (|d₁| + |d₂|), at most ``alpha_max``, draws the points back to their images.
    """
    lead, normal = linearised(spec, model, norm, points, y, target)
    gap = (spec.kappa - lead).nan_to_num(0.0)
    at_image = (normal * (x - points)).flatten(1).sum(1)  # how much larger the linearised lead is at the image
    change = toward_hyperplane(
        norm, torch.cat([points, x]), torch.cat([normal, normal]), torch.cat([gap, gap - at_image])
    )
    lengths = distance(norm, change, torch.zeros_like(change)).clamp(min=_SHORTEST)
    (d1, d2), (near, far) = change.chunk(2), lengths.chunk(2)
    alpha = per_image((near / (near + far)).clamp(max=spec.alpha_max), x)
    return ((1 - alpha) * (points + spec.eta * d1) + alpha * (x + spec.eta * d2)).clamp(0, 1)


@singledispatch
def targets_of(spec: FastAdaptiveBoundary, logits: Tensor, y: Tensor) -> Tensor:
    """(P, n) the classes toward whose boundaries the images go, by their clean ``logits`` (n, classes)."""
    raise TypeError(f"no targets of {type(spec).__name__}")


@targets_of.register
def _(spec: FAB, logits: Tensor, y: Tensor) -> Tensor:
    return y.unsqueeze(0)  # no target: the boundary to the nearest class, chosen anew at every step


@targets_of.register
def _(spec: FABTargeted, logits: Tensor, y: Tensor) -> Tensor:
    return others(logits, y)[:, : spec.targets].T


def others(logits: Tensor, y: Tensor) -> Tensor:
    """(n, classes - 1) the classes other than the label, those of the largest logits first."""
    return logits.nan_to_num(-torch.inf).scatter(1, y.unsqueeze(1), torch.inf).argsort(1, descending=True)[:, 1:]


@singledispatch
def linearised(
    spec: FastAdaptiveBoundary, model: nn.Module, norm: Ball, points: Tensor, y: Tensor, target: Tensor
) -> tuple[Tensor, Tensor]:
    """Linearise another class's lead at points (k,): its value, negative before the boundary, and gradient."""
    raise TypeError(f"no linearisation for {type(spec).__name__}")


@linearised.register
def _(
    spec: FABTargeted, model: nn.Module, norm: Ball, points: Tensor, y: Tensor, target: Tensor
) -> tuple[Tensor, Tensor]:
    """The target's lead."""
    return lead(model, points, y, target)


@linearised.register
def _(spec: FAB, model: nn.Module, norm: Ball, points: Tensor, y: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """The lead of the class whose linearised boundary is nearest: the lead over its gradient's dual norm."""
    rivals = others(answer(model, points), y).T
    value, normal = lead(model, points, y, rivals[0])
    shortest = _to_boundary(spec, norm, value, normal)
    for rival in rivals[1:]:
        other, gradient = lead(model, points, y, rival)
        far = _to_boundary(spec, norm, other, gradient)
        nearer = far < shortest
        value, shortest = torch.where(nearer, other, value), torch.where(nearer, far, shortest)
        normal = torch.where(per_image(nearer, points).bool(), gradient, normal)
    return value, normal


def lead(model: nn.Module, points: Tensor, y: Tensor, rival: Tensor) -> tuple[Tensor, Tensor]:
    """(k,) the rival's logit minus the label's, and its gradient (k, …)."""

    def difference(logits: Tensor) -> Tensor:
        return (one_hot(rival, logits.shape[1]) - one_hot(y, logits.shape[1])).to(logits.dtype)

    gradient, logits = pulled_back(model, points, difference)
    of_rival, of_label = (logits.gather(1, each.unsqueeze(1)).squeeze(1) for each in (rival, y))
    return (of_rival - of_label).to(points.dtype), gradient


def _to_boundary(spec: FAB, norm: Ball, value: Tensor, normal: Tensor) -> Tensor:
    return (spec.kappa - value).abs() / dual_norm(norm, normal).clamp(min=torch.finfo(normal.dtype).tiny)


def _starts(best: Nearest, images: Tensor, radius: Tensor, restart: int, group: range, ctx: Context) -> Tensor:
    """(P, m, …) the images themselves, or in a further restart random points at half the distance known (at most ε)."""
    x = best.x[images].expand(len(group), len(images), *best.x.shape[1:])
    if not restart:
        return x
    ctx, like = ctx.seeded("fab", restart), torch.empty(best.x.shape[1:], dtype=best.x.dtype)
    drawn = [
        torch.stack(ctx.draws(images.tolist(), target, lambda draw: random_direction(best.norm, like, draw)))
        for target in group
    ]
    return (x + per_image(radius[images], best.x) * torch.stack(drawn).to(x.device)).clamp(0, 1)


@singledispatch
def random_direction(norm: Ball, like: Tensor, generator: torch.Generator) -> Tensor:
    """A random change of length 1 in the norm, for one image."""
    raise TypeError(f"no random direction in {type(norm).__name__}")


@random_direction.register
def _(norm: Linf, like: Tensor, generator: torch.Generator) -> Tensor:
    drawn = torch.empty_like(like).uniform_(-1, 1, generator=generator)
    return drawn / drawn.abs().max()


@random_direction.register
def _(norm: L2, like: Tensor, generator: torch.Generator) -> Tensor:
    drawn = torch.empty_like(like).normal_(generator=generator)
    return drawn / drawn.norm()
