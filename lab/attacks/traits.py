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
from lab.attacks.objectives import ascent, likeliest_wrong, predicted
from lab.attacks.wrappers import inside
from lab.errors import AttackError
from lab.models.adapter import Adapted, Function, adapted, core_of
from lab.models.repeatable import Draws
from lab.specs.attacks import CrossEntropy

_ALONE = 6  # images that are predicted alone
_TIMES = 4  # times that each of them is predicted
_COMPANY = 32  # images in whose company they are predicted
_MORE = 4  # times the noise that a few answers show may be found among many
_FOLLOWED = 0.2  # of the change that the gradient promises; less is none
_PROBES = (1e-3, 4e-3, 16e-3)  # of a pixel: short steps drown in the rounding of half precision, long ones bend
_DIRECTIONS = 4  # of each length
_COMPARED = 16  # images on which the scores of two classes are
_STEEPER = 3.0  # times; on 31 shipped models it is at most 1.25 times in the median
_JUMPS = 0.1  # logarithm of the ratio of two deviations
_PROPORTIONAL = 0.99  # cosine of two rows of logits
_ASTRAY = 0.4  # of the usual change; shipped models' gradients are off by at most 0.2 in the median, 0.3 in bfloat16


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
    ``false``: the model's output does not follow it along a small step, or not along others. ``saturated``: the softmax
    is one to float precision."""

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


def company(model: nn.Module, x: Tensor, y: Tensor, noise: float = 0.0, whole: Tensor | None = None) -> Company:
    """Return whether images get the same logits alone as among others, in two orders and in half the company.

    A few of them, made paler, are also predicted between black and white images. ``noise``: by how much of the
    largest logit they differ anyway; ``whole`` (n, classes) their logits in batches as large as the memory allows.
    """
    few, labels = x[:_COMPANY], y[:_COMPANY]
    order = torch.arange(len(few), device=x.device)
    with torch.no_grad():
        alone = torch.cat([model(each) for each in few.split(1)])
        among = [(some, model(few[some])) for some in (order, order.flip(0), order[::2])]
    if whole is not None:
        among.append((order, whole[:_COMPANY].to(x.device)))
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
        astray = torch.zeros_like(y, dtype=torch.bool) if missing or random else _astray(model, x, y)
    except AttackError:  # it fails on the way back: there is nothing to follow
        missing, parts = True, []
    if missing:
        return Slopes(True, 1.0, 0.0, 0.0, _saturated(model, x), len(x))
    zero, broken, false = (torch.cat(each).to(x.device) for each in zip(*parts, strict=True))
    false = torch.zeros_like(false) if random else false | (astray & ~zero & ~broken)
    found = [each.float().mean().item() for each in (zero, broken, false)]
    return Slopes(False, found[0], found[1], found[2], _saturated(model, x), len(x))


def steep(model: nn.Module, x: Tensor, y: Tensor) -> bool:
    """Return whether on most images the score of the class rises many times as steeply as that of its strongest rival.

    So do exponentials or powers of logits, whose margin leads away from the class but not to where it is lost. A
    model without a gradient is not steep.
    """

    def size(model: nn.Module, x: Tensor, label: Tensor) -> Tensor:
        def score(logits: Tensor) -> Tensor:
            return torch.zeros_like(logits).scatter(1, label.unsqueeze(1), 1.0)

        return raw_gradient(model, x, score)[0].flatten(1).double().norm(dim=1)

    few, own = x[:_COMPARED], y[:_COMPARED]
    try:
        with torch.no_grad():
            rival = likeliest_wrong(model(few), own, 1)[:, 0]
        rises, falls = size(model, few, rival), size(model, few, own)
    except AttackError:
        return False
    return (falls > _STEEPER * rises).float().mean().item() > 0.5


def rescaled(model: nn.Module, x: Tensor) -> bool:
    """Return whether the logits of an image and of its surroundings often differ by a factor that all have in common.

    There their deviation jumps while their proportions hardly change, and a margin says how large that factor is, not
    how near the decision is.
    """
    few, draws = x[:_COMPARED], torch.Generator().manual_seed(0)
    step = _PROBES[0] * torch.randint(2, few.shape[1:], generator=draws).mul(2).sub(1).to(few)
    with torch.no_grad():
        here, there = (_centred(model(each)) for each in (few, (few + step).clamp(0, 1)))
    sizes = [each.norm(dim=1) for each in (here, there)]
    jumps = (sizes[0] / sizes[1]).log().abs() > _JUMPS
    alike = torch.cosine_similarity(here, there) > _PROPORTIONAL
    return (jumps & alike).float().mean().item() > 0.25


def cut_at_the_edge(model: nn.Module, x: Tensor, y: Tensor) -> bool:
    """Return whether most pixels of exactly 0 or 1 have a gradient only a little inside, as those behind a clamp have.

    A model without a gradient has none to lose.
    """
    few, own = x[:_ALONE], y[:_ALONE]
    at_edge = (few == 0) | (few == 1)
    if not at_edge.any():
        return False
    try:
        here, within = (raw_gradient(each, few, partial(_uphill, own))[0][at_edge] for each in (model, inside(model)))
    except AttackError:
        return False
    return ((here == 0) & (within != 0)).float().mean().item() > 0.5


def _centred(logits: Tensor) -> Tensor:
    return logits.double() - logits.double().mean(1, keepdim=True)


def _slope(model: nn.Module, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """(n,) where the gradient is zero, not finite, or false: the loss follows it along no step, however long."""
    false, zero, broken = _along(model, x, y, _PROBES[0])
    for probe in _PROBES[1:]:
        still = false.nonzero().flatten()
        if len(still):
            false[still] &= _along(model, x[still], y[still], probe)[0]
    return zero, broken, false & ~broken & ~zero


def _along(model: nn.Module, x: Tensor, y: Tensor, probe: float) -> tuple[Tensor, Tensor, Tensor]:
    """(n,) where central differences along the gradient's sign say otherwise than it does; where it is zero; where it
    is not finite.

    The images are moved a little away from 0 and 1, so that a step on either side stays among images.
    """
    inside = probe + (1 - 2 * probe) * x
    gradient, logits = raw_gradient(model, inside, partial(_uphill, y))
    flat = gradient.flatten(1)
    step = probe * gradient.nan_to_num(0).sign()
    with torch.no_grad():
        change = ((model(inside + step) - model(inside - step)).double() * _uphill(y, logits).double()).sum(1)
    promised = 2 * probe * flat.double().abs().sum(1)
    false = (promised > 10 * _rounding(logits)) & ~(change > _FOLLOWED * promised)
    return false, (flat == 0).all(1), ~flat.isfinite().all(1)


def _astray(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """(n,) where the loss changes otherwise along random signs than the gradient says; nowhere, if on most images it
    follows at steps of any length. So what a gradient leaves out is seen, which its own direction does not show.
    """
    least = torch.full_like(y, torch.inf, dtype=torch.float64)
    for probe in _PROBES:
        found = [_deviation(model, some, labels, probe) for some, labels in batches_of(model, x, y)]
        least = least.fmin(torch.cat(found).to(x.device))
        if not least.nanmedian() > _ASTRAY:
            return torch.zeros_like(y, dtype=torch.bool)
    return least.isfinite() & (least > _ASTRAY)


def _deviation(model: nn.Module, x: Tensor, y: Tensor, probe: float) -> Tensor:
    """(n,) difference of the loss's change along random signs from what the gradient says, relative to what is usual;
    zero where rounding would hide it. The signs are the same for every image."""
    inside = probe + (1 - 2 * probe) * x
    gradient, logits = raw_gradient(model, inside, partial(_uphill, y))
    slope, uphill = gradient.nan_to_num(0).flatten(1).double(), _uphill(y, logits).double()
    draws, squares = torch.Generator().manual_seed(0), torch.zeros(len(x), dtype=torch.float64, device=x.device)
    for _ in range(_DIRECTIONS):
        step = probe * torch.randint(2, x.shape[1:], generator=draws).mul(2).sub(1).to(x).unsqueeze(0)
        with torch.no_grad():
            change = ((model(inside + step) - model(inside - step)).double() * uphill).sum(1)
        squares += (change - 2 * (slope @ step.flatten().double())).square() / _DIRECTIONS
    usual = 2 * probe * slope.norm(dim=1)
    return torch.where(usual > 10 * _rounding(logits), squares.sqrt() / usual, 0.0)


def _rounding(logits: Tensor) -> Tensor:
    """(n,) what float32 rounds off the logits."""
    return 2e-6 * logits.double().abs().amax(1).clamp(min=1e-30)


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
