"""The decision boundary between an image and another, its normal, and the sign vectors that reach it soonest.

What is asked of the model along the way are labels; scores serve only for their gradients, whose span holds the normal
wherever scores are functions of the logits of one network. Labels then say which vector of that span it is (Chen et
al. 2020, HopSkipJump, eq. 9, in a few dimensions instead of all).
"""

import torch
from torch import Tensor, nn

from lab.attacks.batches import logits_of
from lab.attacks.gradient import raw_gradient
from lab.attacks.objectives import predicted
from lab.attacks.radii import per_image
from lab.context import Context
from lab.errors import AttackError

_HALVINGS = 14  # of the way to the boundary
_TURNS = 10  # times that the normal is looked for again where the last one led
_KEPT = 0.7  # of the last normal
_ASKED = 60  # labels for one normal
_AWAY = 0.3  # of the ball's radius: how far from the boundary they are asked for


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


def toward_boundary(model: nn.Module, x: Tensor, y: Tensor, other: Tensor, eps: float, ctx: Context) -> Tensor:
    """Signs (n, …) along which the boundary was the nearest that was found, from where the way to ``other`` crosses it.

    Of an image whose scores have no gradient there, the signs of that way.
    """
    inside, outside = crossing(model, x, y, other)
    signs, nearest = _signs(other - x), x.new_full((len(x),), torch.inf)
    normal = torch.zeros_like(x)
    for turn in range(_TURNS):
        ctx.report(turn, _TURNS)
        normal = _KEPT * normal + _normal(model, inside, outside, y, eps, ctx.seeded(turn))
        tried = _signs(torch.where(per_image((normal != 0).flatten(1).any(1), x).bool(), normal, other - x))
        reaches = _labels(model, (x + tried).clamp(0, 1)) != y
        low, high = _reached(model, x, y, tried)
        better = reaches & (high < nearest)
        signs = torch.where(per_image(better, x).bool(), tried, signs)
        nearest = torch.where(better, high, nearest)
        moved = per_image(reaches, x).bool()
        inside = torch.where(moved, (x + per_image(low, x) * tried).clamp(0, 1), inside)
        outside = torch.where(moved, (x + per_image(high, x) * tried).clamp(0, 1), outside)
    return signs


def _reached(model: nn.Module, x: Tensor, y: Tensor, signs: Tensor) -> tuple[Tensor, Tensor]:
    """(n,) radii along the signs, the last within the class and the first beyond it."""
    low, high = x.new_zeros(len(x)), x.new_ones(len(x))
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        crossed = _labels(model, (x + per_image(middle, x) * signs).clamp(0, 1)) != y
        low, high = torch.where(crossed, low, middle), torch.where(crossed, middle, high)
    return low, high


def _normal(model: nn.Module, inside: Tensor, outside: Tensor, y: Tensor, eps: float, ctx: Context) -> Tensor:
    """(n, …) unit normals that point out of the class, in the span of the gradients of the scores of the two classes
    on either side; zero where there is none."""
    found = _labels(model, outside)
    spans = [_slope(model, point, label) for point in (inside, outside) for label in (y, found)]
    span = torch.stack([_unit(each) for each in spans], 1).flatten(2)  # (n, 4, values)
    draws = ctx.draws(range(len(y)), 0, lambda draw: torch.randn(_ASKED, span.shape[1], generator=draw))
    away = _unit(torch.stack(draws).to(span) @ span)  # (n, asked, values)
    reach = _AWAY * eps * away.shape[2] ** 0.5
    asked = (outside.flatten(1).unsqueeze(1) + reach * away).clamp(0, 1).view(-1, *outside.shape[1:])
    out = (_labels(model, asked) != y.repeat_interleave(_ASKED)).to(away).view(len(y), -1) * 2 - 1
    normal = ((out - out.mean(1, keepdim=True)).unsqueeze(2) * away).mean(1)
    return _unit(normal).view_as(outside)


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


def _signs(vector: Tensor) -> Tensor:
    return torch.where(vector < 0, -1.0, 1.0).to(vector)


def _between(x: Tensor, other: Tensor, at: Tensor) -> Tensor:
    return x + per_image(at, x) * (other - x)


def _labels(model: nn.Module, x: Tensor) -> Tensor:
    return predicted(logits_of(model, x))
