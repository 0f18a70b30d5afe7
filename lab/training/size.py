"""Size of a training, found without training: memory for a step, and multiplications in all."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch.utils.flop_counter import FlopCounterMode

from lab import datafiles
from lab.cost import images_in_step, training_steps
from lab.errors import LabError
from lab.limits import MOST_MULTIPLICATIONS, limit
from lab.models.build import blank
from lab.models.memory import free_on, kept_for_backward, out_of_memory
from lab.specs.recipes import Recipe

_COPIES = 4  # weights, their gradient, and Adam's two running means
_DIRECTIONS = 3  # multiplications of a forward and a backward pass, relative to the forward one


@dataclass(frozen=True)
class Size:
    """``memory`` in bytes that a step takes at least, and ``multiplications`` (each with its addition) in all."""

    memory: int
    multiplications: int


def require_fits(recipe: Recipe, device: torch.device) -> None:
    """Refuse a training that asks for more than there is, or than this place allows.

    Raises :class:`LabError` with the limit.
    """
    size, free = size_of(recipe), free_on(device)
    if size.memory > free:
        raise LabError(
            f"This training needs about {size.memory / 2**30:,.1f} GiB of memory at once, but only "
            f"{free / 2**30:,.1f} GiB are free: use a smaller batch or a narrower architecture."
        )
    most = limit("LAB_MAX_TRAINING_MULTIPLICATIONS", MOST_MULTIPLICATIONS)
    if size.multiplications > most:
        raise LabError(
            f"This training would take {size.multiplications:,} multiplications, but this lab allows {most:,}: use a "
            "smaller architecture, fewer epochs or attack steps, or raise LAB_MAX_TRAINING_MULTIPLICATIONS."
        )


@contextmanager
def shortage_said(recipe: Recipe) -> Iterator[None]:
    """Say in a sentence that memory ran out in a training.

    A step is not taken in parts instead: batch normalisation would see other batches, and the weights be others.
    """
    try:
        yield
    except Exception as error:
        if not out_of_memory(error):
            raise
        smaller = f"a batch smaller than {recipe.batch}" if recipe.batch > 1 else "smaller images"
        raise LabError(
            f"The memory does not suffice for this training: take {smaller} or a narrower architecture, or allow this "
            "process more memory."
        ) from error


def size_of(recipe: Recipe) -> Size:
    """The size of a training, from one pass of two images through the network on PyTorch's meta device.

    Raises :class:`lab.errors.ModelError` when the network cannot be built for the images.
    """
    outline = datafiles.outline(recipe.data)
    network = blank(recipe.architecture, outline.shape, outline.classes)
    x = torch.empty(2, *outline.shape, device="meta")
    with FlopCounterMode(display=False) as count:
        kept, _ = kept_for_backward(network, x)
    weights = sum(each.nbytes for each in network.parameters())
    passes = training_steps(recipe) * _DIRECTIONS
    return Size(
        _COPIES * weights + kept // len(x) * images_in_step(recipe),
        count.get_total_flops() // 2 // len(x) * passes,
    )
