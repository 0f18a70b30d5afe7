"""Arrays in an .npz file: their headers are checked before any array is unpacked.

A header may lie, and a few megabytes may unpack to gigabytes; so shapes, dtypes and sizes are compared first.
"""

import zipfile
from collections.abc import Container, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import IO

import numpy as np
from numpy.lib import format as npy

from lab.datafiles.checks import (
    check_image_form,
    check_images,
    check_label_form,
    check_labels,
    image_shape,
    layout,
)
from lab.datafiles.files import mistaken, printable, shown, stamp
from lab.datafiles.foreign import recognised
from lab.errors import DataError
from lab.memory import free_memory

FIELDS = ("x_train", "y_train", "x_test", "y_test")
_ALIASES = {
    f"{letter}_{part}": frozenset(
        each for word in words for each in (f"{letter}{part}", f"{part}{letter}", f"{part}{word}", f"{word}{part}")
    )
    for letter, words in (("x", ("images", "data")), ("y", ("labels", "targets")))
    for part in ("train", "test")
}
"""Names under which other programs save these, by their letters in lower case."""

_OF_NO_PART = {"x_test": {"x", "images", "data"}, "y_test": {"y", "labels", "target", "targets"}}
"""The same, of one set of images that is not divided: it serves for tests."""

MOST_IMAGES = 10_000_000  # whose labels are read to list a data set
_TWELVE_BITS = 4095


@dataclass(frozen=True)
class Header:
    """Header of an array in an archive."""

    shape: tuple[int, ...]
    dtype: np.dtype

    @property
    def nbytes(self) -> int:
        """Bytes of the array once unpacked."""
        return prod(self.shape) * self.dtype.itemsize


