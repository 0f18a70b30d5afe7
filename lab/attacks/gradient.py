"""The input gradient, and the model as an attack may use it."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from lab.attacks.objectives import ascent
from lab.errors import AttackError
from lab.specs.attacks import Objective


def input_gradient(model: nn.Module, x: Tensor, y: Tensor | None, objective: Objective) -> tuple[Tensor, Tensor]:
    """The objective's gradient with respect to the images, up to a positive factor per image, and the logits.

    ``y`` None stands for the model's own prediction. Only the images receive a gradient; the parameters'
    ``.grad`` stays as it is. Raises :class:`AttackError` when the model has no gradient.
    """
    with torch.enable_grad():
        x = x.detach().requires_grad_()
        logits = model(x)
        if not logits.requires_grad:
            raise AttackError(
                "The model's output does not depend differentiably on its input, so it has no gradient to follow: "
                "attack it by transfer from another model."
            )
        known = logits.detach()
        direction = ascent(objective, known, known.argmax(1) if y is None else y)
        [gradient] = torch.autograd.grad(logits, x, direction)
    return gradient, known


@contextmanager
def frozen(model: nn.Module) -> Iterator[nn.Module]:
    """The model in evaluation mode with frozen parameters; mode, flags and buffers are as before afterwards."""
    modes = [(module, module.training) for module in model.modules()]
    flags = [(parameter, parameter.requires_grad) for parameter in model.parameters()]
    buffers = [(buffer, buffer.clone()) for buffer in model.buffers()]
    try:
        model.eval()
        for parameter, _ in flags:
            parameter.requires_grad_(False)
        yield model
    finally:
        for module, mode in modes:
            module.training = mode
        for parameter, flag in flags:
            parameter.requires_grad_(flag)
        for buffer, before in buffers:
            if not torch.equal(buffer, before):
                buffer.copy_(before)


def device_of(model: nn.Module) -> torch.device:
    """Where the model lives; the CPU for a model without parameters and buffers."""
    for tensor in (*model.parameters(), *model.buffers()):
        return tensor.device
    return torch.device("cpu")
