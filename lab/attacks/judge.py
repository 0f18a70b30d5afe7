"""The judge: what adversarial images achieved, measured on the pixels that came back."""

import torch
from torch import Tensor, nn

from lab.attacks.ball import distance
from lab.attacks.batches import dry_pass, logits_of
from lab.attacks.checks import check_ball, taken, tensor_of
from lab.attacks.examination import examine
from lab.attacks.gradient import device_of, frozen
from lab.attacks.objectives import margin, predicted
from lab.errors import AttackError
from lab.models.adapter import adapted
from lab.results.attack import AttackResult
from lab.specs.balls import Ball

_TOLERANCE = 1e-5  # what float32 rounding of x ± eps and of a norm may add


def judge(
    x: Tensor,
    y: Tensor,
    x_adv: Tensor,
    model: nn.Module,
    ball: Ball,
    levels: int | None = None,
    classes: int | None = None,
) -> AttackResult:
    """Predict again on clean and adversarial images, and examine whether the numbers can be trusted.

    ``x``, ``x_adv`` (n, …) in [0, 1], ``y`` (n,). With ``levels``, 256 for 8 bits, the adversarial images are predicted
    once more with every pixel rounded to the nearest of so many values. ``classes`` is how many the data have, where
    that is known. An image whose logits are not numbers counts as misclassified, before or after the attack. Raises
    :class:`AttackError` when an adversarial image left the ball or [0, 1]: such a proposal is no adversarial example of
    this threat model. What the examination cannot find out, because the model fails on it, is said in the health.
    """
    check_ball(ball)
    model = adapted(model)
    device = device_of(model)
    x, y = taken(x, y, device)
    proposal = tensor_of(x_adv, "adversarial images").to(device)
    x_adv = proposal.to(torch.promote_types(proposal.dtype, torch.float32))
    far = check_proposal(x, x_adv, ball, tolerance_of(proposal))
    with frozen(model):
        if len(x):
            dry_pass(model, x, y)
        clean, adversarial = logits_of(model, x), logits_of(model, x_adv)
        rounded = None if levels is None else predicted(logits_of(model, _round(x_adv, levels))).cpu().numpy()
        health = examine(model, x, y, clean, adversarial, ball, classes)
    return AttackResult(
        y=y.cpu().numpy(),
        clean=predicted(clean).cpu().numpy(),
        adversarial=predicted(adversarial).cpu().numpy(),
        distance=far.cpu().numpy(),
        margin=margin(adversarial, y).cpu().numpy(),
        eps=ball.eps,
        health=health,
        rounded=rounded,
    )


def check_proposal(x: Tensor, x_adv: Tensor, ball: Ball, tolerance: float = _TOLERANCE) -> Tensor:
    """(n,) distances of the proposed images. Raises :class:`AttackError` outside the ball or [0, 1].

    ``tolerance`` is what rounding may add to a pixel or a radius of 1.
    """
    if x_adv.shape != x.shape:
        raise AttackError(f"Adversarial images have shape {tuple(x_adv.shape)}, the clean ones {tuple(x.shape)}.")
    far = distance(ball, x_adv, x)
    if not len(x):
        return far
    worst = far.max().item()
    allowed = ball.eps * (1 + tolerance) + tolerance
    if not worst <= allowed:  # also refuses NaN
        raise AttackError(f"An adversarial image lies {worst:g} from its original, but the ball allows {ball.eps:g}.")
    low, high = x_adv.min().item(), x_adv.max().item()
    if not (low >= -tolerance and high <= 1 + tolerance):
        raise AttackError(f"An adversarial image reaches from {low:g} to {high:g}, outside [0, 1]: clip it.")
    return far


def tolerance_of(x_adv: Tensor) -> float:
    """Return the largest change of a pixel up to 1 that storing an adversarial image in its type may cause."""
    return max(_TOLERANCE, torch.finfo(x_adv.dtype).eps) if x_adv.is_floating_point() else _TOLERANCE


def _round(x_adv: Tensor, levels: int) -> Tensor:
    if levels < 2:
        raise AttackError(f"Pixels are rounded to at least 2 levels, not to {levels}.")
    return (x_adv * (levels - 1)).round() / (levels - 1)
