"""The files a data set is read from: where they lie, what their headers say, what their content hashes to.

No PyTorch here, so that the pages can list data sets and name results without loading anything.
"""

import hashlib
import importlib.util
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache, singledispatch
from pathlib import Path
from typing import IO

import numpy as np

from lab.errors import DataError
from lab.home import data_folder
from lab.specs.data import CIFAR10, MNIST, DataSpec, Digits, FashionMNIST, ImageFolder, NpzFile

FIELDS = ("x_train", "y_train", "x_test", "y_test")
PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm")
IDX = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
BATCHES = (*(f"data_batch_{i}.bin" for i in range(1, 6)), "test_batch.bin")
DIGITS_TEST, DIGITS_TRAIN = 360, 1437

_NAMES: dict[type[DataSpec], str] = {
    Digits: "digits",
    MNIST: "mnist",
    FashionMNIST: "fashion-mnist",
    CIFAR10: "cifar10",
}


@dataclass(frozen=True)
class Outline:
    """What a data set's headers say: ``shape`` (channels, height, width), numbers of classes and images."""

    shape: tuple[int, int, int]
    classes: int
    n_test: int
    n_train: int


def name_of(spec: DataSpec) -> str:
    """What a data set is called: its published name, or the name of its file or folder."""
    if isinstance(spec, (NpzFile, ImageFolder)):
        return Path(spec.path).stem if isinstance(spec, NpzFile) else Path(spec.path).name
    return _NAMES[type(spec)]


@singledispatch
def files(spec: DataSpec) -> tuple[Path, ...]:
    """Every file a data set is read from. Raises :class:`DataError`, with the mend, when one is not there."""
    raise DataError(f"There is no data set of the kind {type(spec).__name__}.")


@files.register
def _(_: Digits) -> tuple[Path, ...]:
    package = importlib.util.find_spec("sklearn")  # finds the package without importing it
    if package is None or package.origin is None:
        raise DataError("The digits come with scikit-learn, which is not installed: pip install scikit-learn.")
    return _present(Path(package.origin).parent / "datasets" / "data", ["digits.csv.gz"], "install scikit-learn again")


@files.register(MNIST)
@files.register(FashionMNIST)
def _(spec: MNIST | FashionMNIST) -> tuple[Path, ...]:
    folder = data_folder() / type(spec).__name__ / "raw"
    mend = f"set LAB_DATA (or --data) to the folder that holds {type(spec).__name__}/raw, or allow its download"
    return _present(folder, IDX, mend)


@files.register
def _(_: CIFAR10) -> tuple[Path, ...]:
    mend = (
        "put the binary version of CIFAR-10 (cifar-10-binary.tar.gz, unpacked) there or allow its download; "
        "the Python version cifar-10-batches-py is pickled, and nothing is unpickled here"
    )
    return _present(data_folder() / "cifar-10-batches-bin", BATCHES, mend)


@files.register
def _(spec: NpzFile) -> tuple[Path, ...]:
    path = Path(spec.path)
    return _present(path.parent, [path.name], "give the path of an existing .npz file")


@files.register
def _(spec: ImageFolder) -> tuple[Path, ...]:
    return tuple(path for split in ("train", "test") for paths in pictures(spec, split).values() for path in paths)


def pictures(spec: ImageFolder, split: str) -> dict[str, list[Path]]:
    """The pictures of each class of ``train`` or ``test``, classes and pictures in the order of their names."""
    folder = Path(spec.path) / split
    if not folder.is_dir():
        raise DataError(f"{spec.path} has no folder {split}: put its pictures in {split}/CLASS/.")
    classes = sorted(each for each in folder.iterdir() if each.is_dir() and not each.name.startswith("."))
    return {each.name: sorted(path for path in each.rglob("*") if path.suffix.lower() in PICTURES) for each in classes}


def layout(shape: tuple[int, ...]) -> str | None:
    """How an array of images is laid out, ``NHW``, ``NHWC`` or ``NCHW``; None when it is none of them.

    Grey or colour: the channels are the axis of length 1 or 3, the last one if both could be.
    """
    if len(shape) == 3:
        return "NHW"
    if len(shape) == 4 and shape[3] in (1, 3):
        return "NHWC"
    return "NCHW" if len(shape) == 4 and shape[1] in (1, 3) else None


def image_shape(shape: tuple[int, ...]) -> tuple[int, int, int] | None:
    """(channels, height, width) of an array of images of that shape; None when it holds no images."""
    match layout(shape):
        case "NHW":
            return 1, shape[1], shape[2]
        case "NHWC":
            return shape[3], shape[1], shape[2]
        case "NCHW":
            return shape[1], shape[2], shape[3]
    return None


@singledispatch
def outline(spec: DataSpec) -> Outline:
    """What a data set's headers say, without reading its images. Raises :class:`DataError` in one sentence."""
    files(spec)
    if isinstance(spec, CIFAR10):
        return Outline((3, 32, 32), 10, 10_000, 50_000)
    return Outline((1, 28, 28), 10, 10_000, 60_000)


@outline.register
def _(spec: Digits) -> Outline:
    files(spec)
    return Outline((1, 28, 28), 10, DIGITS_TEST, DIGITS_TRAIN)


@outline.register
def _(spec: ImageFolder) -> Outline:
    train, test = pictures(spec, "train"), pictures(spec, "test")
    n_train, n_test = (sum(map(len, split.values())) for split in (train, test))
    return Outline((3, spec.size, spec.size), len(train), n_test, n_train)


@outline.register
def _(spec: NpzFile) -> Outline:
    [path] = files(spec)
    return _npz_outline(*stamp(path))


@lru_cache(maxsize=64)
def _npz_outline(path: Path, _size: int, _mtime_ns: int) -> Outline:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            y_train, y_test = arrays["y_train"], arrays["y_test"]
            with arrays.zip.open("x_test.npy") as member:
                shape = _header_shape(member)
        found = image_shape(shape)
        classes = int(np.concatenate([y_train, y_test]).max()) + 1
    except Exception as error:  # zipfile, zlib and numpy each have their own words for damage
        raise DataError(f"{path} cannot be read as an .npz file with {', '.join(FIELDS)} ({error}).") from error
    if found is None:
        raise DataError(f"{path}: x_test holds no images, its shape being {shape}.")
    return Outline(found, classes, shape[0], len(y_train))


def _header_shape(member: IO[bytes]) -> tuple[int, ...]:
    form = np.lib.format
    read = form.read_array_header_1_0 if form.read_magic(member) == (1, 0) else form.read_array_header_2_0
    return read(member)[0]


def fingerprint(spec: DataSpec) -> str:
    """A hash over the content of a data set's files (names included for a folder, whose names are labels)."""
    found = files(spec)
    root = Path(spec.path) if isinstance(spec, ImageFolder) else None
    lines = [f"{path.relative_to(root).as_posix() if root else path.name} {file_hash(path)}" for path in found]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def file_hash(path: Path) -> str:
    """The sha256 of a file's content, computed once for each path, size and time of change."""
    return _file_hash(*stamp(path))


@lru_cache(maxsize=100_000)
def _file_hash(path: Path, _size: int, _mtime_ns: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def stamp(path: Path) -> tuple[Path, int, int]:
    """A file by its path, size and time of change: while these stay, it need not be read again."""
    found = path.stat()
    return path, found.st_size, found.st_mtime_ns


def _present(folder: Path, names: Iterable[str], mend: str) -> tuple[Path, ...]:
    found = tuple(folder / name for name in names)
    for path in found:
        if not path.is_file():
            raise DataError(f"There is no file {path}: {mend}.")
    return found
