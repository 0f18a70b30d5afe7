"""A person's own images: arrays in an .npz file, or pictures in folders."""

import zipfile
import zlib
from pathlib import Path
from typing import IO

import numpy as np
import torch
from PIL import Image

from lab import datafiles
from lab.context import Context
from lab.data.checks import check_classes, check_images, check_labels
from lab.data.dataset import Split
from lab.data.load import read
from lab.errors import DataError
from lab.specs.data import ImageFolder, NpzFile


@read.register
def npz_file(spec: NpzFile, ctx: Context) -> tuple[Split, Split, tuple[str, ...]]:
    """``x_train, y_train, x_test, y_test`` of an .npz file; images N×H×W, N×H×W×C or N×C×H×W with C 1 or 3.

    Images are uint8 in 0..255 or floating point in [0, 1]; labels whole numbers from 0, none left out.
    """
    [path] = datafiles.files(spec)
    arrays = _arrays(path, ctx)
    train, test = (_split(path, part, arrays) for part in ("train", "test"))
    if train.x.shape[1:] != test.x.shape[1:]:
        train_shape, test_shape = tuple(train.x.shape[1:]), tuple(test.x.shape[1:])
        raise DataError(
            f"{path}: the images of x_train are {train_shape} (channels, height, width), but those of x_test "
            f"{test_shape}: bring them to one shape."
        )
    classes = check_classes(f"{path}: the labels y_train", arrays["y_train"], arrays["y_test"])
    return train, test, tuple(map(str, range(classes)))


@read.register
def image_folder(spec: ImageFolder, ctx: Context) -> tuple[Split, Split, tuple[str, ...]]:
    """``train/CLASS/*`` and ``test/CLASS/*``, in colour, shrunk or enlarged to ``size`` × ``size`` pixels."""
    train, test = (datafiles.pictures(spec, part) for part in ("train", "test"))
    names = tuple(train)
    _check_folders(spec, train, test)
    splits = [
        _pictures(found, names, spec.size, ctx.part(i, 2, doing))
        for i, (found, doing) in enumerate(((train, "training pictures"), (test, "test pictures")))
    ]
    return splits[0], splits[1], names


def _arrays(path: Path, ctx: Context) -> dict[str, np.ndarray]:
    with path.open("rb") as file, _opened(path, file) as archive:  # numpy alone leaves a damaged file open
        missing = [name for name in datafiles.FIELDS if name not in archive]
        if missing:
            raise DataError(
                f"{path} has no {missing[0]}: save {', '.join(datafiles.FIELDS)} with numpy.savez "
                f"(it has {', '.join(archive) or 'nothing'})."
            )
        arrays = {}
        for i, name in enumerate(datafiles.FIELDS):
            ctx.report(i, len(datafiles.FIELDS))
            arrays[name] = _array(path, name, archive)
        return arrays


def _opened(path: Path, file: IO[bytes]) -> np.lib.npyio.NpzFile:
    try:
        archive = np.load(file, allow_pickle=False)
    except (zipfile.BadZipFile, ValueError, EOFError, OSError) as error:
        raise DataError(f"{path} is no .npz file, or is truncated: save it again with numpy.savez.") from error
    if not isinstance(archive, np.lib.npyio.NpzFile):
        raise DataError(f"{path} holds one bare array: save {', '.join(datafiles.FIELDS)} with numpy.savez.")
    return archive


def _array(path: Path, name: str, archive: np.lib.npyio.NpzFile) -> np.ndarray:
    try:
        found = archive[name]
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
        raise DataError(f"{path}: {name} is damaged or truncated: save the file again with numpy.savez.") from error
    except ValueError as error:  # numpy's word for an array that only unpickling could read
        raise DataError(
            f"{path}: {name} holds Python objects instead of numbers: save it as an array of one numeric dtype, "
            "all images having one shape."
        ) from error
    if not isinstance(found, np.ndarray):
        raise DataError(f"{path}: {name} is no array: save it with numpy.savez.")
    return found


def _split(path: Path, part: str, arrays: dict[str, np.ndarray]) -> Split:
    x, y = arrays[f"x_{part}"], arrays[f"y_{part}"]
    order = datafiles.layout(x.shape)
    if order is None:
        raise DataError(
            f"{path}: x_{part} has shape {x.shape}: give images as N×H×W, N×H×W×C or N×C×H×W with 1 or 3 channels."
        )
    check_images(f"{path}: x_{part}", x)
    check_labels(f"{path}: the labels y_{part}", y, len(x))
    x = x[:, None] if order == "NHW" else x
    x = x.transpose(0, 3, 1, 2) if order == "NHWC" else x
    x = np.ascontiguousarray(x, dtype=np.uint8 if x.dtype == np.uint8 else np.float32)
    return Split(torch.from_numpy(x), torch.from_numpy(y.astype(np.int64)))


def _check_folders(spec: ImageFolder, train: dict[str, list[Path]], test: dict[str, list[Path]]) -> None:
    if len(train) < 2:
        raise DataError(f"{spec.path}/train has {len(train)} class folders: make one folder for each class.")
    for name, paths in train.items():
        if not paths:
            raise DataError(f"{spec.path}/train/{name} has no pictures: add some, or remove the class.")
    strangers = sorted(set(test) - set(train))
    if strangers:
        raise DataError(f"{spec.path}/test/{strangers[0]} is no class of train: give both the same class folders.")
    if not any(test.values()):
        raise DataError(f"{spec.path}/test has no pictures: put some in {spec.path}/test/CLASS/.")


def _pictures(found: dict[str, list[Path]], names: tuple[str, ...], size: int, ctx: Context) -> Split:
    labelled = [(path, names.index(name)) for name, paths in found.items() for path in paths]
    images = []
    for i, (path, _) in enumerate(labelled):
        ctx.report(i, len(labelled))
        images.append(_picture(path, size))
    return Split(torch.stack(images), torch.tensor([label for _, label in labelled]))


def _picture(path: Path, size: int) -> torch.Tensor:
    try:
        with Image.open(path) as image:
            pixels = np.array(image.convert("RGB").resize((size, size), Image.Resampling.BILINEAR))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:  # Pillow's words for damage
        raise DataError(f"{path} is no picture that can be read, or is truncated: replace or remove it.") from error
    return torch.from_numpy(pixels).permute(2, 0, 1).contiguous()
