"""Many radii at once: an eps of its own for each image, and all balls of a sweep in one batch."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from lab.attacks.attack import ascend, attack, maximise, perturb
from lab.attacks.batches import in_batches
from lab.attacks.checks import check_ball, taken, tensor_of
from lab.attacks.radii import radii
from lab.context import Context
from lab.errors import AttackError
from lab.specs.attacks import AttackSpec
from lab.specs.balls import L2, Ball, Linf
from lab.specs.spec import title_of


def maximise_each(
    spec: AttackSpec, model: nn.Module, x: Tensor, y: Tensor, ball: Ball, eps: Tensor, ctx: Context | None = None
) -> Tensor:
    """:func:`maximise` with a radius of its own for each image; ``ball``, Linf or L2, only gives the norm.

    What training on images of many strengths needs: Kurakin et al. 2017, §3, draw eps anew for each of them. ``eps``
    (n,) in the ball's units. Each image comes out as from a call with its own ball alone, also where the number of
    steps depends on eps. Raises as :func:`attack` does, and for attacks whose radius is the same for all images.
    """
    if not spec.capabilities.eps_per_image:
        raise AttackError(
            f"{title_of(spec)} takes the same ε for all images: choose an attack that takes one for each, such "
            "as PGD, APGD or a one-step attack."
        )
    check_ball(ball)
    x, y = taken(x, y)
    eps = tensor_of(eps, "radii")
    if eps.shape != x.shape[:1]:
        raise AttackError(f"There must be one ε for each of the {len(x)} images, but there are {eps.numel()}.")
    return in_batches(lambda *batch: ascend(spec, *batch), model, x, y, radii(ball, eps), ctx or Context())


def attack_sweep(
    spec: AttackSpec,
    model: nn.Module,
    x: Tensor,
    y: Tensor,
    balls: Sequence[Ball],
    ctx: Context | None = None,
    *,
    largest: bool = False,
) -> list[Tensor]:
    """:func:`attack` in every ball, or :func:`maximise` for the ``largest`` loss, and the images of each, in order.

    Balls of one norm share their batches, where the attack can: few images in many balls cost little more than in
    one. Every image draws the same numbers as in a call for its ball alone, and the verdicts are the same.
    """
    ctx, alone, together = ctx or Context(), *((maximise, ascend) if largest else (attack, perturb))
    for ball in balls:
        check_ball(ball)
    x, y = taken(x, y)
    if len(balls) < 2 or not spec.capabilities.eps_per_image or {type(ball) for ball in balls} not in ({Linf}, {L2}):
        return [alone(spec, model, x, y, ball, ctx.part(i, len(balls))) for i, ball in enumerate(balls)]
    count = len(balls)
    eps = torch.tensor([ball.eps for ball in balls], dtype=torch.float64).repeat_interleave(len(x))
    copies, labels = x.repeat(count, *[1] * (x.dim() - 1)), y.repeat(count)
    same = ctx.only(list(range(len(x))) * count)
    x_adv = in_batches(lambda *batch: together(spec, *batch), model, copies, labels, radii(balls[0], eps), same)
    return list(x_adv.split(len(x))) if len(x) else [x_adv] * count
