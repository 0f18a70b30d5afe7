"""MATLAB files of version 5 with images ``X`` and labels ``y``, as SVHN is published.

SciPy reads them, which is known to read the published files; it is given only these two arrays, and only after the
headers and all that the file unpacks to have been found to be of their size.
"""

import struct
import zlib
from pathlib import Path
from typing import IO

import numpy as np

from lab.data.packed import damaged, require_usual_size
from lab.errors import DataError

_HEADER = 128  # bytes before the first element
_TAG = 8  # bytes of an element's kind and size
_PACKED = 15  # the kind of an element that is packed with zlib
_CHUNK = 1 << 20
_KINDS = {"X": {"uint8"}, "y": {"uint8", "double"}}


def read_images(path: Path, shape: tuple[int, int, int], most: int) -> tuple[np.ndarray, np.ndarray]:
    """Images (N, C, H, W) and labels (N,) as they stand in the file, which unpacks to at most so many bytes.

    Raises :class:`DataError` when it holds something else.
    """
    from scipy.io import loadmat, whosmat  # takes a second, which other data sets are spared

    require_usual_size(path, most)
    try:
        _require_bounded(path, most)
        found = whosmat(path)
        about = {name: (sizes, kind) for name, sizes, kind in found}
        (channels, height, width), (sizes, _) = shape, about["X"]
        usual = sizes[:3] == (height, width, channels) and about["y"][0] in ((sizes[3], 1), (1, sizes[3]))
        if not usual or len(about) < len(found) or any(about[name][1] not in kinds for name, kinds in _KINDS.items()):
            raise damaged(path)
        arrays = loadmat(path, variable_names=tuple(_KINDS))
    except DataError:
        raise
    except Exception as error:  # SciPy reports damage with whatever the parsing stumbles over
        raise damaged(path) from error
    return np.ascontiguousarray(arrays["X"].transpose(3, 2, 0, 1)), arrays["y"].ravel()


def _require_bounded(path: Path, most: int) -> None:
    """Refuse a file whose packed elements hold more than so many bytes together."""
    with path.open("rb") as file:
        order = "<" if file.read(_HEADER).endswith(b"IM") else ">"
        while tag := file.read(_TAG):
            kind, size = struct.unpack(f"{order}II", tag)
            most -= _unpacked_size(file, size, most) if kind == _PACKED else 0
            if kind != _PACKED:
                file.seek(size, 1)
            if most < 0:
                raise damaged(path)


def _unpacked_size(file: IO[bytes], size: int, most: int) -> int:
    """How many bytes a packed element holds; once that is more than ``most``, no further ones are unpacked."""
    unpacking, count = zlib.decompressobj(), 0
    while size and count <= most:
        chunk = file.read(min(size, _CHUNK))
        if not chunk:
            break
        size -= len(chunk)
        while chunk and count <= most:
            count += len(unpacking.decompress(chunk, _CHUNK))
            chunk = unpacking.unconsumed_tail
    return count
