"""Gradient-aligned orthogonal directions: GAAS, the slice of the adversarial cone around the gradient.

Tramèr et al. 2018, §4.2 and App. E, for L∞; Tramèr et al. 2017, *The Space of Transferable Adversarial Examples*,
Lemma 1, for L2.
"""

from dataclasses import dataclass
from functools import singledispatch

import torch
from torch import Tensor, nn

from lab.attacks.attack import ascend
from lab.attacks.ball import project, steepest
from lab.attacks.batches import batch_size, dry_pass, room
from lab.attacks.checks import check_ball, taken
from lab.attacks.gradient import device_of, frozen, input_gradient
from lab.attacks.hadamard import ORDERS, regular_hadamard, smallest_order
from lab.attacks.objectives import margin, predicted
from lab.context import Context
from lab.errors import AttackError
from lab.models.adapter import adapted
from lab.specs.attacks import CrossEntropy
from lab.specs.balls import L2, Ball, Linf
from lab.specs.orthogonal import OrthogonalDirections
from lab.specs.spec import title_of


@dataclass(frozen=True, eq=False)
class OrthogonalCount:
    """Numbers of orthogonal directions of length ε that fool the model, image by image.

    ``orders`` (m,) numbers of directions tried, ``fooling`` (m, n) how many of them fool.
    An image that the model misclassifies without an attack counts as 0: the paper examines correctly classified points.
    """

    orders: Tensor
    fooling: Tensor

    @property
    def largest(self) -> Tensor:
        """(n,) the largest tried k all of whose directions fool; 0 where not even the gradient's own does."""
        return torch.where(self.fooling == self.orders.unsqueeze(1), self.orders.unsqueeze(1), 0).amax(0)

    @property
    def at_least(self) -> Tensor:
        """(n,) the most orthogonal directions found that fool: the k of Tramèr et al. 2018, Figure 2."""
        return self.fooling.amax(0)


@ascend.register
def orthogonal_directions(
    spec: OrthogonalDirections, model: nn.Module, x: Tensor, y: Tensor, ball: Ball, ctx: Context
) -> Tensor:
    """Of the k images x + eps · r_i, the one with the smallest margin. Tramèr et al. 2018, App. E."""
    worst = torch.empty_like(x)
    for group in _groups(model, x, spec.k):
        ctx.report(group.start, len(x))
        proposed, margins = along_directions(spec.k, model, x[group], y[group], ball, ctx.at(group.start))
        worst[group] = proposed[torch.arange(len(proposed), device=x.device), margins.argmin(1)]
    return worst


def orthogonal_count(
    model: nn.Module,
    x: Tensor,
    y: Tensor,
    ball: Ball,
    orders: tuple[int, ...] = ORDERS,
    ctx: Context | None = None,
) -> OrthogonalCount:
    """Count the orthogonal directions that fool the model, for each number of them. Tramèr et al. 2018, §4.2, Figure 2.

    Numbers of directions that an image has too few pixels for are left out. Arguments otherwise as in
    :func:`lab.attacks.attack`; every number of directions draws anew.
    """
    ctx, model = ctx or Context(), adapted(model)
    check_ball(ball)
    x, y = taken(x, y, device_of(model))
    orders = tuple(k for k in orders if pixels_needed(ball, k) <= x.shape[1:].numel())
    fooling = torch.zeros(len(orders), len(x), dtype=torch.int64, device=x.device)
    with frozen(model):
        if len(x):
            dry_pass(model, x, y)
        for i, k in enumerate(orders):
            part = ctx.part(i, len(orders), f"{k} directions").seeded("directions", k)
            for group in _groups(model, x, k):
                part.report(group.start, len(x))
                with torch.no_grad():
                    recognised = predicted(model(x[group])) == y[group]
                _, margins = along_directions(k, model, x[group], y[group], ball, part.at(group.start))
                fooling[i, group] = (~(margins >= 0)).sum(1) * recognised
    return OrthogonalCount(torch.tensor(orders, device=x.device), fooling)


def along_directions(k: int, model: nn.Module, x: Tensor, y: Tensor, ball: Ball, ctx: Context) -> tuple[Tensor, Tensor]:
    """The images x + eps · r_i, clipped to [0, 1], (n, k, …), and the margins of the label on them, (n, k)."""
    gradient, _ = input_gradient(model, x, y, CrossEntropy())
    copies = x.repeat_interleave(k, 0)
    steps = directions(ball, gradient, k, ctx).flatten(0, 1)
    proposed = project(ball, copies + ball.eps * steps, copies)
    with torch.no_grad():
        margins = margin(model(proposed), y.repeat_interleave(k))
    return proposed.unflatten(0, (len(x), k)), margins.view(len(x), k)


