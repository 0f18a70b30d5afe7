"""What a gradient attack raises: its value, and the direction in logit space along which it rises.

``logits`` is (n, classes), ``y`` (n,) the labels whose loss is raised.
"""

from functools import singledispatch

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from lab.specs.attacks import CrossEntropy, Margin, Objective


def cross_entropy(logits: Tensor, y: Tensor) -> Tensor:
    """(n,) cross-entropy in nats."""
    return logits.logsumexp(1) - _of_label(logits, y)


def margin(logits: Tensor, y: Tensor) -> Tensor:
    """(n,) the label's logit minus the largest other one: negative when the image is misread."""
    return _of_label(logits, y) - _others(logits, y).amax(1)


@singledispatch
def value(objective: Objective, logits: Tensor, y: Tensor) -> Tensor:
    """(n,) the objective, the larger the better for the adversary."""
    raise TypeError(f"no value of {type(objective).__name__}")


@value.register
def _(objective: CrossEntropy, logits: Tensor, y: Tensor) -> Tensor:
    return cross_entropy(logits, y)


@value.register
def _(objective: Margin, logits: Tensor, y: Tensor) -> Tensor:
    return (-margin(logits, y)).clamp(max=objective.kappa)


@singledispatch
def ascent(objective: Objective, logits: Tensor, y: Tensor) -> Tensor:
    """(n, classes) the objective's gradient at the logits, up to a positive factor per image."""
    raise TypeError(f"no ascent direction of {type(objective).__name__}")


@ascent.register
def _(objective: CrossEntropy, logits: Tensor, y: Tensor) -> Tensor:
    """Softmax over the other classes, minus one at the label.

    The gradient of cross-entropy is softmax(logits) - one_hot(y) = (1 - p_y) times this. The factor 1 - p_y
    underflows to zero when the model is sure; without it nothing underflows, and the direction is the same.
    """
    return _others(logits, y).softmax(1) - one_hot(y, logits.shape[1]).to(logits.dtype)


@ascent.register
def _(objective: Margin, logits: Tensor, y: Tensor) -> Tensor:
    """Plus one at the strongest other class, minus one at the label; zero once kappa is reached."""
    classes = logits.shape[1]
    strongest = _others(logits, y).argmax(1)
    direction = (one_hot(strongest, classes) - one_hot(y, classes)).to(logits.dtype)
    return direction * (-margin(logits, y) < objective.kappa).unsqueeze(1)


def _of_label(logits: Tensor, y: Tensor) -> Tensor:
    return logits.gather(1, y.unsqueeze(1)).squeeze(1)


def _others(logits: Tensor, y: Tensor) -> Tensor:
    """The logits with the label's own at minus infinity."""
    return logits.scatter(1, y.unsqueeze(1), -torch.inf)
