"""The decision boundary between an image and another, its normal, and the points of it that are the nearest.

What is asked of the model along the way are labels; scores serve only for their gradients, whose span holds the normal
wherever scores are functions of the logits of one network. Labels then say which vector of that span it is (Chen et
al. 2020, HopSkipJump, eq. 9, in a few dimensions instead of all).
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from lab.attacks.ball import distance, steepest
from lab.attacks.batches import logits_of
from lab.attacks.gradient import raw_gradient
from lab.attacks.objectives import predicted
from lab.attacks.radii import per_image
from lab.context import Context
from lab.errors import AttackError
from lab.specs.balls import Ball, Linf

_HALVINGS = 14  # of the way to the boundary
_KEPT = 0.7  # of the last normal
_RIVALS = 2  # classes beside an image's own whose scores span the normal: scores relative to a margin take both
_SAME = 1e-5  # of a gradient that others do not span: float32 shows no less
_AWAY = 0.3  # of the distance to the boundary, at most of the ball's radius: how far from it labels are asked for


@dataclass(frozen=True)
class NormalSearch:
    """How long the nearest boundary is looked for: ``turns``, times that its normal is looked for again where the last
    one led, and labels ``asked`` for one normal."""

    turns: int
    asked: int


def crossing(model: nn.Module, x: Tensor, y: Tensor, other: Tensor, halvings: int = _HALVINGS) -> tuple[Tensor, Tensor]:
    """Points (n, …) of the way from each image to another one, the last still of its class and the first that is not.

    ``other`` (n, …) are images that the model does not put into the classes ``y`` (n,).
    """
    low, high = x.new_zeros(len(x)), x.new_ones(len(x))
    for _ in range(halvings):
        middle = (low + high) / 2
        crossed = _labels(model, _between(x, other, middle)) != y
        low, high = torch.where(crossed, low, middle), torch.where(crossed, middle, high)
    return _between(x, other, low), _between(x, other, high)


def nearest_boundary(
    model: nn.Module, x: Tensor, y: Tensor, other: Tensor, ball: Ball, search: NormalSearch, ctx: Context
) -> Tensor:
    """The nearest points (n, …) found that are just beyond the boundary, from where the way to ``other`` crosses it.

    Of an image whose scores have no gradient there, the point of that way. An image is done with a point in the ball;
    that goes as far beyond the boundary as the ball reaches.
    """
    inside, outside = crossing(model, x, y, other)
    found, nearest = outside.clone(), distance(ball, outside, x)
    normal = torch.zeros_like(x)
    for turn in range(search.turns):
        ctx.report(turn, search.turns)
        image = (nearest > ball.eps).nonzero().flatten()
        if not len(image):
            break
        own, label = x[image], y[image]
        some = ctx.seeded(turn).only(image.tolist())
        turned = _normal(model, own, inside[image], outside[image], label, ball, search.asked, some)
        normal[image] = _KEPT * normal[image] + turned
        known = per_image((normal[image] != 0).flatten(1).any(1), own).bool()
        step = steepest(ball, torch.where(known, normal[image], other[image] - own))
        reaches, low, high = _reached(model, own, label, step, ball)
        moved = image[reaches]
        inside[moved], outside[moved] = low[reaches], high[reaches]
        far = distance(ball, high, own)
        better = reaches & (far < nearest[image])
        found[image[better]], nearest[image[better]] = high[better], far[better]
    return _as_far_beyond(model, x, y, found, ball)


def _as_far_beyond(model: nn.Module, x: Tensor, y: Tensor, found: Tensor, ball: Ball) -> Tensor:
    """The points in the ball moved along their way to its edge, where they stay beyond the boundary."""
    image = (distance(ball, found, x) <= ball.eps).nonzero().flatten()
    if not len(image):
        return found
    edge = (x[image] + ball.eps * steepest(ball, found[image] - x[image])).clamp(0, 1)
    beyond = _labels(model, edge) != y[image]
    found[image[beyond]] = edge[beyond]
    return found


def _reached(model: nn.Module, x: Tensor, y: Tensor, step: Tensor, ball: Ball) -> tuple[Tensor, Tensor, Tensor]:
    """(n,) whether another class is reached along these steps of length 1 within all images, and the last points (n, …)
    within the class and the first beyond it."""
    longest = 1.0 if isinstance(ball, Linf) else x[0].numel() ** 0.5
    reaches = _labels(model, (x + longest * step).clamp(0, 1)) != y
    low, high = x.new_zeros(len(x)), x.new_full((len(x),), longest)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        crossed = _labels(model, (x + per_image(middle, x) * step).clamp(0, 1)) != y
        low, high = torch.where(crossed, low, middle), torch.where(crossed, middle, high)
    within, beyond = ((x + per_image(each, x) * step).clamp(0, 1) for each in (low, high))
    return reaches, within, beyond


def _normal(
    model: nn.Module, x: Tensor, inside: Tensor, outside: Tensor, y: Tensor, ball: Ball, asked: int, ctx: Context
) -> Tensor:
    """(n, …) unit normals that point out of the class, in the span of the gradients, on either side of the boundary, of
    the scores that are the largest beyond it; zero where there is none."""
    scores = logits_of(model, outside).nan_to_num(-torch.inf)
    rivals = scores.scatter(1, y.unsqueeze(1), -torch.inf).topk(min(_RIVALS, scores.shape[1] - 1)).indices
    labels = [y, *rivals.T]
    span = torch.stack([_slope(model, point, label) for point in (inside, outside) for label in labels], 1).flatten(2)
    span = _basis(span)  # (n, vectors, values)
    draws = ctx.draws(range(len(y)), 0, lambda draw: torch.randn(asked, span.shape[1], generator=draw))
    away = _unit(torch.stack(draws).to(span) @ span)  # (n, asked, values)
    reach = (
        _AWAY
        * distance(ball, outside, x).clamp(max=ball.eps)
        * (away.shape[2] ** 0.5 if isinstance(ball, Linf) else 1.0)
    )
    points = (outside.flatten(1).unsqueeze(1) + reach.view(-1, 1, 1) * away).clamp(0, 1)
    out = _labels(model, points.view(-1, *outside.shape[1:])) != y.repeat_interleave(asked)
    sides = out.to(away).view(len(y), -1) * 2 - 1
    normal = ((sides - sides.mean(1, keepdim=True)).unsqueeze(2) * away).mean(1)
    return _unit(normal).view_as(outside)


def _basis(vectors: Tensor) -> Tensor:
    """(n, vectors, values) orthonormal rows with the same span, zero where there is none: so that what a vector has in
    common with all others, as of scores that are multiplied with the same number, does not hide in what it differs."""
    rows = list[Tensor]()
    for each in _unit(vectors).double().unbind(1):
        rest = each
        for row in rows * 2:  # once more, for what rounding leaves
            rest = rest - (rest * row).sum(1, keepdim=True) * row
        size = rest.norm(dim=1, keepdim=True)
        rows.append(torch.where(size > _SAME, rest / size.clamp(min=_SAME), 0.0))
    return torch.stack(rows, 1).to(vectors)


def _slope(model: nn.Module, x: Tensor, label: Tensor) -> Tensor:
    """(n, …) gradient of each image's score of a class; zero where there is none."""

    def score(logits: Tensor) -> Tensor:
        return torch.zeros_like(logits).scatter(1, label.unsqueeze(1), 1.0)

    try:
        return raw_gradient(model, x, score)[0].nan_to_num(0, 0, 0)
    except AttackError:
        return torch.zeros_like(x)


def _unit(vector: Tensor) -> Tensor:
    """The vectors divided by their length over all but the first dimension, the last one of three; zero stays."""
    rows = vector if vector.dim() == 3 else vector.flatten(1)
    size = rows.norm(dim=-1, keepdim=True)
    return torch.where(size > 0, rows / size.clamp(min=torch.finfo(rows.dtype).tiny), 0.0).view_as(vector)


def _between(x: Tensor, other: Tensor, at: Tensor) -> Tensor:
    return x + per_image(at, x) * (other - x)


def _labels(model: nn.Module, x: Tensor) -> Tensor:
    return predicted(logits_of(model, x))
