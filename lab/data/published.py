"""Published data sets, from the files of their authors: one reader for each format."""

import math
from pathlib import Path

import numpy as np
import torch

from lab import datafiles
from lab.context import Context
from lab.data.dataset import Split
from lab.data.load import read
from lab.datafiles.checks import check_label_form, check_labels
from lab.errors import DataError
from lab.specs.data import IdxData, PublishedData, RecordData

_LARGEST = 10**8  # bytes of a file; the largest published one has half of them


@read.register
def idx(spec: IdxData, ctx: Context) -> tuple[Split, Split, tuple[str, ...]]:
    """LeCun's format, read with torchvision."""
    train_images, train_labels, test_images, test_labels = datafiles.files(spec)
    train = _idx_split(spec, train_images, train_labels)
    ctx.report(1, 2)
    return train, _idx_split(spec, test_images, test_labels), ()


@read.register
def records(spec: RecordData, ctx: Context) -> tuple[Split, Split, tuple[str, ...]]:
    """Krizhevsky's binary version: torchvision unpickles the Python version, we never do."""
    batches = []
    for i, path in enumerate(datafiles.files(spec)):
        ctx.report(i, len(spec.published.files))
        batches.append(_batch(spec, path))
    x, y = (torch.cat(parts) for parts in zip(*batches[:-1], strict=True))
    return Split(x, y), Split(*batches[-1]), ()


def _idx_split(spec: IdxData, images: Path, labels: Path) -> Split:
    # Importing torchvision takes longer than importing PyTorch, and few data sets need it.
    from torchvision.datasets.mnist import read_image_file, read_label_file

    for path in (images, labels):
        _require_usual_size(path)
    try:
        x = read_image_file(str(images))
    except Exception as error:  # torchvision reports damage with whatever the parsing stumbles over
        raise _damaged(images) from error
    try:
        y = read_label_file(str(labels))
    except Exception as error:
        raise _damaged(labels) from error
    x = x.view(-1, 1, *x.shape[1:])
    if x.shape[1:] != spec.published.shape or not len(x):
        raise _damaged(images)
    _check_labels(spec, labels, y.numpy(), len(x))
    return Split(x, y)


def _batch(spec: RecordData, path: Path) -> tuple[torch.Tensor, torch.Tensor]:
    """One file of records: a byte with the label, then height × width bytes each of red, green and blue."""
    _require_usual_size(path)
    raw = np.fromfile(path, dtype=np.uint8)
    size = 1 + math.prod(spec.published.shape)
    if not len(raw) or len(raw) % size:
        raise _damaged(path)
    records = torch.from_numpy(raw).view(-1, size)
    labels = records[:, 0].long()
    _check_labels(spec, path, labels.numpy(), len(records))
    return records[:, 1:].reshape(-1, *spec.published.shape), labels


def _check_labels(spec: PublishedData, path: Path, y: np.ndarray, images: int) -> None:
    where = f"{datafiles.shown(path)}: the labels"
    check_label_form(where, y.shape, y.dtype, images)
    check_labels(where, y, len(spec.published.classes))


def _require_usual_size(path: Path) -> None:
    if datafiles.stamp(path)[1] > _LARGEST:
        raise _damaged(path)


def _damaged(path: Path) -> DataError:
    return DataError(f"{datafiles.shown(path)} is damaged or truncated: remove it and download the data set again.")
