"""Traits of the evaluated model: random, dependent on the batch, without a usable gradient."""

from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import combinations

import torch
from torch import Tensor, nn

from lab.attacks.batches import batches_of
from lab.attacks.examination import in_company, pale, rounding_of
from lab.attacks.fresh import copied, for_inference
from lab.attacks.gradient import raw_gradient
from lab.attacks.objectives import ascent, predicted
from lab.errors import AttackError
from lab.models.adapter import Adapted, Function, adapted, core_of
from lab.models.repeatable import Draws
from lab.specs.attacks import CrossEntropy

_ALONE = 6  # images that are predicted alone
_TIMES = 4  # times that each of them is predicted
_COMPANY = 32  # images in whose company they are predicted
_MORE = 4  # times the noise that a few answers show may be found among many
_PROBE = 1e-3  # of a pixel: the step along which the gradient is compared with what the model does
_FOLLOWED = 0.2  # of the change that the gradient promises; less is none


@dataclass(frozen=True)
class Mode:
    """Mode of the model: whether in ``training``, all or in part, and, of a few images, the fraction whose logits are
    others in it than in evaluation mode; NaN where that is not known."""

    training: bool = False
    logits: float = 0.0
    images: int = 0


@dataclass(frozen=True)
class Randomness:
    """Of a few images: the fraction whose logits, and whose predictions, differ between identical calls.

    ``size``: by how much of the largest logit at most. ``matters``: by more than another batch rounds otherwise, or
    enough to change a prediction.
    """

    logits: float
    predictions: float
    images: int
    size: float
    matters: bool


@dataclass(frozen=True)
class Company:
    """Of a few images: the fraction whose predictions, and whose logits, in company are others than alone.

    ``alone`` and ``together`` are the accuracies either way.
    """

    predictions: float
    logits: float
    alone: float
    together: float
    images: int


@dataclass(frozen=True)
class Slopes:
    """The gradient at the clean images, as fractions: ``missing`` (none at all), exactly ``zero``, ``not_finite``, or
    ``false``: the model's output does not follow it along a small step. ``saturated``: the softmax is one to float
    precision."""

    missing: bool
    zero: float
    not_finite: float
    false: float
    saturated: float
    images: int

    @property
    def usable(self) -> float:
        """Fraction of the images whose gradient says where the loss rises."""
        return 0.0 if self.missing else 1 - self.zero - self.not_finite - self.false


def in_training(model: nn.Module) -> bool:
    """Return whether the model, or a part of it, is in training mode."""
    core = core_of(model)
    parts = core.parts if isinstance(core, Function) else [core]
    return any(getattr(each, "training", False) for part in parts for each in part.modules())


def mode(copy: Adapted | None, x: Tensor) -> Mode:
    """Return what evaluation mode changes in a copy of a model in training mode; None where it cannot be copied."""
    few, differs = x[:_ALONE], float("nan")
    if copy is not None:
        place, answers = Draws(copy), list[Tensor]()
        with suppress(AttackError), torch.no_grad():
            for each in (copied(copy), for_inference(copied(copy))):
                with place.again(each):
                    answers.append(each(few))
            differs = (~_alike(answers[0], answers[1])).float().mean().item()
    return Mode(True, differs, len(few))


def randomness(model: nn.Module, x: Tensor, most: int = _ALONE) -> Randomness:
    """Return whether images, so many at ``most``, that are shown alone, several times, get the same logits.

    A difference too small to matter counts where all the answers differ from each other, as they do where noise is
    drawn anew, but not where the same draws give the same logits.
    """
    few = x[:most]
    alone = _alone(model, few)
    differs = ~_alike(alone[:1], alone[1:]).all(0)
    changes = (predicted(alone) != predicted(alone[0])).any(0)
    matters = bool((differs | changes).any())
    anew = _all_differ(alone)
    if anew.any():
        place = Draws(model)
        again = []
        for _ in range(_TIMES):
            with place.again(model):
                again.append(_alone(model, few, 1)[0])
        differs = differs | (anew & ~_all_differ(torch.stack(again)))
    size = _apart(alone) if differs.any() else 0.0
    return Randomness(differs.float().mean().item(), changes.float().mean().item(), len(few), size, matters)


def _alone(model: nn.Module, x: Tensor, times: int = _TIMES) -> Tensor:
    """(times, n, classes) logits of images that are shown one by one, all of them so many times."""
    with torch.no_grad():
        return torch.stack([torch.cat([model(each) for each in x.split(1)]) for _ in range(times)])


