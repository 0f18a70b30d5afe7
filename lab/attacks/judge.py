"""The judge: what adversarial images achieved, measured on the pixels that came back."""

from dataclasses import replace

import torch
from torch import Tensor, nn

from lab.attacks.attack import attack
from lab.attacks.ball import distance, full_step
from lab.attacks.batches import batch_size, logits_of
from lab.attacks.checks import check_images, check_logits
from lab.attacks.gradient import device_of, frozen, input_gradient
from lab.attacks.objectives import margin
from lab.context import Context
from lab.errors import AttackError
from lab.results.attack import AttackResult, Health
from lab.specs.attacks import PGD, CrossEntropy
from lab.specs.balls import Ball

_TOLERANCE = 1e-5  # what float32 rounding of x ± eps and of a norm may add


def judge(x: Tensor, y: Tensor, x_adv: Tensor, model: nn.Module, ball: Ball, levels: int | None = None) -> AttackResult:
    """Predict again on clean and adversarial images, and examine whether the numbers can be trusted.

    ``x``, ``x_adv`` (n, …) in [0, 1], ``y`` (n,). With ``levels``, 256 for 8 bits, the adversarial images are predicted
    once more with every pixel rounded to the nearest of so many values. Raises :class:`AttackError` when an adversarial
    image left the ball or [0, 1]: such a proposal is no adversarial example of this threat model.
    """
    device = device_of(model)
    x, y, x_adv = x.detach().to(device), y.detach().to(device), x_adv.detach().to(device)
    check_images(x, y)
    far = check_proposal(x, x_adv, ball)
    with frozen(model):
        if len(x):
            check_logits(model, x[:1], y)
        clean, adversarial = logits_of(model, x), logits_of(model, x_adv)
        rounded = None if levels is None else logits_of(model, _rounded(x_adv, levels)).argmax(1).cpu().numpy()
        health = examine(model, x, y, clean, adversarial, ball)
    return AttackResult(
        y=y.cpu().numpy(),
        clean=clean.argmax(1).cpu().numpy(),
        adversarial=adversarial.argmax(1).cpu().numpy(),
        distance=far.cpu().numpy(),
        margin=margin(adversarial, y).cpu().numpy(),
        eps=ball.eps,
        health=health,
        rounded=rounded,
    )


def further_restart(
    spec: PGD,
    model: nn.Module,
    x: Tensor,
    y: Tensor,
    result: AttackResult,
    ball: Ball,
    ctx: Context | None = None,
) -> AttackResult:
    """The result with one more restart tried on the images that stand: do restarts still gain?

    ``result`` is the judge's on images that PGD made of ``x``, ``y``. The accuracies stay those of the attack itself.
    """
    standing = torch.from_numpy(result.robust).nonzero().flatten()
    again = result.adversarial.copy()
    if len(standing):
        other = (ctx or Context()).seeded("further restart").only(standing.tolist())
        x_adv = attack(spec.replace(restarts=1), model, x[standing], y[standing], ball, other)
        with frozen(model):
            again[standing.numpy()] = logits_of(model, x_adv).argmax(1).cpu().numpy()
    return result.beside_restart(replace(result, adversarial=again))


def check_proposal(x: Tensor, x_adv: Tensor, ball: Ball) -> Tensor:
    """(n,) distances of the proposed images. Raises :class:`AttackError` outside the ball or [0, 1]."""
    if x_adv.shape != x.shape:
        raise AttackError(f"Adversarial images have shape {tuple(x_adv.shape)}, the clean ones {tuple(x.shape)}.")
    far = distance(ball, x_adv, x)
    if not len(x):
        return far
    worst = far.max().item()
    allowed = ball.eps * (1 + _TOLERANCE) + _TOLERANCE
    if not worst <= allowed:  # also refuses NaN
        raise AttackError(f"An adversarial image lies {worst:g} from its original, but the ball allows {ball.eps:g}.")
    low, high = x_adv.min().item(), x_adv.max().item()
    if not (low >= -_TOLERANCE and high <= 1 + _TOLERANCE):
        raise AttackError(f"An adversarial image reaches from {low:g} to {high:g}, outside [0, 1].")
    return far


def examine(model: nn.Module, x: Tensor, y: Tensor, clean: Tensor, adversarial: Tensor, ball: Ball) -> Health:
    """What would make the attack's number worthless: one more clean pass, one gradient and one FGSM step."""
    if not len(x):
        return Health(0.0, 0.0, 0.0, probabilities=False, one_step_stronger=False)
    again = logits_of(model, x)
    zero, one_step = _one_step(model, x, y, ball) if _differentiable(model, x) else (torch.ones(len(x)), clean)
    recognised = clean.argmax(1) == y
    stood_one_step = (recognised & (one_step.argmax(1) == y)).sum()
    stood_attack = (recognised & (adversarial.argmax(1) == y)).sum()
    certain = 1 - torch.finfo(clean.dtype).eps
    return Health(
        zero_gradient=zero.float().mean().item(),
        saturated=(clean.softmax(1).amax(1) >= certain).float().mean().item(),
        unstable=(~torch.isclose(clean, again, rtol=1e-4, atol=1e-5)).any(1).float().mean().item(),
        probabilities=bool((clean >= 0).all() and torch.allclose(clean.sum(1), clean.new_ones(()), atol=1e-4)),
        one_step_stronger=bool(stood_one_step < stood_attack),
    )


def _rounded(x_adv: Tensor, levels: int) -> Tensor:
    if levels < 2:
        raise AttackError(f"Pixels are rounded to at least 2 levels, not to {levels}.")
    return (x_adv * (levels - 1)).round() / (levels - 1)


def _differentiable(model: nn.Module, x: Tensor) -> bool:
    with torch.enable_grad():
        return model(x[:1].detach().requires_grad_()).requires_grad


def _one_step(model: nn.Module, x: Tensor, y: Tensor, ball: Ball) -> tuple[Tensor, Tensor]:
    """Whether each image's gradient is exactly zero, and the logits after one full step along it."""
    zeros, logits = [], []
    for batch, labels in zip(x.split(batch_size(x.device)), y.split(batch_size(x.device)), strict=True):
        gradient, _ = input_gradient(model, batch, labels, CrossEntropy())
        zeros.append(gradient.flatten(1).abs().amax(1) == 0)
        with torch.no_grad():
            logits.append(model(full_step(ball, batch, gradient)))
    return torch.cat(zeros), torch.cat(logits)
