"""The two axes of a plane through an image: of length 1 in the ball's norm and at right angles, in float64.

Tramèr et al. 2018, Figures 1, 4 and 5.
"""

from dataclasses import dataclass
from functools import singledispatch

import torch
from torch import Tensor, nn

from lab.analysis.scene import Scene, proposed
from lab.attacks.ball import distance
from lab.attacks.gradient import device_of, input_gradient
from lab.attacks.hadamard import regular_hadamard
from lab.context import Context
from lab.errors import AttackError, SpecError, in_words, one_sentence
from lab.models import load_adapted as load_model
from lab.specs.attacks import CrossEntropy
from lab.specs.balls import Ball
from lab.specs.models import name_of
from lab.specs.surface import (
    Across,
    Along,
    HadamardSigns,
    LossSurface,
    RandomSigns,
    RawGradient,
    SignedGradient,
    SourceGradient,
    TowardAttack,
    TowardSecondAttack,
)

_COINCIDE = 1e-6  # of the second axis's length: what is left is rounding


@dataclass(frozen=True, eq=False)
class Axes:
    """``g`` and ``across`` (C, H, W) float64, and the ``cosine`` between them before the second was turned."""

    g: Tensor
    across: Tensor
    cosine: float

    @property
    def inner(self) -> float:
        """Their inner product, which rounding alone keeps from being zero."""
        return float((self.g * self.across).sum())


def axes(scene: Scene[LossSurface], model: nn.Module, ctx: Context) -> Axes:
    """Both axes for a model. Raises :class:`SpecError` when a direction is zero or both are the same."""
    ball = scene.spec.ball
    g = unit(along(scene.spec.along, scene, model, ctx).double(), ball)
    second = unit(across(scene.spec.across, scene, model, g, ctx).double(), ball)
    cosine = float((g * second).sum() / (g.norm() * second.norm()))
    turned = second
    for _ in range(2):  # twice, because the first subtraction rounds
        turned = turned - (turned * g).sum() / (g * g).sum() * g
    if turned.norm() < _COINCIDE * second.norm():
        raise SpecError(
            "Both axes point the same way, so they span no plane: choose another second axis, or another source model."
        )
    return Axes(g, unit(turned, ball), cosine)


def unit(direction: Tensor, ball: Ball) -> Tensor:
    """The direction with length 1 in the ball's norm, so that the axis counts in units of eps."""
    length = float(distance(ball, direction.unsqueeze(0), torch.zeros_like(direction).unsqueeze(0)))
    if length == 0:
        raise SpecError("A direction of the plane is zero at this image: choose another direction or another image.")
    return direction / length


@singledispatch
def along(direction: Along, scene: Scene[LossSurface], model: nn.Module, ctx: Context) -> Tensor:
    """(C, H, W) the first axis, of any length, on the CPU."""
    raise SpecError(f"There is no direction called {type(direction).__name__}.")


@along.register
def _(direction: SignedGradient, scene: Scene[LossSurface], model: nn.Module, ctx: Context) -> Tensor:
    return gradient(scene, model).sign()


@along.register
def _(direction: RawGradient, scene: Scene[LossSurface], model: nn.Module, ctx: Context) -> Tensor:
    return gradient(scene, model)


@along.register
def _(direction: TowardAttack, scene: Scene[LossSurface], model: nn.Module, ctx: Context) -> Tensor:
    return (proposed(direction.attack, scene, model, ctx.silent()) - scene.x)[0]


@singledispatch
def across(direction: Across, scene: Scene[LossSurface], model: nn.Module, g: Tensor, ctx: Context) -> Tensor:
    """(C, H, W) the second axis, not yet at right angles to ``g``, of any length, on the CPU."""
    raise SpecError(f"There is no direction called {type(direction).__name__}.")


@across.register
def _(direction: SourceGradient, scene: Scene[LossSurface], model: nn.Module, g: Tensor, ctx: Context) -> Tensor:
    source = load_model(scene.spec.source)
    if source.model is getattr(model, "model", model):
        name = name_of(scene.spec.source)
        raise SpecError(f"The source model must be another one than the models looked at, but both are '{name}'.")
    try:
        return gradient(scene, source).sign()
    except AttackError as error:
        before, after = (
            "The source model does not fit these images (",
            "): choose another source, or random signs as the second axis.",
        )
        raise SpecError(one_sentence(before, in_words(error), after)) from error