def _all_differ(answers: Tensor) -> Tensor:
    """(n,) whether no two of the (times, n, classes) answers are the same."""
    pairs = combinations(answers.nan_to_num(0.0), 2)
    return torch.stack([(one != other).any(-1) for one, other in pairs]).all(0)


def _apart(answers: Tensor) -> float:
    """The largest difference between the (times, n, classes) answers, relative to the largest logit."""
    finite = answers.nan_to_num(0, 0, 0)
    size = finite.abs().amax((0, 2)).clamp(min=torch.finfo(finite.dtype).tiny)
    return ((finite.amax(0) - finite.amin(0)).amax(-1) / size).max().item()


def company(model: nn.Module, x: Tensor, y: Tensor, noise: float = 0.0) -> Company:
    """Return whether images get the same logits alone as among others, in two orders and in half the company.

    A few of them, made paler, are also predicted between black and white images. ``noise``: by how much of the
    largest logit they differ anyway.
    """
    few, labels = x[:_COMPANY], y[:_COMPANY]
    order = torch.arange(len(few), device=x.device)
    with torch.no_grad():
        alone = torch.cat([model(each) for each in few.split(1)])
        among = [(some, model(few[some])) for some in (order, order.flip(0), order[::2])]
    differs, changes = torch.zeros_like(labels, dtype=torch.bool), torch.zeros_like(labels, dtype=torch.bool)
    for some, logits in among:
        differs[some] |= ~_alike(alone[some], logits, _MORE * noise)
        changes[some] |= predicted(alone[some]) != predicted(logits)
    paler = pale(few[:_ALONE])
    differs[:_ALONE] |= in_company(model, paler, lambda one, other: ~_alike(one, other, _MORE * noise))
    changes[:_ALONE] |= in_company(model, paler, lambda one, other: predicted(one) != predicted(other))
    right, together = (predicted(each) == labels for each in (alone, among[0][1]))
    found = [each.float().mean().item() for each in (changes, differs, right, together)]
    return Company(found[0], found[1], found[2], found[3], len(few))


def slopes(model: nn.Module, x: Tensor, y: Tensor, random: bool = False) -> Slopes:
    """Examine the gradient at the images, and whether the loss follows it, which a ``random`` model cannot show."""
    model = adapted(model)
    try:
        with torch.enable_grad():
            missing = not model(x[:1].detach().requires_grad_()).requires_grad
        parts = [] if missing else [_slope(model, *batch) for batch in batches_of(model, x, y)]
    except AttackError:  # it fails on the way back: there is nothing to follow
        missing, parts = True, []
    if missing:
        return Slopes(True, 1.0, 0.0, 0.0, _saturated(model, x), len(x))
    zero, broken, false = (torch.cat(each).float().mean().item() for each in zip(*parts, strict=True))
    return Slopes(False, zero, broken, 0.0 if random else false, _saturated(model, x), len(x))


def _slope(model: nn.Module, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """(n,) where the gradient is zero, not finite, or false: central differences along its sign say otherwise.

    The images are moved a little away from 0 and 1, so that a step on either side stays among images.
    """
    inside = _PROBE + (1 - 2 * _PROBE) * x
    gradient, logits = raw_gradient(model, inside, partial(_uphill, y))
    flat = gradient.flatten(1)
    broken = ~flat.isfinite().all(1)
    zero = (flat == 0).all(1)
    step = _PROBE * gradient.nan_to_num(0).sign()
    with torch.no_grad():
        change = ((model(inside + step) - model(inside - step)).double() * _uphill(y, logits).double()).sum(1)
    promised = 2 * _PROBE * flat.double().abs().sum(1)
    rounding = 2e-6 * logits.double().abs().amax(1).clamp(min=1e-30)
    false = (promised > 10 * rounding) & ~(change > _FOLLOWED * promised)
    return zero, broken, false & ~broken & ~zero


def _uphill(y: Tensor, logits: Tensor) -> Tensor:
    return ascent(CrossEntropy(), logits, y)


def _saturated(model: nn.Module, x: Tensor) -> float:
    with torch.no_grad():
        found = torch.cat([model(batch).softmax(1).amax(1) for [batch] in batches_of(model, x)])
    return (found >= 1 - torch.finfo(found.dtype).eps).float().mean().item()


def _alike(one: Tensor, other: Tensor, noise: float = 0.0) -> Tensor:
    """(…) whether logits are the same but for what another batch rounds otherwise, relative to the largest."""
    size = one.nan_to_num(0, 0, 0).abs().amax(-1, keepdim=True)
    close = (one - other).abs() <= (2 * rounding_of(one) + noise) * size + 1e-6
    return (close | (one.isnan() & other.isnan()) | (one == other)).all(-1)
