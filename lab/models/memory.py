"""Memory: what a model needs for an image, what its device has left, and the errors that mean it ran out."""

import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks
from torch.multiprocessing.reductions import StorageWeakRef

from lab.memory import free_memory, ran_out


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
    found: dict[StorageWeakRef, int] = {}

    def note(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        found[StorageWeakRef(storage)] = storage.nbytes()
        return tensor

    with torch.enable_grad(), saved_tensors_hooks(note, lambda tensor: tensor):
        logits = model(x)
    weights = {StorageWeakRef(each.untyped_storage()) for each in model.parameters()}
    return sum(size for storage, size in found.items() if storage not in weights), logits
