"""Objectives of gradient attacks: their value, and the direction in logit space along which they rise.

``logits`` is (n, classes), ``y`` (n,) the labels whose loss is raised, or lowered when the attack goes ``toward`` them.
"""

import math
from functools import singledispatch

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from lab.errors import AttackError
from lab.results.prediction import NO_CLASS
from lab.specs.attacks import DLR, CrossEntropy, Margin, Objective, PapersCrossEntropy


def cross_entropy(logits: Tensor, y: Tensor) -> Tensor:
    """(n,) cross-entropy in nats."""
    return logits.logsumexp(1) - _of_label(logits, y)


def margin(logits: Tensor, y: Tensor) -> Tensor:
    """(n,) the label's logit minus the largest other one: negative when the image is misclassified."""
    return _of_label(logits, y) - _others(logits, y).amax(1)


def likeliest_wrong(logits: Tensor, y: Tensor, count: int) -> Tensor:
    """(n, count) the wrong classes of the largest logits, in decreasing order; all of them where there are fewer."""
    return _others(logits, y).topk(min(count, logits.shape[1] - 1)).indices


def predicted(logits: Tensor) -> Tensor:
    """(…) the class of the largest of (…, classes) logits; :data:`NO_CLASS` where that is not a finite number.

    A logit of minus infinity only says that its class is impossible.
    """
    largest, found = logits.max(-1)
    return torch.where(largest.isfinite(), found, NO_CLASS)


@singledispatch
def value(objective: Objective, logits: Tensor, y: Tensor, toward: bool = False) -> Tensor:
    """(n,) the objective, the larger the better for the adversary."""
    raise TypeError(f"no value of {type(objective).__name__}")


@value.register(CrossEntropy)
@value.register(PapersCrossEntropy)
def _(objective: CrossEntropy | PapersCrossEntropy, logits: Tensor, y: Tensor, toward: bool = False) -> Tensor:
    return _signed(cross_entropy(logits, y), toward)


@value.register
def _(objective: Margin, logits: Tensor, y: Tensor, toward: bool = False) -> Tensor:
    return _signed(-margin(logits, y), toward).clamp(max=objective.kappa)


@value.register
def _(objective: DLR, logits: Tensor, y: Tensor, toward: bool = False) -> Tensor:
    return _signed(_ratio(logits, y), toward)


@singledispatch
def ascent(objective: Objective, logits: Tensor, y: Tensor, toward: bool = False) -> Tensor:
    """(n, classes) the gradient of :func:`value` at the logits, up to a positive factor per image."""
    raise TypeError(f"no ascent direction of {type(objective).__name__}")


@ascent.register
def _(objective: CrossEntropy, logits: Tensor, y: Tensor, toward: bool = False) -> Tensor:
    """Softmax over the other classes, minus one at the label.

    The gradient of cross-entropy is softmax(logits) - one_hot(y) = (1 - p_y) times this. The factor 1 - p_y
    underflows to zero when the model is sure; without it nothing underflows, and the direction is the same.
    """
    return _signed(_others(logits, y).softmax(1) - _one(logits, y), toward)


@ascent.register
def _(objective: PapersCrossEntropy, logits: Tensor, y: Tensor, toward: bool = False) -> Tensor:
    """The gradient itself in the logits' own precision, factor 1 - p_y included, so that it can underflow."""
    return _signed(logits.softmax(1) - _one(logits, y), toward)


@ascent.register
def _(objective: Margin, logits: Tensor, y: Tensor, toward: bool = False) -> Tensor:
    """Plus one at the strongest other class, minus one at the label; zero once kappa is reached."""
    open_ = _signed(-margin(logits, y), toward) < objective.kappa
    return _signed(_rival(logits, y), toward) * open_.unsqueeze(1)


@ascent.register
def _(objective: DLR, logits: Tensor, y: Tensor, toward: bool = False) -> Tensor:
    """The quotient rule's numerator over the spread of the three largest logits."""
    ranked = logits.topk(3).indices if logits.shape[1] > 2 else _refuse(logits)
    spread = _one(logits, ranked[:, 0]) - _one(logits, ranked[:, 2])
    return _signed(_rival(logits, y) - _ratio(logits, y).unsqueeze(1) * spread, toward)