@singledispatch
def directions(ball: Ball, gradient: Tensor, k: int, ctx: Context) -> Tensor:
    """(n, k, …) orthogonal directions of length 1 in the ball's norm, as close to the gradients as can be.

    ``gradient`` (n, …). Each image draws its own randomness from ``ctx``. Raises :class:`AttackError` when an image
    has fewer pixels than such directions need, and for another ball than L∞ and L2.
    """
    raise AttackError(f"Orthogonal directions require the threat model L∞ or L2, not {title_of(ball)}.")


@directions.register
def _(ball: Linf, gradient: Tensor, k: int, ctx: Context) -> Tensor:
    """Rows of a regular Hadamard matrix, repeated, permuted and multiplied with the signed gradient: Lemma 7.

    Where the order of the matrix does not divide the number of pixels, that many pixels too many stay unchanged.
    A pixel without gradient counts as positive, so that the directions stay orthogonal.
    """
    _check_pixels(ball, gradient, k)
    order, pixels = smallest_order(k), gradient[0].numel()
    rows = regular_hadamard(order)[:k].repeat(1, pixels // order)
    rows = nn.functional.pad(rows, (0, pixels - rows.shape[1])).to(gradient)
    place = torch.stack(
        ctx.draws(range(len(gradient)), 0, lambda generator: torch.randperm(pixels, generator=generator))
    )
    signs = torch.where(gradient < 0, -1, 1).to(gradient).flatten(1)
    found = rows[:, place.to(gradient.device)].transpose(0, 1) * signs.unsqueeze(1)
    return found.view(len(gradient), k, *gradient.shape[1:])


@directions.register
def _(ball: L2, gradient: Tensor, k: int, ctx: Context) -> Tensor:
    """A rotation that takes (1, …, 1) / √k to the gradient, applied to the unit vectors: Lemma 1 of the 2017 paper.

    Each direction's inner product with the gradient is k^-1/2 times the gradient's length. The rotation is a random
    one of those, since one made of two reflections would change little but a single pixel in each direction.
    """
    _check_pixels(ball, gradient, k)
    shape = (gradient[0].numel(), k)

    def normal(generator: torch.Generator) -> Tensor:
        return torch.randn(shape, generator=generator, dtype=gradient.dtype)

    frames = torch.stack(ctx.draws(range(len(gradient)), 0, normal)).to(gradient.device)
    aligned = steepest(ball, gradient).flatten(1)
    frames[:, :, 0] = torch.where(aligned.any(1, keepdim=True), aligned, frames[:, :, 0])
    basis, upper = torch.linalg.qr(frames)
    basis = basis * torch.where(upper[:, :1, :1] < 0, -1, 1)
    return (basis @ _equal_to_first(k).to(gradient)).transpose(1, 2).reshape(len(gradient), k, *gradient.shape[1:])


def _equal_to_first(k: int) -> Tensor:
    """(k, k) reflection that exchanges (1, …, 1) / √k and the first unit vector: its first row is constant."""
    normal = torch.full((k,), k**-0.5, dtype=torch.float64)
    normal[0] -= 1
    length = normal.dot(normal).clamp(min=torch.finfo(normal.dtype).tiny)
    return torch.eye(k, dtype=normal.dtype) - 2 * torch.outer(normal, normal) / length


def pixels_needed(ball: Ball, k: int) -> int:
    """The fewest pixels in which k directions can be orthogonal: one copy of the matrix's rows in L∞, k in L2."""
    return smallest_order(k) if isinstance(ball, Linf) else k


def _check_pixels(ball: Ball, gradient: Tensor, k: int) -> None:
    pixels, needed = gradient.shape[1:].numel(), pixels_needed(ball, k)
    if pixels < needed:
        raise AttackError(
            f"{k} orthogonal directions need images of at least {needed} pixels, but these have {pixels}: "
            "choose a smaller k."
        )


def _groups(model: nn.Module, x: Tensor, k: int) -> list[slice]:
    """Consecutive images whose k copies fit into one batch."""
    size = max(1, min(batch_size(x.device), room(model, x)) // k)
    return [slice(start, min(start + size, len(x))) for start in range(0, len(x), size)]
