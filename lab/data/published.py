"""Published data sets, from the files of their authors: one reader for each format."""

import math
import struct
from pathlib import Path
from typing import TypeAlias

import numpy as np
import torch

from lab import datafiles
from lab.context import Context
from lab.data.dataset import Split
from lab.data.load import read
from lab.data.matlab import read_images
from lab.data.packed import content, damaged
from lab.data.python_batches import read_batch
from lab.datafiles.checks import check_label_form, check_labels
from lab.datafiles.npz import Npz
from lab.errors import DataError
from lab.specs.data import BatchData, IdxData, MatData, PublishedData

_UNSIGNED_BYTES = 8  # IDX's code of the only type that is read

Arrays: TypeAlias = tuple[np.ndarray, np.ndarray]


@read.register
def idx(spec: IdxData, ctx: Context) -> tuple[Split, Split, tuple[str, ...]]:
    """LeCun's format, as it is or packed with gzip."""
    train_images, train_labels, test_images, test_labels = datafiles.files(spec)
    train = _idx_split(spec, train_images, train_labels)
    ctx.report(1, 2)
    return train, _idx_split(spec, test_images, test_labels), ()


@read.register
def batches(spec: BatchData, ctx: Context) -> tuple[Split, Split, tuple[str, ...]]:
    """Krizhevsky's binary version, his Python version without unpickling it, or a part in an .npz file."""
    found, paths = [], datafiles.files(spec)
    if paths[0].suffix == ".npz":
        return (*_part(spec, paths[0]), ())
    for i, path in enumerate(paths):
        ctx.report(i, len(paths))
        read_file = _records if path.suffix == ".bin" else _python_batch
        found.append(_split(spec, path, *read_file(spec, path, spec.published.most_bytes(len(paths) - 1))))
    *train, test = found
    return Split(torch.cat([each.x for each in train]), torch.cat([each.y for each in train])), test, ()


@read.register
def matlab_files(spec: MatData, ctx: Context) -> tuple[Split, Split, tuple[str, ...]]:
    """Training images, then test images, of MATLAB's format of version 5."""
    splits, paths = [], datafiles.files(spec)
    for i, path in enumerate(paths):
        ctx.report(i, len(paths))
        x, y = read_images(path, spec.published.shape, spec.published.most_bytes())
        last = len(spec.published.classes)
        if not np.isin(y, np.arange(1, last + 1)).all():
            raise DataError(f"{datafiles.shown(path)}: the labels should be from 1 to {last}: download it again.")
        splits.append(_split(spec, path, x, y.astype(np.int64) % last))
    train, test = splits
    return train, test, ()


def _idx_split(spec: IdxData, images: Path, labels: Path) -> Split:
    x, y = _idx(spec, images, 3), _idx(spec, labels, 1)
    return _split(spec, labels, _shaped(spec, images, x[:, None]), y)


def _idx(spec: IdxData, path: Path, axes: int) -> np.ndarray:
    """An array of bytes: two zeros, the type's code, the number of axes, their lengths, then the values."""
    raw = content(path, spec.published.most_bytes())
    start = 4 * (1 + axes)
    if len(raw) < start or raw[:4] != bytes((0, 0, _UNSIGNED_BYTES, axes)):
        raise damaged(path)
    shape = struct.unpack(f">{axes}I", raw[4:start])
    if len(raw) - start != math.prod(shape) or not shape[0]:
        raise damaged(path)
    return np.frombuffer(raw, np.uint8, offset=start).reshape(shape)


def _part(spec: BatchData, path: Path) -> tuple[Split, Split]:
    """Training and test images in one file of arrays, of the shape and in the numbers that are published."""
    npz, told = Npz(path), datafiles.outline(spec)
    side = "×".join(map(str, told.shape))
    if (npz.shape, npz.count("train"), npz.count("test")) != (told.shape, told.n_train, told.n_test):
        raise DataError(
            f"{npz.where} is not the part of {spec.title} of that name ({told.n_train:,} training and "
            f"{told.n_test:,} test images, {side}): give it another name, as custom data."
        )
    x = npz.images()
    train, test = (_split(spec, path, x[part], npz.labels(part)) for part in ("train", "test"))
    return train, test


def _records(spec: BatchData, path: Path, most: int) -> Arrays:
    """One file of records: a byte with the label, then height × width bytes each of red, green and blue."""
    raw = np.frombuffer(content(path, most), np.uint8)
    size = 1 + math.prod(spec.published.shape)
    if not len(raw) or len(raw) % size:
        raise damaged(path)
    records = raw.reshape(-1, size)
    return records[:, 1:].reshape(-1, *spec.published.shape), records[:, 0]


def _python_batch(spec: BatchData, path: Path, most: int) -> Arrays:
    x, y = read_batch(path, math.prod(spec.published.shape), most)
    return x.reshape(-1, *spec.published.shape), y


def _shaped(spec: PublishedData, path: Path, x: np.ndarray) -> np.ndarray:
    if x.shape[1:] != spec.published.shape:
        raise damaged(path)
    return x


def _split(spec: PublishedData, path: Path, x: np.ndarray, y: np.ndarray) -> Split:
    """Images with their labels, which are checked; ``path`` is the file that the labels come from."""
    where = f"{datafiles.shown(path)}: the labels"
    check_label_form(where, y.shape, y.dtype, len(x))
    check_labels(where, y, len(spec.published.classes))
    return Split(torch.tensor(x), torch.tensor(y, dtype=torch.int64))
