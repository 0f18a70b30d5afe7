"""The input gradient, and the model as an attack may use it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain

import torch
from torch import Tensor, nn

from lab.attacks.labels import Aim
from lab.attacks.objectives import ascent, log_factor
from lab.errors import AttackError
from lab.specs.attacks import Objective


def input_gradient(
    model: nn.Module, x: Tensor, y: Tensor, objective: Objective, toward: bool = False
) -> tuple[Tensor, Tensor]:
    """The objective's gradient with respect to the images, up to a positive factor per image, and the logits.

    ``y`` (n,) the labels whose loss is raised or, ``toward`` them, lowered. Raises as :func:`pulled_back` does.
    """
    return pulled_back(model, x, lambda logits: ascent(objective, logits, y, toward))


def pulled_back(model: nn.Module, x: Tensor, direction: Callable[[Tensor], Tensor]) -> tuple[Tensor, Tensor]:
    """A direction in logit space, carried back to the images, and the (n, classes) logits it was found from.

    Only the images receive a gradient; the parameters' ``.grad`` stays as it is. Raises :class:`AttackError` when
    the model has no gradient.
    """
    with torch.enable_grad():
        x = x.detach().requires_grad_()
        logits = model(x)
        if not logits.requires_grad:
            raise AttackError(
                "The model's output does not depend differentiably on its input, so it has no gradient to follow: "
                "use Square, which only asks for scores, or transfer from another model."
            )
        known = logits.detach()
        [gradient] = torch.autograd.grad(logits, x, direction(known))
    return gradient, known


def expected_gradient(
    model: nn.Module, x: Tensor, aim: Aim, objective: Objective, passes: int
) -> tuple[Tensor, Tensor]:
    """Gradient of the objective's mean over several passes of a model that answers at random, and the mean logits.

    Athalye et al. 2018's expectation. Each pass's gradient is known up to its factor; the factors are brought back
    relative to each image's largest, so that nothing underflows.
    """
    gradients, answers, factors = [], [], []
    for _ in range(passes):
        gradient, logits = pulled_back(model, x, lambda known: aim.ascent(objective, known))
        gradients.append(gradient)
        answers.append(logits)
        factors.append(log_factor(objective, logits, aim.labels))
    logs = torch.stack(factors)
    weights = (logs - logs.amax(0)).exp().view(passes, -1, *[1] * (x.dim() - 1))
    return (torch.stack(gradients) * weights).sum(0), torch.stack(answers).mean(0)


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
    for tensor in chain(model.parameters(), model.buffers()):
        return tensor.device
    return torch.device("cpu")
