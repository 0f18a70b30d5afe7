"""Images attacked batch by batch, as many at once as the memory holds."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from lab.attacks.checks import check_images, check_logits
from lab.attacks.gradient import device_of, frozen
from lab.attacks.radii import Region, around
from lab.context import Context
from lab.errors import AttackError


def in_batches(
    propose: Callable[..., Tensor], model: nn.Module, x: Tensor, y: Tensor, ball: Region, ctx: Context
) -> Tensor:
    """``propose`` on every batch of checked images and a frozen model; its results, in order.

    A batch that does not fit into the memory is halved and tried again.
    """
    device = device_of(model)
    x, y = x.detach().to(device), y.detach().to(device)
    check_images(x, y)
    x_adv = torch.empty_like(x)
    size, start = batch_size(device), 0
    with frozen(model):
        if len(x):
            check_logits(model, x[:1], y)
        while start < len(x):
            batch = slice(start, min(start + size, len(x)))
            part = ctx.span(batch.start, batch.stop, len(x)).at(start)
            try:
                x_adv[batch] = propose(model, x[batch], y[batch], around(ball, batch), part)
            except torch.OutOfMemoryError:
                if size == 1:
                    raise AttackError("Not even one image fits into the memory: use a smaller model.") from None
                size //= 2
            else:
                start = batch.stop
    return x_adv


def batch_size(device: torch.device) -> int:
    """Images attacked at once: what keeps the processor's caches or the GPU busy; halved when memory runs out."""
    return 256 if device.type == "cpu" else 4096


def logits_of(model: nn.Module, x: Tensor) -> Tensor:
    """(n, classes) logits without a gradient, batch by batch; without images, an empty tensor of two classes."""
    if not len(x):
        return x.new_zeros((0, 2))
    with torch.no_grad():
        return torch.cat([model(batch) for batch in x.split(batch_size(x.device))])
