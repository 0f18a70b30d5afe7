"""Photographs as ImageNet's models are tested on them: the centre crop, in colour."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from lab import datafiles
from lab.context import Context
from lab.data.dataset import Split
from lab.data.image_files import centre_crop, read_image_file
from lab.data.load import read
from lab.specs.data import PHOTO_SIDE, Photos


@read.register
def photos(spec: Photos, ctx: Context) -> tuple[Split, Split, tuple[str, ...]]:
    """The 20 labelled photographs; there are none to train on."""
    test = Split(photographs(datafiles.files(spec), ctx), torch.tensor(spec.labels))
    return Split(test.x[:0], test.y[:0]), test, ()


def photographs(paths: Sequence[Path], ctx: Context) -> Tensor:
    """(N, 3, 224, 224) uint8: the centre crops of image files. Raises :class:`DataError` naming one at fault."""
    x = torch.empty(len(paths), 3, PHOTO_SIDE, PHOTO_SIDE, dtype=torch.uint8)
    for i, path in enumerate(paths):
        ctx.report(i, len(paths))
        x[i] = torch.from_numpy(read_image_file(path, PHOTO_SIDE, centre_crop).pixels).permute(2, 0, 1)
    return x
