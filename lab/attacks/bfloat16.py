"""Verdicts searched in bfloat16, which newer processors compute about twice as fast, and re-checked in float32."""

import copy

import torch
from torch import Tensor, nn

from lab.attacks.attack import attack
from lab.attacks.batches import logits_of
from lab.attacks.checks import taken
from lab.attacks.gradient import device_of, frozen
from lab.attacks.objectives import margin, predicted
from lab.context import Context
from lab.errors import AttackError, in_words, one_sentence
from lab.models.adapter import Adapted, adapted
from lab.specs.attacks import AttackSpec
from lab.specs.balls import Ball

CLOSE = 8 * torch.finfo(torch.bfloat16).eps
"""A margin within so much of the largest logit may have been kept by bfloat16's rounding of the gradients."""


def attack_in_bfloat16(
    spec: AttackSpec, model: nn.Module, x: Tensor, y: Tensor, ball: Ball, ctx: Context | None = None
) -> Tensor:
    """:func:`attack` with the search in bfloat16 and every verdict in float32.

    Each proposal is predicted again by the model itself. Images that were broken in bfloat16 only, and those that
    withstand by little, are attacked again in float32, with the same draws. Rounding moves the path of a search as
    another random start would, so an image may be broken that float32 alone does not break; float32 misclassifies it
    all the same.

    On a device that does not compute in bfloat16 (:func:`computes_bfloat16`), and for images that are not float32,
    this is :func:`attack` itself. Raises :class:`AttackError` as that does, and for a model without bfloat16.
    """

    ctx, model = ctx or Context(), adapted(model)
    device = device_of(model)
    x, y = taken(x, y)
    if x.dtype != torch.float32 or not computes_bfloat16(device):
        return attack(spec, model, x, y, ball, ctx)
    x, y = x.to(device), y.to(device)
    with frozen(model):
        rough = in_bfloat16(model, x)
        x_adv = attack(spec, rough, x, y, ball, ctx.span(0, 2, 3))
        open_ = doubtful(logits_of(rough, x_adv), logits_of(model, x_adv), y).nonzero().flatten()
    if len(open_):
        again = ctx.span(2, 3, 3).only(open_.tolist())
        x_adv[open_] = attack(spec, model, x[open_], y[open_], ball, again)
    return x_adv


def doubtful(rough: Tensor, exact: Tensor, y: Tensor) -> Tensor:
    """(n,) images that are correctly classified in float32, but not in bfloat16, or with little margin left."""
    correct = predicted(exact) == y
    close = margin(exact, y) < CLOSE * exact.abs().amax(1)
    return correct & (close | (predicted(rough) != y))


def computes_bfloat16(device: torch.device) -> bool:
    """Return whether the device has instructions for bfloat16, rather than imitating them at a loss."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    able = torch.cpu.get_capabilities()
    return device.type == "cpu" and bool(able.get("avx512_bf16") or able.get("amx_bf16") or able.get("bf16"))


def in_bfloat16(model: nn.Module, x: Tensor) -> nn.Module:
    """The model computing in bfloat16. Raises :class:`AttackError` for one that cannot, such as one that holds numbers
    of a fixed type or refuses to be copied."""
    try:
        rough = InBfloat16(model)
        logits_of(rough, x[:1])
    except (RuntimeError, TypeError, ValueError) as error:
        before, after = "This model does not compute in bfloat16 (", "): attack it in float32."
        raise AttackError(one_sentence(before, in_words(error), after)) from error
    return rough


class InBfloat16(nn.Module):
    """A copy of a model that computes in bfloat16, float32 outside. Channels last, which is faster for pictures."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        inner = model.model if isinstance(model, Adapted) else model
        self.model = adapted(copy.deepcopy(inner).to(torch.bfloat16).to(memory_format=torch.channels_last))

    def forward(self, x: Tensor) -> Tensor:
        """(n, …) images to (n, classes) logits."""
        layout = torch.channels_last if x.dim() == 4 else torch.contiguous_format
        logits: Tensor = self.model(x.to(torch.bfloat16, memory_format=layout))
        return logits.float()
