"""Sanity checks of an attack's number, behind :class:`lab.results.Health`."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial, singledispatch
from math import sqrt
from typing import TypeVar

import torch
from torch import Tensor, nn

from lab.attacks.ball import full_step
from lab.attacks.batches import batches_of, logits_of
from lab.attacks.gradient import raw_gradient
from lab.attacks.objectives import ascent, predicted
from lab.errors import AttackError
from lab.results.health import LARGE, SMALL, Health
from lab.specs.attacks import CrossEntropy
from lab.specs.balls import L2, Ball, Linf

Found = TypeVar("Found")

_FARTHER = 11  # places, a prime number
_COMPANY = 4  # images that are predicted again in other company
_FEWEST = 10  # images from which an accuracy can be told from chance
_COLOUR = 32  # pixels a side from which a colour image is a photograph


def examine(
    model: nn.Module, x: Tensor, y: Tensor, clean: Tensor, adversarial: Tensor, ball: Ball, classes: int | None = None
) -> Health:
    """One more clean pass, a few images in other company, one gradient and one FGSM step.

    ``model`` is behind its adapter and frozen, ``clean`` and ``adversarial`` (n, classes) are its logits. A check on
    which the model fails is left out, and said.
    """
    if not len(x):
        return Health(0.0, 0.0, 0.0, probabilities=False, one_step_stronger=False)
    checks = _Checks()
    unstable = checks.tried(lambda: ~_same(clean, logits_of(model, x)), torch.zeros_like(y, dtype=torch.bool))
    slope = checks.tried(lambda: _one_step(model, x, y, ball), _Slope.unknown(clean))
    dependent = checks.tried(lambda: _dependent(model, x, clean, unstable), 0.0)
    recognised = predicted(clean) == y
    withstood_one_step = (recognised & (predicted(slope.logits) == y)).sum()
    withstood = (recognised & (predicted(adversarial) == y)).sum()
    certain = 1 - torch.finfo(clean.dtype).eps
    numbers, attacked = clean.amax(1).isfinite(), adversarial.amax(1).isfinite()
    outputs, known = _outputs(y, clean.shape[1], classes)
    return Health(
        zero_gradient=slope.zero.float().mean().item(),
        saturated=(clean.softmax(1).amax(1) >= certain).float().mean().item(),
        unstable=unstable.float().mean().item(),
        probabilities=bool((clean >= 0).all() and torch.allclose(clean.sum(1), clean.new_ones(()), atol=1e-4)),
        one_step_stronger=bool(withstood_one_step < withstood),
        images=len(x),
        not_a_number=_positions(~numbers),
        not_a_number_attacked=_positions(numbers & ~attacked),
        no_slope=_positions(slope.broken & numbers),
        bad_weights=0 if numbers.all() else _bad_weights(model),
        batch_dependent=dependent,
        at_chance=_at_chance(predicted(clean), y, clean.shape[1]) if numbers.all() else None,
        eps_scale=eps_scale(ball, x),
        outputs=outputs,
        classes=known,
        unchecked=checks.failure,
    )


class _Checks:
    """Checks that may fail without losing the verdict; ``failure`` is what the first said that did."""

    def __init__(self) -> None:
        self.failure = ""

    def tried(self, check: Callable[[], Found], otherwise: Found) -> Found:
        """Run the check; return something else where the model fails on it."""
        try:
            return check()
        except AttackError as error:
            self.failure = self.failure or str(error)
            return otherwise


@dataclass(frozen=True, eq=False)
class _Slope:
    """(n,) images whose gradient is exactly zero, or ``broken``, not a number; logits after one full step along it."""

    zero: Tensor
    broken: Tensor
    logits: Tensor

    @classmethod
    def none(cls, clean: Tensor) -> "_Slope":
        """Of a model without a gradient, where no step can be taken."""
        zero = torch.ones(len(clean), dtype=torch.bool, device=clean.device)
        return cls(zero, ~zero, clean)

    @classmethod
    def unknown(cls, clean: Tensor) -> "_Slope":
        """Of a model that fails when it is asked for its gradient: nothing is claimed of it."""
        nothing = torch.zeros(len(clean), dtype=torch.bool, device=clean.device)
        return cls(nothing, nothing, clean)


def _one_step(model: nn.Module, x: Tensor, y: Tensor, ball: Ball) -> _Slope:
    with torch.enable_grad():
        if not model(x[:1].detach().requires_grad_()).requires_grad:
            return _Slope.none(logits_of(model, x))
    zeros, broken, logits = [], [], []
    for batch, labels in batches_of(model, x, y):
        gradient, _ = raw_gradient(model, batch, partial(_uphill, labels))
        flat = gradient.flatten(1)
        zeros.append(flat.abs().amax(1) == 0)
        broken.append(~flat.isfinite().all(1))
        logits.append(logits_of(model, full_step(ball, batch, torch.nan_to_num(gradient, nan=0.0))))
    return _Slope(torch.cat(zeros), torch.cat(broken), torch.cat(logits))


def _uphill(y: Tensor, logits: Tensor) -> Tensor:
    return ascent(CrossEntropy(), logits, y)


def _same(one: Tensor, other: Tensor) -> Tensor:
    """(n,) whether two outputs are the same but for rounding; what is not a number is the same as itself."""
    return torch.isclose(one, other, rtol=1e-4, atol=1e-5, equal_nan=True).all(1)


def _dependent(model: nn.Module, x: Tensor, clean: Tensor, unstable: Tensor) -> float:
    """The fraction of the first images whose logits are others in other company.

    The images themselves, behind white, black and negative images in a batch of another size, which moves them to other
    places, also in batches of one size only; and paler ones, between black and white. Images that are answered at
    random are left out. Rounding differs with the batch as well, and more so in half precision, where logits have few
    digits.
    """
    count = min(_COMPANY, len(x))
    first, before = x[:count], clean[:count]
    white = torch.ones_like(first[:1]).repeat(_FARTHER - 1 - count, *[1] * (x.dim() - 1))
    others = torch.cat([white, 0 * first[:1], 1 - first])
    if len(others) + count == len(x):  # a batch of another size, too
        others = torch.cat([others, others[:1]])
    with torch.no_grad():  # in one batch, whatever its size
        again: Tensor = model(torch.cat([others, first]))[-count:]
    other = _differs(before, again) | in_company(model, pale(first), _differs)
    return (other & ~unstable[:count]).float().mean().item()


def pale(x: Tensor) -> Tensor:
    """The images in tones from 0.3 to 0.6, not as far from black as from white."""
    return 0.3 + 0.3 * x


def in_company(model: nn.Module, x: Tensor, differs: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    """(n,) whether images get another prediction between white images than between black ones.

    Those that get another one between the same images are left out: that is state or noise.
    """
    shades = (torch.full_like(x[:1], each) for each in (0.0, 0.0, 1.0, 0.0))
    with torch.no_grad():
        _, dark, light, again = [model(torch.cat([shade, x, shade]))[1:-1] for shade in shades]
    return differs(dark, light) & ~differs(dark, again)


def _differs(before: Tensor, again: Tensor) -> Tensor:
    """(n,) whether logits differ by more than rounding."""
    size = before.nan_to_num(0, 0, 0).abs().amax(1, keepdim=True)
    differs = (again - before).abs() > rounding_of(torch.cat([before, again])) * size + 1e-6
    return (differs | (again.isfinite() != before.isfinite())).any(1)


def rounding_of(logits: Tensor) -> float:
    """Return the rounding error of a logit between batches, relative to the largest, by the precision of the logits."""
    for kind, rounding in ((torch.bfloat16, 0.05), (torch.float16, 0.01)):
        if torch.equal(logits.to(kind).to(logits.dtype), logits):
            return rounding
    return 1e-3 if logits.device.type == "cpu" else 1e-2  # a GPU may multiply with 10 bits (TF32)


def _bad_weights(model: nn.Module) -> int:
    return sum(int((~each.isfinite()).sum()) for each in model.parameters() if each.is_floating_point())


def _positions(which: Tensor) -> tuple[int, ...]:
    return tuple(which.nonzero().flatten().tolist())


def _at_chance(guessed: Tensor, y: Tensor, outputs: int) -> float | None:
    """The clean accuracy if guessing could be as good: two standard deviations above chance, or always one class."""
    count = len(y)
    if count < _FEWEST:
        return None
    classes = len(y.unique())
    chance = 1 / (classes if classes > 1 else outputs)
    accuracy = (guessed == y).float().mean().item()
    constant = classes > 1 and len(guessed.unique()) == 1
    return accuracy if constant or accuracy <= chance + 2 * sqrt(chance * (1 - chance) / count) else None


def _outputs(y: Tensor, outputs: int, classes: int | None) -> tuple[int, int]:
    """The model's outputs and the data's classes if the labels may mean something else to the model, else (0, 0).

    Where the number of classes is not known: labels without gaps that are a tenth of the outputs or fewer.
    """
    if classes is not None:
        return (outputs, classes) if outputs > classes else (0, 0)
    seen = y.unique()
    without_gap = len(seen) > 1 and int(seen[-1]) == len(seen) - 1
    many = without_gap and outputs >= 10 * len(seen) and len(y) >= _FEWEST
    return (outputs, len(seen)) if many else (0, 0)


@singledispatch
def eps_scale(ball: Ball, x: Tensor) -> str:
    """Return whether the radius is 'large' or 'small' for images (n, channels, height, width), '' where it is neither.

    Of other threat models than L∞ and L2 no scale is known.
    """
    return ""


@eps_scale.register
def _(ball: Linf, x: Tensor) -> str:
    return _scale(ball.eps, x, photographs=0.1, others=0.5)


@eps_scale.register
def _(ball: L2, x: Tensor) -> str:
    return _scale(ball.eps / sqrt(x.shape[1:].numel()), x, photographs=0.06, others=0.25)


def _scale(change: float, x: Tensor, photographs: float, others: float) -> str:
    """By the change of a pixel, in L2 its root mean square, and from which on that is large."""
    if x.dim() != 4 or not change:
        return ""
    photograph = x.shape[1] == 3 and min(x.shape[2:]) >= _COLOUR
    if change >= (photographs if photograph else others):
        return LARGE
    return SMALL if change < 1e-3 else ""
