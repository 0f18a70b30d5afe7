"""MNIST, Fashion-MNIST and CIFAR-10, from the files their authors publish."""

from pathlib import Path

import numpy as np
import torch
from torchvision import datasets
from torchvision.datasets.mnist import read_image_file, read_label_file

from lab import datafiles
from lab.context import Context
from lab.data.checks import check_labels
from lab.data.dataset import Split
from lab.data.load import read
from lab.errors import DataError
from lab.specs.data import CIFAR10, MNIST, FashionMNIST

_CIFAR10_CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
_RECORD = 1 + 3 * 32 * 32


@read.register
def mnist(spec: MNIST, ctx: Context) -> tuple[Split, Split, tuple[str, ...]]:
    """LeCun's handwritten digits, read with torchvision."""
    return (*_idx_splits(spec, ctx), tuple("0123456789"))


@read.register
def fashion_mnist(spec: FashionMNIST, ctx: Context) -> tuple[Split, Split, tuple[str, ...]]:
    """Zalando's pieces of clothing, read with torchvision."""
    return (*_idx_splits(spec, ctx), tuple(datasets.FashionMNIST.classes))


@read.register
def cifar10(spec: CIFAR10, ctx: Context) -> tuple[Split, Split, tuple[str, ...]]:
    """Krizhevsky's photographs, from the binary version: torchvision unpickles the Python version, we never do."""
    batches = []
    for i, path in enumerate(datafiles.files(spec)):
        ctx.report(i, len(datafiles.BATCHES))
        batches.append(_cifar10_batch(path))
    x, y = (torch.cat(parts) for parts in zip(*batches[:-1], strict=True))
    return Split(x, y), Split(*batches[-1]), _CIFAR10_CLASSES


def _idx_splits(spec: MNIST | FashionMNIST, ctx: Context) -> tuple[Split, Split]:
    train_images, train_labels, test_images, test_labels = datafiles.files(spec)
    train = _idx_split(train_images, train_labels)
    ctx.report(1, 2)
    return train, _idx_split(test_images, test_labels)


def _idx_split(images: Path, labels: Path) -> Split:
    try:
        x = read_image_file(str(images))
    except Exception as error:  # torchvision reports damage with whatever the parsing stumbles over
        raise _damaged(images) from error
    try:
        y = read_label_file(str(labels))
    except Exception as error:
        raise _damaged(labels) from error
    if x.shape[1:] != (28, 28):
        raise _damaged(images)
    check_labels(f"{labels}: the labels", y.numpy(), len(x), 10)
    return Split(x[:, None], y)


def _cifar10_batch(path: Path) -> tuple[torch.Tensor, torch.Tensor]:
    """One file of records: a byte with the label, then 32×32 bytes each of red, green and blue."""
    raw = np.fromfile(path, dtype=np.uint8)
    if not len(raw) or len(raw) % _RECORD:
        raise _damaged(path)
    records = torch.from_numpy(raw).view(-1, _RECORD)
    labels = records[:, 0].long()
    check_labels(f"{path}: the labels", labels.numpy(), len(records), 10)
    return records[:, 1:].reshape(-1, 3, 32, 32), labels


def _damaged(path: Path) -> DataError:
    return DataError(f"{path} is damaged or truncated: remove it and download the data set again.")
