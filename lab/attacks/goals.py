"""Goals of gradient ascent: away from the true label by an objective, or toward a wrong class by DLR or lead."""

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from lab.attacks.objectives import ascent, height, height_of_zero, log_factor
from lab.specs.attacks import Objective


class Goal(Protocol):
    """A loss of m points. ``logits`` is (m, classes)."""

    @property
    def zero(self) -> float:
        """The height of a loss of zero."""

    def height(self, logits: Tensor) -> Tensor:
        """(m,) the loss, on a scale that rises with it and does not saturate."""

    def ascent(self, logits: Tensor) -> Tensor:
        """(m, classes) the gradient of the loss at the logits, up to a positive factor per point."""

    def log_factor(self, logits: Tensor) -> Tensor:
        """(m,) logarithm of the factor that :meth:`ascent` leaves out."""

    def of(self, points: Tensor) -> "Goal":
        """The same loss for some of the points, by position or mask."""


@dataclass(frozen=True, eq=False)
class AwayFrom:
    """An objective of the true labels ``y`` (m,), raised."""

    objective: Objective
    y: Tensor

    @property
    def zero(self) -> float:
        """The height of a loss of zero."""
        return height_of_zero(self.objective)

    def height(self, logits: Tensor) -> Tensor:
        """(m,) the objective, on a scale that does not saturate."""
        return height(self.objective, logits, self.y)

    def ascent(self, logits: Tensor) -> Tensor:
        """(m, classes) the objective's direction."""
        return ascent(self.objective, logits, self.y)

    def log_factor(self, logits: Tensor) -> Tensor:
        """(m,) logarithm of the factor left out."""
        return log_factor(self.objective, logits, self.y)

    def of(self, points: Tensor) -> "AwayFrom":
        """The same for some of the points."""
        return AwayFrom(self.objective, self.y[points])


@dataclass(frozen=True, eq=False)
class Toward:
    """The targeted difference of logits ratio of labels ``y`` (m,) and targets (m,). Croce & Hein 2020.

    (z_t - z_y) / (z_π1 - (z_π3 + z_π4) / 2), where π sorts the logits in decreasing order; 0 where the denominator is.
    With fewer than four classes there is no such ratio, and the loss is its numerator, z_t - z_y.
    """

    y: Tensor
    target: Tensor
    zero: float = 0.0

    def height(self, logits: Tensor) -> Tensor:
        """(m,) the loss."""
        rise = logits.gather(1, self.target.unsqueeze(1)) - logits.gather(1, self.y.unsqueeze(1))
        spread = (logits * _spread(logits)).sum(1, keepdim=True) if logits.shape[1] > 3 else torch.ones_like(rise)
        tiny = torch.finfo(logits.dtype).tiny
        return torch.where(spread > 0, rise / spread.clamp(min=tiny), 0).squeeze(1)

    def ascent(self, logits: Tensor) -> Tensor:
        """(m, classes) the numerator of the quotient rule over the denominator."""
        rise = (one_hot(self.target, logits.shape[1]) - one_hot(self.y, logits.shape[1])).to(logits.dtype)
        return rise - self.height(logits).unsqueeze(1) * _spread(logits) if logits.shape[1] > 3 else rise

    def log_factor(self, logits: Tensor) -> Tensor:
        """(m,) minus the logarithm of the denominator."""
        if logits.shape[1] < 4:
            return logits.new_zeros(len(logits))
        return -(logits * _spread(logits)).sum(1).clamp(min=torch.finfo(logits.dtype).tiny).log()

    def of(self, points: Tensor) -> "Toward":
        """The same for some of the points."""
        return Toward(self.y[points], self.target[points])


@dataclass(frozen=True, eq=False)
class Overtaken:
    """The lead of targets (m,) over labels ``y`` (m,), z_t - z_y. Gowal et al. 2019."""

    y: Tensor
    target: Tensor
    zero: float = 0.0

    def height(self, logits: Tensor) -> Tensor:
        """(m,) the lead."""
        of_target, of_label = (logits.gather(1, each.unsqueeze(1)).squeeze(1) for each in (self.target, self.y))
        return of_target - of_label

    def ascent(self, logits: Tensor) -> Tensor:
        """(m, classes) plus one at the target, minus one at the label."""
        classes = logits.shape[1]
        return (one_hot(self.target, classes) - one_hot(self.y, classes)).to(logits.dtype)

    def log_factor(self, logits: Tensor) -> Tensor:
        """(m,) zero: nothing is left out."""
        return logits.new_zeros(len(logits))

    def of(self, points: Tensor) -> "Overtaken":
        """The same for some of the points."""
        return Overtaken(self.y[points], self.target[points])


def _spread(logits: Tensor) -> Tensor:
    """(m, classes) the weights of the denominator: 1 at the largest logit, -½ at the third and fourth largest."""
    ranked = logits.topk(4).indices[:, [0, 2, 3]]
    return torch.zeros_like(logits).scatter_(1, ranked, logits.new_tensor([1.0, -0.5, -0.5]).expand(len(logits), 3))
