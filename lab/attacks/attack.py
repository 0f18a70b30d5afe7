"""``attack`` proposes adversarial images: one function per method, registered on its spec's type."""

from functools import singledispatch

from torch import Tensor, nn

from lab.attacks.batches import in_batches
from lab.attacks.checks import check_attack
from lab.attacks.radii import Region
from lab.context import Context
from lab.errors import AttackError
from lab.specs.attacks import AttackSpec
from lab.specs.balls import Ball
from lab.specs.spec import title_of


def attack(spec: AttackSpec, model: nn.Module, x: Tensor, y: Tensor, ball: Ball, ctx: Context | None = None) -> Tensor:
    """Adversarial images for a verdict: is each image still recognised anywhere in the ball?

    An image that the model misclassifies is finished at once, so the attack spends its steps on the others.
    Use :func:`maximise` where the largest loss matters. ``x`` (n, …) in [0, 1], ``y`` (n,) labels; the result has
    the shape of ``x`` and lies on the model's device. The model is left exactly as it was.

    Raises :class:`AttackError` when the images, labels or logits are not what an attack can work with.
    """
    return in_batches(lambda *batch: perturb(spec, *batch), model, x, y, ball, ctx or Context())


def maximise(
    spec: AttackSpec, model: nn.Module, x: Tensor, y: Tensor, ball: Ball, ctx: Context | None = None
) -> Tensor:
    """Adversarial images of the largest loss the attack finds: every restart runs to its end.

    What adversarial training needs (Madry et al. 2017, §2, the inner problem of eq. 1). Arguments as in :func:`attack`.
    """
    return in_batches(lambda *batch: ascend(spec, *batch), model, x, y, ball, ctx or Context())


def attack_from(
    spec: AttackSpec, model: nn.Module, x: Tensor, y: Tensor, ball: Ball, start: Tensor, ctx: Context | None = None
) -> Tensor:
    """:func:`attack` that begins at the points ``start`` (n, …) of the ball instead of the attack's own starts."""
    ctx = ctx or Context()

    def propose(model: nn.Module, x: Tensor, y: Tensor, ball: Ball, part: Context) -> Tensor:
        first = part.first - ctx.first
        return perturb_from(spec, model, x, y, ball, start[first : first + len(x)].to(x), part)

    return in_batches(propose, model, x, y, ball, ctx)


@singledispatch
def perturb_from(
    spec: AttackSpec, model: nn.Module, x: Tensor, y: Tensor, ball: Ball, start: Tensor, ctx: Context
) -> Tensor:
    """One batch of :func:`attack_from`, on a frozen model and checked images."""
    raise AttackError(f"{title_of(spec)} cannot start at given points: choose Square or RayS.")


@singledispatch
def perturb(spec: AttackSpec, model: nn.Module, x: Tensor, y: Tensor, ball: Region, ctx: Context) -> Tensor:
    """One batch of :func:`attack`, on a frozen model and checked images."""
    return ascend(spec, model, x, y, ball, ctx)


@singledispatch
def ascend(spec: AttackSpec, model: nn.Module, x: Tensor, y: Tensor, ball: Region, ctx: Context) -> Tensor:
    """One batch of :func:`maximise`, on a frozen model and checked images."""
    check_attack(spec)
    raise AttackError(f"The attack {type(spec).__name__} has no function: register one with lab.attacks.attack.ascend.")