class Npz:
    """An .npz file whose headers are those of images with labels. Raises :class:`DataError` in one sentence.

    Its arrays are called ``x_test``, ``y_test`` …, or as other programs call them, where only one can be meant.

    ``headers`` has ``x_test`` and ``y_test``, and ``x_train`` and ``y_train`` if anything can be trained on it.
    """

    def __init__(self, path: Path) -> None:
        self.where = shown(stamp(path)[0])
        self._path = path
        with self._opened() as archive:
            self._members = {each.filename: each for each in archive.infolist()}
            if self._members and not any(name.endswith(".npy") for name in self._members):
                raise ValueError
            self._names = _names(self._members)
            wanted = FIELDS if {"x_train", "y_train"} & set(self._names) else FIELDS[2:]
            self.headers = {name: self._header(archive, name) for name in wanted}
        self._check()

    @property
    def parts(self) -> tuple[str, ...]:
        """``train`` and ``test``, or ``test`` alone."""
        return ("train", "test") if "x_train" in self.headers else ("test",)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(channels, height, width) of an image."""
        return image_shape(self.headers["x_test"].shape)

    def count(self, part: str) -> int:
        """The number of images of a part."""
        return self.headers[f"x_{part}"].shape[0] if part in self.parts else 0

    def labels(self, part: str) -> np.ndarray:
        """(N,) int64 labels of a part."""
        if part not in self.parts:
            return np.zeros(0, np.int64)
        y = self._array(f"y_{part}").reshape(-1)
        check_labels(self._labels_of(part), y)
        return y.astype(np.int64)

    def images(self) -> dict[str, np.ndarray]:
        """(N, C, H, W) images of every part, uint8 in 0..255 or float32 in [0, 1]."""
        self._require_memory()
        found = {part: self._array(f"x_{part}") for part in self.parts}
        for part, x in found.items():
            check_images(self._images_of(part), x)
        sixteen = [int(x.max()) for x in found.values() if _is_sixteen_bit(x)]
        if 0 < max(sixteen, default=0) <= _TWELVE_BITS:
            raise DataError(
                f"{self.where}: its uint16 images reach {max(sixteen):,} at most, so that which value is white is not "
                "known: scale them to 0..65535, or save them as float32 in [0, 1]."
            )
        return {part: pixels(x) for part, x in found.items()}

    def _check(self) -> None:
        for part in self.parts:
            x, y = self.headers[f"x_{part}"], self.headers[f"y_{part}"]
            check_image_form(self._images_of(part), x.shape, x.dtype)
            check_label_form(self._labels_of(part), y.shape, y.dtype, x.shape[0])
            if x.shape[0] > MOST_IMAGES:
                raise DataError(f"{self._images_of(part)} has {x.shape[0]:,} images: keep at most {MOST_IMAGES:,}.")
        if "train" in self.parts and (train := image_shape(self.headers["x_train"].shape)) != self.shape:
            raise DataError(
                f"{self.where}: the images of x_train are {train} (channels, height, width), but those of x_test "
                f"{self.shape}: bring them to one shape."
            )

    def _images_of(self, part: str) -> str:
        return f"{self.where}: {self._names[f'x_{part}']}"

    def _labels_of(self, part: str) -> str:
        return f"{self.where}: the labels {self._names[f'y_{part}']}"

    def _require_memory(self) -> None:
        needed, free = sum(each.nbytes for each in self.headers.values()), free_memory()
        if needed > free:
            raise DataError(
                f"{self.where} unpacks to {needed / 2**30:,.1f} GiB, but only {free / 2**30:,.1f} GiB of memory are "
                "free: save fewer images, or as uint8."
            )

    def _header(self, archive: zipfile.ZipFile, field: str) -> Header:
        if field not in self._names:
            if field in self._members:
                raise DataError(f"{self.where}: {field} is not an array: save it with numpy.savez.")
            held = ", ".join(printable(each.removesuffix(".npy")) for each in self._members)
            test = ", or only x_test, y_test," if field in ("x_test", "y_test") else ""
            save = f"save {', '.join(FIELDS)}{test} with numpy.savez (it has {held or 'nothing':.80})"
            raise DataError(f"{self.where} has no {field}: {save}.")
        name = self._names[field]
        with self._reading(name), archive.open(f"{name}.npy") as member:
            header = _read_header(member)
            if header.dtype.hasobject:
                alike = ", all images having one shape" if field.startswith("x") else ""
                raise DataError(
                    f"{self.where}: {name} holds Python objects instead of numbers: save it as an array of one numeric "
                    f"dtype{alike}."
                )
            if member.tell() + header.nbytes != self._members[f"{name}.npy"].file_size:
                raise ValueError
            return header

    def _array(self, field: str) -> np.ndarray:
        name = self._names[field]
        with self._opened() as archive, self._reading(name), archive.open(f"{name}.npy") as member:
            found: np.ndarray = npy.read_array(member, allow_pickle=False)
            if Header(found.shape, found.dtype) != self.headers[field] or member.read(1):
                raise ValueError
            return found

    @contextmanager
    def _opened(self) -> Iterator[zipfile.ZipFile]:
        try:
            with self._path.open("rb") as file, zipfile.ZipFile(file) as archive:
                yield archive
        except DataError:
            raise
        except PermissionError as error:
            raise DataError(f"{self.where} cannot be read ({error.strerror}): change its permissions.") from error
        except Exception as error:  # zipfile has many words for damage
            if words := mistaken(self._path):
                raise DataError(f"{self.where} {words}.") from error
            if found := recognised(self._path):
                raise DataError(f"{self.where} is {found.what}: {found.how}.") from error
            raise DataError(
                f"{self.where} is not a valid .npz file (damaged or truncated): save it again with numpy.savez."
            ) from error

    @contextmanager
    def _reading(self, name: str) -> Iterator[None]:
        try:
            yield
        except DataError:
            raise
        except Exception as error:  # zipfile, zlib and numpy each have their own words for damage
            raise DataError(
                f"{self.where}: {name} is damaged or truncated: save the file again with numpy.savez."
            ) from error


def _names(members: Iterable[str]) -> dict[str, str]:
    """What the arrays that are meant by each field are called in an archive, as far as it has one of them."""
    held = [each.removesuffix(".npy") for each in members if each.endswith(".npy")]
    found = {field: name for field, words in _ALIASES.items() if (name := _only(field, held, words))}
    if found:
        return found
    return {field: name for field, words in _OF_NO_PART.items() if (name := _only(field, held, words))}


def _only(field: str, held: Sequence[str], words: Container[str]) -> str:
    """The field itself, else the one name of these words; empty when there is none, or two."""
    alike = [name for name in held if "".join(filter(str.isalnum, name.lower())) in words]
    return field if field in held else alike[0] if len(alike) == 1 else ""


def _read_header(member: IO[bytes]) -> Header:
    read = npy.read_array_header_1_0 if npy.read_magic(member) == (1, 0) else npy.read_array_header_2_0
    shape, _, dtype = read(member)
    if any(type(side) is not int or side < 0 for side in shape):
        raise ValueError
    return Header(shape, dtype)


def _is_sixteen_bit(x: np.ndarray) -> bool:
    return x.dtype.newbyteorder("=") == np.uint16


def pixels(x: np.ndarray) -> np.ndarray:
    """Images as (N, C, H, W), uint8 as they are and others as float32; what rounding put outside [0, 1] is clipped."""
    order = layout(x.shape)
    x = x[:, None] if order == "NHW" else x
    x = x.transpose(0, 3, 1, 2) if order == "NHWC" else x
    if x.dtype == np.uint8:
        return np.ascontiguousarray(x)
    if _is_sixteen_bit(x):
        return np.ascontiguousarray(x, dtype=np.float32) / np.float32(65535)
    x = np.ascontiguousarray(x, dtype=np.float32)
    return np.clip(x, 0, 1) if x.min() < 0 or x.max() > 1 else x
