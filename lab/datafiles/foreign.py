"""Files of other kinds that are named as a data set: what they are, and how to make an .npz file or a folder of them.

None is read: a pickle runs code, and only its owner knows what the columns of a table or the arrays of a file mean.
"""

import zipfile
from dataclasses import dataclass
from pathlib import Path

from lab.datafiles.files import beginning, mistaken, shown, stamp
from lab.datafiles.walk import opened_image
from lab.errors import DataError

_START = 4096  # bytes at the beginning that tell what a file is
_ARRAYS = (
    (b"\x93NUMPY", "one bare array", "numpy.load"),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file", "h5py"),
    (b"MATLAB 7.3", "a MATLAB file of version 7.3", "h5py"),
    (b"MATLAB 5", "a MATLAB file", "scipy.io.loadmat"),
    (b"CDF", "a netCDF file", "scipy.io.netcdf_file"),
    (b"PAR1", "a Parquet file", "pandas.read_parquet"),
    (b"ARROW1", "an Arrow file", "pandas.read_feather"),
    (b"FEA1", "a Feather file", "pandas.read_feather"),
    (b"SQLite format 3\0", "an SQLite database", "pandas.read_sql"),
    (b"\0\0\x08", "an IDX file, as MNIST's are", "numpy.fromfile"),
    (b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.", "a PyTorch file", "torch.load"),
    *((b"\x80" + bytes([version]), "a pickle", "the program that wrote it") for version in range(2, 6)),
)
"""How files of arrays begin, what they are, and what reads them."""

_ARCHIVES = (b"7z\xbc\xaf'\x1c", b"Rar!\x1a\x07", b"BZh", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd")
_TAR = slice(257, 262)  # where a tar archive says "ustar"
_SAVE = "save the images as x_test and the labels as y_test with numpy.savez"


@dataclass(frozen=True)
class Foreign:
    """What a file is instead of a data set, and how to make one of it."""

    what: str
    how: str


_ARCHIVE = Foreign("an archive", "unpack it, and name the folder of images or the .npz file in it")


def recognised(path: Path) -> Foreign | None:
    """The kind of a file whose first bytes, or members, tell it; None where they do not.

    Raises :class:`DataError` when it is no regular file, or cannot be read.
    """
    start = beginning(path, _START)
    if zipfile.is_zipfile(path):
        return _in_zip(path)
    if start.startswith(_ARCHIVES) or start[_TAR] == b"ustar":
        return _ARCHIVE
    for magic, what, reader in _ARRAYS:
        if start.startswith(magic):
            return _arrays(what, reader)
    if start[8:9] == b"{" and int.from_bytes(start[:8], "little") < stamp(path)[1]:
        return _arrays("a safetensors file", "safetensors.numpy.load_file")
    if _is_image(path):
        return Foreign("one image", "put it into a folder, and name the folder")
    return None


def no_data_set(path: Path) -> str:
    """The sentence about what lies at a path and is neither an .npz file nor a folder."""
    try:
        words = mistaken(path) or f"is neither a folder of images nor an .npz file{_but(path)}"
    except DataError as error:
        return str(error)
    return f"{shown(path)} {words}."


def _but(path: Path) -> str:
    start = beginning(path, _START)
    found = recognised(path)
    if found is None and not start:
        found = Foreign("empty", "name another")
    if found is None and _is_text(start):
        found = _arrays("text", "json.load" if start.lstrip()[:1] in (b"{", b"[") else "pandas.read_csv")
    return f", but {found.what}: {found.how}" if found else f": {_SAVE}"


def _arrays(what: str, reader: str) -> Foreign:
    return Foreign(what, f"read it with {reader}, and {_SAVE}")


def _in_zip(path: Path) -> Foreign | None:
    """What a zip archive is, as some programs' own files are, too; None when it is damaged, or holds arrays."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except Exception:  # zipfile has many words for damage
        return None
    if any(name.endswith(".npy") for name in names):
        return None
    if any(name.endswith("/data.pkl") for name in names):
        return _arrays("a PyTorch file", "torch.load")
    if "xl/workbook.xml" in names:
        return _arrays("an Excel workbook", "pandas.read_excel")
    return _ARCHIVE


def _is_image(path: Path) -> bool:
    try:
        with opened_image(path):
            return True
    except Exception:  # whatever Pillow stumbles over
        return False


def _is_text(start: bytes) -> bool:
    encoding = "utf-16" if start.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8"
    text = start.decode(encoding, "ignore").replace("\ufeff", "")  # the last character may be cut
    return 4 * len(text) > len(start) and all(each.isprintable() or each.isspace() for each in text)
