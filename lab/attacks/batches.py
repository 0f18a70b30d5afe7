"""Images attacked batch by batch, as many at once as the memory holds."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

from lab.attacks.checks import check_ball, check_classes, taken
from lab.attacks.gradient import device_of, frozen
from lab.attacks.radii import Radii, Region, around
from lab.context import Context
from lab.errors import AttackError
from lab.memory import COPIES
from lab.models.adapter import NOT_ONE_FITS, Adapted, adapted, core_of, name_of
from lab.models.memory import free_on, is_large, kept_for_backward, out_of_memory, require_room

_SHARE = 0.25  # of the free memory for one batch: others may compute at the same time
_FULL = 256  # images that a processor takes at once
_UNASKED = 2**28  # bytes for which nobody looks how much is free
_BUSY = 2**29  # bytes of large images that keep a processor's cores busy: more only takes memory from others
_COPIES = 2  # of what a forward pass keeps: its gradient has the same size

_needs: WeakKeyDictionary[nn.Module, dict[tuple[object, ...], int]] = WeakKeyDictionary()


def in_batches(
    propose: Callable[..., Tensor], model: nn.Module, x: Tensor, y: Tensor, ball: Region, ctx: Context
) -> Tensor:
    """``propose`` on every batch of checked images and a frozen model behind its adapter; its results, in order.

    A batch is as large as the memory allows by what the model keeps of an image; one that does not fit all the same is
    halved and tried again. Raises :class:`AttackError` where ``propose`` does not return one image for each.
    """
    model = adapted(model)
    if not isinstance(ball, Radii):
        check_ball(ball)
    x, y = taken(x, y, device_of(model))
    x_adv = torch.empty_like(x)

    def run(batch: slice) -> None:
        part = ctx.span(batch.start, batch.stop, len(x)).at(batch.start)
        x_adv[batch] = _one_for_each(x[batch], propose(model, x[batch], y[batch], around(ball, batch), part))

    with frozen(model):
        if len(x):
            dry_pass(model, x, y)
        in_pieces(len(x), min(batch_size(x.device), room(model, x)), run)
    return x_adv


def _one_for_each(x: Tensor, proposed: object) -> Tensor:
    """What an attack returned, which a plug-in may have got wrong."""
    if isinstance(proposed, Tensor) and proposed.shape == x.shape:
        return proposed
    what = f"a tensor of shape {tuple(proposed.shape)}" if isinstance(proposed, Tensor) else type(proposed).__name__
    raise AttackError(
        f"The attack returned {what} for images of shape {tuple(x.shape)}: return one adversarial image for each."
    )


def in_pieces(total: int, size: int, run: Callable[[slice], None]) -> None:
    """``run`` on consecutive slices of so many; one for which memory runs out is halved, and so are those after it.

    Raises :class:`AttackError` when not even one fits.
    """
    start = 0
    while start < total:
        part = slice(start, min(start + size, total))
        try:
            run(part)
        except Exception as error:
            if not out_of_memory(error):
                raise
            if part.stop - part.start == 1:
                raise AttackError(NOT_ONE_FITS) from None
            size = (part.stop - part.start) // 2
        else:
            start = part.stop


def batch_size(device: torch.device) -> int:
    """Images attacked at once: what keeps the processor's caches or the GPU busy, if the memory allows it."""
    return _FULL if device.type == "cpu" else 4096


def room(model: nn.Module, x: Tensor) -> int:
    """Return how many such images fit into memory at once, with what the model keeps of each for a gradient."""
    found = getattr(model, "most", None)
    if found is not None:
        return found
    require_room(core_of(model), tuple(x.shape[1:]), x.device, name_of(model))
    shape = x.shape[1:]
    image = COPIES * shape.numel() * x.element_size()
    each = max(image, _needs.get(core_of(model), {}).get((shape, x.dtype), 0))
    few = _UNASKED // each
    if few >= _FULL and x.device.type == "cpu":
        return few
    share = int(_SHARE * free_on(x.device))
    return max(1, (min(share, _BUSY) if x.device.type == "cpu" else share) // each)


def dry_pass(model: nn.Module, x: Tensor, y: Tensor) -> None:
    """Show the model the first two images: layers without a size take it, and what each image needs is measured.

    Raises :class:`AttackError` for a model that fails on them, or whose logits have no room for every label.
    """
    model, core = adapted(model), core_of(model)
    require_room(core, tuple(x.shape[1:]), x.device, model.name)
    two = x[:1] if is_large(x.shape[1:]) else x[:2] if len(x) > 1 else torch.cat([x, x])
    logits = None
    if (two.shape[1:], two.dtype) not in _needs.setdefault(core, {}):
        found = _measure(model if core is model.model else adapted(core), two)
        logits = found if core is model.model else None
    if logits is None:
        with torch.no_grad():
            logits = model(two)
    check_classes(logits, y)


def _measure(model: Adapted, two: Tensor) -> Tensor | None:
    """The logits of two images, if the model takes them with a gradient, whose needs are known from then on."""
    kept, logits = 0, None
    with suppress(RuntimeError, MemoryError, AttackError):  # it takes no hooks, or no gradient: without them it may do
        kept, logits = kept_for_backward(model, two.detach().requires_grad_())
    _needs[core_of(model)][two.shape[1:], two.dtype] = _COPIES * kept // len(two)
    return None if logits is None else logits.detach()


def logits_of(model: nn.Module, x: Tensor) -> Tensor:
    """(n, classes) logits without a gradient, batch by batch, on the images' device; of no images, of two classes."""
    if not len(x):
        return x.new_zeros((0, 2))
    model = adapted(model)
    with torch.no_grad():
        found = torch.cat([model(batch).to(x.device) for [batch] in batches_of(model, x)])
    return found.to(torch.promote_types(found.dtype, torch.float32))


def batches_of(model: nn.Module, x: Tensor, *more: Tensor) -> Iterator[tuple[Tensor, ...]]:
    """The images, and what belongs to each of them, batch by batch on the model's device, as many as fit at once."""
    device = device_of(model)
    size = min(batch_size(device), room(model, x))
    for parts in zip(*(each.split(size) for each in (x, *more)), strict=True):
        yield tuple(part.to(device) for part in parts)
