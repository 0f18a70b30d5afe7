"""Training by several processes, one for each device, as ``torchrun`` starts them.

Every process reads its share of each batch; PyTorch's ``DistributedDataParallel`` averages their gradients, so all of
them hold the same weights. What it wraps is the loss of a batch: of its many passes only the last one's gradient is of
the weights; an attack's, on the bare network, are of images, which nobody shares.

What differs from one process at the same global batch: float rounding; dropout, whose draws are each process's own; and
batch normalisation, which on CUDA sees the whole batch (SyncBatchNorm), but on CPUs each process's share. A recipe's
numbers of images are shares of what each process has, so the batch should be a multiple of the number of processes.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import torch
from torch import distributed, nn

from lab.context import Context
from lab.errors import LabError
from lab.models import default_device


@dataclass(frozen=True)
class Group:
    """This process is number ``rank`` of ``size``; the default is alone."""

    rank: int = 0
    size: int = 1

    @property
    def first(self) -> bool:
        """True if this is the process that writes and speaks."""
        return self.rank == 0

    def share(self, count: int) -> range:
        """The places of this process's images in a batch of ``count``: every size-th, so all have the same mixture.

        Of a batch with fewer than two images for each process each takes all, since batch normalisation learns nothing
        from a single image.
        """
        return range(self.rank, count, self.size) if self._shared(count) else range(count)

    def weight(self, count: int) -> float:
        """Return the factor of the mean over this process's part, such that the processes' mean is the batch's."""
        return len(self.share(count)) * self.size / count if self._shared(count) else 1.0

    def _shared(self, count: int) -> bool:
        return self.size == 1 or count >= 2 * self.size

    def shared(self, loss: nn.Module) -> nn.Module:
        """The same loss, with a backward pass that leaves the mean over the processes in every gradient.

        A network may have weights that its loss does not use, the same ones in every step (``static_graph``).
        """
        if self.size == 1:
            return loss
        return nn.parallel.DistributedDataParallel(loss, static_graph=True)

    def average_statistics(self, model: nn.Module) -> None:
        """Replace the running statistics, which each process took of its own images, by their mean."""
        statistics = [each for each in model.buffers() if each.is_floating_point()]
        if self.size == 1 or not statistics:
            return
        flat = torch.cat([each.detach().flatten() for each in statistics])
        distributed.all_reduce(flat)
        parts = (flat / self.size).split([each.numel() for each in statistics])
        for buffer, mean in zip(statistics, parts, strict=True):
            buffer.copy_(mean.view_as(buffer))

    def total(self, numbers: list[float]) -> list[float]:
        """The sum over the processes of each number."""
        if self.size == 1:
            return numbers
        summed = torch.tensor(numbers, dtype=torch.float64, device=default_device())
        distributed.all_reduce(summed)
        return summed.tolist()

    def any(self, answer: bool) -> bool:
        """Return whether any process says so. All have to ask at the same time."""
        return self.total([float(answer)]) != [0.0]

    def require(self, action: Callable[[], None]) -> None:
        """Let the first process do something before all go on; its refusal, a :class:`LabError`, is everybody's."""
        refusal = None
        if self.first:
            try:
                action()
            except LabError as error:
                refusal = error
        if self.any(refusal is not None):
            raise refusal or LabError("The first process cannot continue.")

    def context(self, ctx: Context) -> Context:
        """The context of a part that all go through together: none stops alone, and only the first speaks."""
        if self.size == 1:
            return ctx
        together = replace(ctx, cancelled=lambda: False)
        return together if self.first else together.silent()


@contextmanager
def joined() -> Iterator[Group]:
    """The group of processes that ``torchrun`` started, NCCL on CUDA and gloo on CPUs; alone without ``torchrun``."""
    size = int(os.environ.get("WORLD_SIZE", 1))
    if size == 1 or not distributed.is_available():
        yield Group()
        return
    if default_device().type == "cuda":
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", 0)))
    distributed.init_process_group("nccl" if default_device().type == "cuda" else "gloo")
    try:
        yield Group(int(os.environ.get("RANK", 0)), size)
    finally:
        distributed.destroy_process_group()
