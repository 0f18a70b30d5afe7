"""Memory: what a model needs for an image, what its device has left, and the errors that mean it ran out."""

import math
from collections.abc import Callable, Iterable
from itertools import chain

import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks
from torch.multiprocessing.reductions import StorageWeakRef

from lab.errors import AttackError
from lab.memory import COPIES, free_memory, ran_out
from lab.models.aside import users_code

_LARGE = 2**28  # bytes that an image needs
_GRADIENT = 2  # of what a forward pass keeps: its gradient has the same size


def out_of_memory(error: BaseException) -> bool:
    """Return whether the error says that memory ran out, on a GPU or on a CPU, where it is a plain RuntimeError."""
    return isinstance(error, torch.OutOfMemoryError) or ran_out(error)


def free_on(device: torch.device) -> int:
    """Bytes that can still be had on a device: the GPU's, else this process's."""
    if device.type == "cuda":
        kept = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return torch.cuda.mem_get_info(device)[0] + kept
    return free_memory()


def kept_for_backward(model: nn.Module, x: Tensor) -> tuple[int, Tensor]:
    """Bytes that a forward pass of the images keeps for the backward one, besides the weights, and its logits."""
    return _kept(model, x, model.parameters())


def _kept(call: Callable[[Tensor], Tensor], x: Tensor, weights: Iterable[Tensor]) -> tuple[int, Tensor]:
    found: dict[StorageWeakRef, int] = {}

    def note(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        found[StorageWeakRef(storage)] = storage.nbytes()
        return tensor

    with torch.enable_grad(), saved_tensors_hooks(note, lambda tensor: tensor):
        logits = call(x)
    own = {StorageWeakRef(each.untyped_storage()) for each in weights}
    return sum(size for storage, size in found.items() if storage not in own), logits


def is_large(shape: tuple[int, ...]) -> bool:
    """Return whether an image is so large that what one of them needs is looked at before it is taken."""
    return 4 * COPIES * math.prod(shape) >= _LARGE


def require_room(model: nn.Module, shape: tuple[int, ...], device: torch.device, name: str) -> None:
    """Refuse large images of which not even one fits into memory, with what an attack and the model hold of it.

    Nothing is allocated for it. Raises :class:`AttackError` with both numbers.
    """
    if not is_large(shape):
        return
    image = 4 * COPIES * math.prod(shape)
    needed, free = max(image, _GRADIENT * _kept_of_one(model, shape)), free_on(device)
    if needed > free:
        raise AttackError(
            f"{name:.80} needs about {needed / 2**30:,.1f} GiB of memory for one image of shape {shape}, but only "
            f"{free / 2**30:,.1f} GiB are free: use smaller images (--size makes those of a folder smaller), or a "
            "smaller model."
        )


def _kept_of_one(model: nn.Module, shape: tuple[int, ...]) -> int:
    """Bytes that the model keeps of one image for a gradient; 0 where it cannot be asked on the meta device."""
    own = {name: each.to("meta") for name, each in chain(model.named_parameters(), model.named_buffers())}
    kind = next((each.dtype for each in own.values() if each.is_floating_point()), torch.float32)
    x = torch.empty(1, *shape, device="meta", dtype=kind, requires_grad=True)
    try:
        with users_code():
            return _kept(lambda x: torch.func.functional_call(model, own, (x,)), x, own.values())[0]
    except Exception:  # a user's own code may raise anything, and more than usual without values
        return 0
