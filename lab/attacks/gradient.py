"""The input gradient, and the model as an attack may use it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import chain

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.nn.parameter import is_lazy

from lab.attacks.objectives import ascent
from lab.context import Cancelled
from lab.errors import AttackError, LabError
from lab.models.adapter import NOT_ONE_FITS, Adapted, adapted, evaluating, failed
from lab.models.memory import out_of_memory
from lab.specs.attacks import Objective

Direction = Callable[[Tensor], Tensor]
"""What is computed of (n, classes) logits, such as the gradient of a loss there."""


def input_gradient(
    model: nn.Module, x: Tensor, y: Tensor, objective: Objective, toward: bool = False
) -> tuple[Tensor, Tensor]:
    """The objective's gradient with respect to the images, up to a positive factor per image, and the logits.

    ``y`` (n,) the labels whose loss is raised or, ``toward`` them, lowered. Raises as :func:`pulled_back` does.
    """
    return pulled_back(model, x, lambda logits: ascent(objective, logits, y, toward))


def pulled_back(model: nn.Module, x: Tensor, direction: Direction) -> tuple[Tensor, Tensor]:
    """A direction in logit space, carried back to the images, and the (n, classes) logits it was found from.

    ``direction`` maps the logits to a tensor of their shape, such as the gradient of a loss at the logits.
    Only the images receive a gradient; the parameters' ``.grad`` stays as it is. An entry that is not a number counts
    as zero, since it says nothing about where the loss rises. Raises as :func:`raw_gradient` does.
    """
    gradient, logits = raw_gradient(model, x, direction)
    return torch.nan_to_num(gradient, nan=0.0), logits


def raw_gradient(model: nn.Module, x: Tensor, direction: Direction) -> tuple[Tensor, Tensor]:
    """:func:`pulled_back` with what is not a number as it is.

    Images that do not fit into the memory together go in parts. Raises :class:`AttackError` when the model has no
    gradient, cannot process the images or fails on the way back, and when the direction has another shape than the
    logits.
    """
    most = getattr(model, "most", None) or len(x)
    if len(x) <= most:
        try:
            return _at_once(model, x, direction)
        except (LabError, Cancelled):
            raise
        except Exception as error:  # a user's own layers may raise anything on the way back
            if not out_of_memory(error):
                raise failed(model, x, error) from error
        if len(x) < 2:
            raise AttackError(NOT_ONE_FITS)
        most = len(x) // 2
        if isinstance(model, Adapted):
            model.most = most
    with torch.no_grad():
        rows = direction(adapted(model)(x))
    gradients, logits = torch.empty_like(x), []
    for part in torch.arange(len(x), device=x.device).split(most):
        gradients[part], found = raw_gradient(model, x[part], partial(_rows, rows[part]))
        logits.append(found)
    return gradients, torch.cat(logits)


def plain_gradient(model: nn.Module, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """The gradient of the cross-entropy as PyTorch computes it, which underflows where the softmax is one, and the
    logits. Raises as :func:`raw_gradient` does."""

    def direction(logits: Tensor) -> Tensor:
        with torch.enable_grad():
            point = logits.detach().requires_grad_()
            loss = cross_entropy(point, y.to(point.device), reduction="sum")
            return torch.autograd.grad(loss, point)[0]

    return raw_gradient(model, x, direction)


def _rows(rows: Tensor, _: Tensor) -> Tensor:
    return rows


def _at_once(model: nn.Module, x: Tensor, direction: Direction) -> tuple[Tensor, Tensor]:
    with torch.enable_grad():
        x = x.detach().requires_grad_()
        logits = model(x)
        known = logits.detach()
        gradient = None
        if logits.requires_grad:
            rows = direction(known)
            if rows.shape != known.shape:
                raise AttackError(
                    f"A direction in logit space has the logits' shape {tuple(known.shape)}, not {tuple(rows.shape)}: "
                    "give pulled_back the gradient of a loss at the logits, not its value."
                )
            try:
                [gradient] = torch.autograd.grad(logits, x, rows, allow_unused=True)
            except RuntimeError as error:
                if "heckpoint" not in str(error):
                    raise
                gradient = _by_backward(model, x, rows)
    if gradient is None:
        raise AttackError(
            "The model's output does not depend differentiably on its input, so it has no gradient to follow: "
            "use Square, which needs only scores, RayS, which needs only labels, or transfer from another model."
        )
    return gradient, known


def _by_backward(model: nn.Module, x: Tensor, rows: Tensor) -> Tensor | None:
    """The gradient for a model with reentrant checkpoints, which take ``backward`` alone; ``.grad`` stays as it is."""
    kept = [(each, each.grad) for each in model.parameters() if each.requires_grad]
    for each, _ in kept:
        each.grad = None
    try:
        model(x).backward(rows)
    finally:
        for each, before in kept:
            each.grad = before
    return x.grad


def expected_gradient(
    model: nn.Module, x: Tensor, passes: int, direction: Direction, log_factor: Direction
) -> tuple[Tensor, Tensor]:
    """Gradient of the objective's mean over several passes of a randomised model, and the mean logits.

    Athalye et al. 2018's expectation. ``direction`` gives each pass's gradient at its logits up to a positive factor,
    whose logarithm is ``log_factor`` (n,); the factors are brought back relative to each image's largest, so that
    nothing underflows.
    """
    gradients, answers, factors = [], [], []
    for _ in range(passes):
        gradient, logits = pulled_back(model, x, direction)
        gradients.append(gradient)
        answers.append(logits)
        factors.append(log_factor(logits))
    logs = torch.stack(factors)
    weights = (logs - logs.amax(0)).exp().view(passes, -1, *[1] * (x.dim() - 1))
    return (torch.stack(gradients) * weights).sum(0), torch.stack(answers).mean(0)


@contextmanager
def frozen(model: nn.Module) -> Iterator[nn.Module]:
    """The model in evaluation mode with frozen parameters; mode, flags and buffers are as before afterwards."""
    modes = [(module, module.training) for module in model.modules() if hasattr(module, "training")]  # scripts lack it
    flags = [(parameter, parameter.requires_grad) for parameter in model.parameters() if not is_lazy(parameter)]
    buffers = [(buffer, buffer.clone()) for buffer in model.buffers() if not is_lazy(buffer)]
    try:
        evaluating(model)
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
    """Return the device of the model; the CPU for a model without parameters and buffers."""
    for tensor in chain(model.parameters(), model.buffers()):
        return tensor.device
    return torch.device("cpu")
