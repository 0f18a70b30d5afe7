"""MNIST, Fashion-MNIST and CIFAR-10, from the files their authors publish."""

from pathlib import Path

import numpy as np
import torch
from torchvision.datasets.mnist import read_image_file, read_label_file

from lab import datafiles
from lab.context import Context
from lab.data.dataset import Split
from lab.data.load import read
from lab.datafiles.checks import check_label_form, check_labels
from lab.datafiles.outlines import BATCHES
from lab.errors import DataError
from lab.specs.data import CIFAR10, MNIST, FashionMNIST

_RECORD = 1 + 3 * 32 * 32
_LARGEST = 10**8  # bytes of a file; the largest published one has half of them


@read.register
def mnist(spec: MNIST, ctx: Context) -> tuple[Split, Split, tuple[str, ...]]:
    """LeCun's handwritten digits, read with torchvision."""
    return (*_idx_splits(spec, ctx), ())


@read.register
def fashion_mnist(spec: FashionMNIST, ctx: Context) -> tuple[Split, Split, tuple[str, ...]]:
    """Zalando's pieces of clothing, read with torchvision."""
    return (*_idx_splits(spec, ctx), ())


@read.register
def cifar10(spec: CIFAR10, ctx: Context) -> tuple[Split, Split, tuple[str, ...]]:
    """Krizhevsky's photographs, from the binary version: torchvision unpickles the Python version, we never do."""
    batches = []
    for i, path in enumerate(datafiles.files(spec)):
        ctx.report(i, len(BATCHES))
        batches.append(_cifar10_batch(path))
    x, y = (torch.cat(parts) for parts in zip(*batches[:-1], strict=True))
    return Split(x, y), Split(*batches[-1]), ()


def _idx_splits(spec: MNIST | FashionMNIST, ctx: Context) -> tuple[Split, Split]:
    train_images, train_labels, test_images, test_labels = datafiles.files(spec)
    train = _idx_split(train_images, train_labels)
    ctx.report(1, 2)
    return train, _idx_split(test_images, test_labels)


def _idx_split(images: Path, labels: Path) -> Split:
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
    if x.shape[1:] != (28, 28) or not len(x):
        raise _damaged(images)
    _check_labels(labels, y.numpy(), len(x))
    return Split(x[:, None], y)


def _cifar10_batch(path: Path) -> tuple[torch.Tensor, torch.Tensor]:
    """One file of records: a byte with the label, then 32×32 bytes each of red, green and blue."""
    _require_usual_size(path)
    raw = np.fromfile(path, dtype=np.uint8)
    if not len(raw) or len(raw) % _RECORD:
        raise _damaged(path)
    records = torch.from_numpy(raw).view(-1, _RECORD)
    labels = records[:, 0].long()
    _check_labels(path, labels.numpy(), len(records))
    return records[:, 1:].reshape(-1, 3, 32, 32), labels


def _check_labels(path: Path, y: np.ndarray, images: int) -> None:
    where = f"{datafiles.shown(path)}: the labels"
    check_label_form(where, y.shape, y.dtype, images)
    check_labels(where, y, 10)


def _require_usual_size(path: Path) -> None:
    if datafiles.stamp(path)[1] > _LARGEST:
        raise _damaged(path)


def _damaged(path: Path) -> DataError:
    return DataError(f"{datafiles.shown(path)} is damaged or truncated: remove it and download the data set again.")
