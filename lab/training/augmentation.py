"""Random changes of training images. An image's draws depend on the seed, the epoch and its place in the epoch only.

So they are the same on any device, in any number of processes, and after an interruption.
"""

from functools import singledispatch

import torch
from torch import Tensor

from lab.context import Context
from lab.errors import LabError
from lab.specs.augmentation import Augmentation, PadCropFlip, RandomShift, Unchanged


def drawn(images: int, ctx: Context) -> Tensor:
    """(images, 3) numbers uniform in [0, 1), one row for each place in the epoch that ``ctx`` is seeded for."""
    return torch.rand(images, 3, generator=ctx.generator("augmentation"))


@singledispatch
def augmented(augmentation: Augmentation, x: Tensor, draws: Tensor) -> Tensor:
    """Images (n, C, H, W), changed as their rows of ``draws`` (n, 3) say."""
    raise LabError(f"There is no augmentation called {type(augmentation).__name__}.")


@augmented.register
def unchanged(augmentation: Unchanged, x: Tensor, draws: Tensor) -> Tensor:
    """The images themselves."""
    return x


@augmented.register
def pad_crop_flip(augmentation: PadCropFlip, x: Tensor, draws: Tensor) -> Tensor:
    """Windows of the padded images. He et al. 2016, §4.2."""
    pad = augmentation.pad
    rows, columns = _places(x, draws, pad, augmentation.flip)
    inside = _inside(rows, x.shape[2])[:, None, :, None] & _inside(columns, x.shape[3])[:, None, None, :]
    return torch.where(inside, _picked(x, rows, columns), 0.0)


@augmented.register
def random_shift(augmentation: RandomShift, x: Tensor, draws: Tensor) -> Tensor:
    """Moved images whose edge goes on where nothing is left of them."""
    return _picked(x, *_places(x, draws, augmentation.most, augmentation.flip))


def _places(x: Tensor, draws: Tensor, most: int, flip: bool) -> tuple[Tensor, Tensor]:
    """(n, H) rows and (n, W) columns that the pixels come from, up to ``most`` outside of the image."""
    height, width = x.shape[2:]
    down, right = ((draws[:, :2] * (2 * most + 1)).long() - most).unbind(1)
    rows = down[:, None] + torch.arange(height)
    columns = right[:, None] + torch.arange(width)
    if flip:
        columns = torch.where(draws[:, 2:] < 0.5, columns.flip(1), columns)
    return rows.to(x.device), columns.to(x.device)


def _inside(places: Tensor, size: int) -> Tensor:
    return (places >= 0) & (places < size)


def _picked(x: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """The pixels at those rows and columns of each image, the nearest of the edge for a place outside."""
    rows, columns = rows.clamp(0, x.shape[2] - 1), columns.clamp(0, x.shape[3] - 1)
    image = torch.arange(len(x), device=x.device)[:, None, None]
    return x.permute(0, 2, 3, 1)[image, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2).contiguous()
