"""Images with labels."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import torch

from lab.errors import DataError

Index: TypeAlias = int | slice | Sequence[int] | np.ndarray | torch.Tensor


@dataclass(frozen=True, eq=False)
class Split:
    """Training or test images: ``x`` (N, C, H, W) uint8 in 0..255 or float32 in [0, 1], ``y`` (N,) int64."""

    x: torch.Tensor
    y: torch.Tensor

    def __len__(self) -> int:
        return len(self.y)

    def images(self, index: Index) -> torch.Tensor:
        """The chosen images as float32 in [0, 1]. Raises :class:`DataError` for a position that is not there."""
        chosen = self._at(self.x, index)
        return chosen.float() / 255 if chosen.dtype == torch.uint8 else chosen

    def labels(self, index: Index) -> torch.Tensor:
        """The chosen labels. Raises :class:`DataError` for a position that is not there."""
        return self._at(self.y, index)

    def _at(self, values: torch.Tensor, index: Index) -> torch.Tensor:
        if isinstance(index, (int, slice)):
            positions = torch.arange(len(self))[index] if isinstance(index, slice) else torch.tensor(index)
        else:
            positions = torch.as_tensor(index)
        if positions.dtype == torch.bool:
            [positions] = torch.nonzero(positions, as_tuple=True)
        positions = positions.long()
        outside = positions[(positions < 0) | (positions >= len(self))]
        if outside.numel():
            raise DataError(f"There is no image {int(outside[0])}: choose from 0 to {len(self) - 1}.")
        return values[positions]


@dataclass(frozen=True, eq=False)
class Dataset:
    """A data set in memory; ``train`` is empty when the data serve for tests only.

    ``class_names`` by label. ``fingerprint`` is a hash over the content of the files it was read from. ``notes`` are
    sentences a user should know: the size images are scaled to, what the labels mean, files that are not read.
    """

    name: str
    train: Split
    test: Split
    class_names: tuple[str, ...]
    fingerprint: str
    notes: tuple[str, ...] = ()

    @property
    def shape(self) -> tuple[int, int, int]:
        """(channels, height, width) of an image."""
        channels, height, width = self.test.x.shape[1:]
        return channels, height, width

    @property
    def classes(self) -> int:
        """One more than the greatest label that the data name."""
        return len(self.class_names)

    @property
    def gapless(self) -> bool:
        """True if images of every class are there: else the labels are numbers of a larger set of classes."""
        return len(torch.cat([self.train.y, self.test.y]).unique()) == self.classes