@across.register
def _(direction: RandomSigns, scene: Scene[LossSurface], model: nn.Module, g: Tensor, ctx: Context) -> Tensor:
    """Half of the pixels in which a signed ``g`` is not zero with its sign, half against it: exactly orthogonal.

    Of an odd number one stays unchanged. To a ``g`` that is not signed, the signs are random and not orthogonal yet.
    """
    generator = ctx.generator("random signs")
    flat = g.flatten()
    signs = torch.randint(0, 2, flat.shape, generator=generator).double() * 2 - 1
    if not is_signed(g):
        return signs.view_as(g)
    [places] = flat.nonzero(as_tuple=True)
    places = places[torch.randperm(len(places), generator=generator)]
    half = len(places) // 2
    signs[places[:half]], signs[places[half : 2 * half]], signs[places[2 * half :]] = 1, -1, 0
    signs[places] *= flat[places].sign()
    return signs.view_as(g)


@across.register
def _(direction: HadamardSigns, scene: Scene[LossSurface], model: nn.Module, g: Tensor, ctx: Context) -> Tensor:
    """sign(g) times the first and another row of a regular Hadamard matrix, whose product sums to zero.

    Repeated over the pixels and permuted as in App. E, where a row alone gives a direction that still has k^-1/2 of
    the gradient's; the product of two has none of it. Pixels too many for whole repetitions stay unchanged.
    """
    matrix = regular_hadamard(direction.order).double()
    pixels = g.numel()
    if pixels < direction.order:
        raise SpecError(f"A Hadamard matrix of order {direction.order} needs at least as many pixels, not {pixels}.")
    row = (matrix[0] * matrix[direction.row]).repeat(pixels // direction.order)
    row = nn.functional.pad(row, (0, pixels - len(row)))
    place = torch.randperm(pixels, generator=ctx.generator("pixels of the Hadamard row"))
    signs = torch.where(g < 0, -1.0, 1.0).double().flatten()
    return (row[place] * signs).view_as(g)


@across.register
def _(direction: TowardSecondAttack, scene: Scene[LossSurface], model: nn.Module, g: Tensor, ctx: Context) -> Tensor:
    return (proposed(direction.attack, scene, model, ctx.silent()) - scene.x)[0]


def gradient(scene: Scene[LossSurface], model: nn.Module) -> Tensor:
    """(C, H, W) the gradient of the label's cross-entropy at the image, up to a positive factor."""
    device = device_of(model)
    found, _ = input_gradient(model, scene.x.to(device), scene.y.to(device), CrossEntropy())
    return found[0].cpu()


def is_signed(g: Tensor) -> bool:
    """Return whether all entries are zero or of one size."""
    sizes = g.abs()
    return bool(((sizes == 0) | (sizes == sizes.amax())).all())


def edge(scene: Scene[LossSurface], found: Axes, angles: int = 180) -> Tensor:
    """(angles + 1, 2) the closed line in the plane where the change is as large as the ball allows.

    In L∞ that is a polygon: a diamond for two signed axes, because some pixel moves by |ε₁| + |ε₂|. A clipped
    change grows more slowly; a direction in which it never reaches eps ends at four times eps.
    """
    ball, x = scene.spec.ball, scene.x.double()
    turn = torch.linspace(0, 2 * torch.pi, angles + 1, dtype=torch.float64)
    way = torch.stack([turn.cos(), turn.sin()], 1)
    directions = (way[:, :1] * found.g.flatten() + way[:, 1:] * found.across.flatten()).view(-1, *x.shape[1:])
    if not scene.spec.clip:
        radius = ball.eps / distance(ball, directions, torch.zeros_like(directions))
        return way * radius.unsqueeze(1)
    low, high = torch.zeros(len(way), dtype=torch.float64), torch.full((len(way),), 4.0, dtype=torch.float64)
    for _ in range(30):
        middle = (low + high) / 2
        points = (x + (middle * ball.eps).view(-1, 1, 1, 1) * directions).clamp(0, 1)
        inside = distance(ball, points, x) < ball.eps * (1 - 1e-9)
        low, high = torch.where(inside, middle, low), torch.where(inside, high, middle)
    return way * (low * ball.eps).unsqueeze(1)