@singledispatch
def log_factor(objective: Objective, logits: Tensor, y: Tensor) -> Tensor:
    """(n,) logarithm of the positive factor that :func:`ascent` leaves out of the gradient."""
    return logits.new_zeros(len(logits))


@log_factor.register
def _(objective: CrossEntropy, logits: Tensor, y: Tensor) -> Tensor:
    return _others(logits, y).logsumexp(1) - logits.logsumexp(1)


@log_factor.register
def _(objective: DLR, logits: Tensor, y: Tensor) -> Tensor:
    return -_spread(logits).clamp(min=torch.finfo(logits.dtype).tiny).log()


@singledispatch
def height(objective: Objective, logits: Tensor, y: Tensor) -> Tensor:
    """(n,) the objective on a scale that rises with it and keeps telling points apart where the objective saturates."""
    raise TypeError(f"no height of {type(objective).__name__}")


@height.register(CrossEntropy)
@height.register(PapersCrossEntropy)
def _(objective: CrossEntropy | PapersCrossEntropy, logits: Tensor, y: Tensor) -> Tensor:
    """ln(1/p_y - 1): cross-entropy is its softplus, which is zero in floating point when the model is sure."""
    return _others(logits, y).logsumexp(1) - _of_label(logits, y)


@height.register(Margin)
@height.register(DLR)
def _(objective: Margin | DLR, logits: Tensor, y: Tensor) -> Tensor:
    return value(objective, logits, y)


@singledispatch
def height_of_zero(objective: Objective) -> float:
    """The :func:`height` at which the objective is zero."""
    raise TypeError(f"no height of {type(objective).__name__}")


@height_of_zero.register(CrossEntropy)
@height_of_zero.register(PapersCrossEntropy)
def _(objective: CrossEntropy | PapersCrossEntropy) -> float:
    return -math.inf


@height_of_zero.register(Margin)
@height_of_zero.register(DLR)
def _(objective: Margin | DLR) -> float:
    return 0.0


def entropy_ascent(logits: Tensor) -> Tensor:
    """(n, classes) the gradient of the predicted classes' entropy at the logits, up to a positive factor per image.

    The gradient is -pᵢ (ln pᵢ + H), and its entries add up to zero. Beside the largest class, pᵢ is the factor
    1 - p_max times a softmax over the others; the factor underflows when the model is sure, and is left out.
    """
    top = logits.argmax(1)
    log_p = logits.log_softmax(1)
    entropy = -(log_p.exp() * log_p).sum(1, keepdim=True)
    others = -_others(logits, top).softmax(1) * (log_p + entropy)
    return others - _one(logits, top) * others.sum(1, keepdim=True)


def _ratio(logits: Tensor, y: Tensor) -> Tensor:
    """(n,) the difference of logits ratio, Croce & Hein 2020; 0 where the three largest logits are equal.

    Toward a target it is the target's own ratio that falls; the paper's targeted form names the true label as well.
    """
    spread = _spread(logits)
    return torch.where(spread > 0, -margin(logits, y) / spread.clamp(min=torch.finfo(logits.dtype).tiny), 0)


def _spread(logits: Tensor) -> Tensor:
    largest = logits.topk(3).values if logits.shape[1] > 2 else _refuse(logits)
    return largest[:, 0] - largest[:, 2]


def _refuse(logits: Tensor) -> Tensor:
    raise AttackError(
        f"DLR needs three classes or more, but the model has {logits.shape[1]}: use CrossEntropy or Margin."
    )


def _rival(logits: Tensor, y: Tensor) -> Tensor:
    """Plus one at the strongest other class, minus one at the label: the gradient of minus the margin."""
    return _one(logits, _others(logits, y).argmax(1)) - _one(logits, y)


def _signed(raised: Tensor, toward: bool) -> Tensor:
    return -raised if toward else raised


def _one(logits: Tensor, y: Tensor) -> Tensor:
    return one_hot(y, logits.shape[1]).to(logits.dtype)


def _of_label(logits: Tensor, y: Tensor) -> Tensor:
    return logits.gather(1, y.unsqueeze(1)).squeeze(1)


def _others(logits: Tensor, y: Tensor) -> Tensor:
    """The logits with the label's own at minus infinity."""
    return logits.scatter(1, y.unsqueeze(1), -torch.inf)
