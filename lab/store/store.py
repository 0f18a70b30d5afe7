"""The store of results: one file per key, as many as have room."""

import hashlib
import os
import re
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from lab.errors import LabError
from lab.limits import limit
from lab.results.result import Result, pack, unpack

_MAGIC = b"adversarial-lab result 1 sha256 "
_HEADER = len(_MAGIC) + hashlib.sha256().digest_size * 2 + 1
_KEY = re.compile(r"[0-9a-f]{8,64}")

MOST_BYTES = 2 * 2**30
"""What the results in a folder may take together, unless ``LAB_MAX_STORE`` says otherwise."""


class Damaged(LabError):
    """A stored result was not what had been written; its file is gone, so the result will be computed again."""


class Store:
    """Results in a folder, one file per key. Any number of processes may read and write it at once.

    When they take more than ``LAB_MAX_STORE`` bytes, those that nobody has read for the longest time are removed.
    """

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)

    def read(self, key: str) -> Result | None:
        """The result stored under the key; None when there is none.

        Raises :class:`Damaged`, after removing the file, when its content is not what was written.
        """
        path = self._path(key)
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise LabError(f"The stored result {path} cannot be read ({error.strerror}).") from error
        _touch(path)
        try:
            return unpack(_checked(content))
        except LabError:
            path.unlink(missing_ok=True)
            raise Damaged(f"The stored result {path} was damaged and has been removed.") from None

    def write(self, key: str, result: Result) -> None:
        """Store a result under the key, completely or not at all.

        Raises :class:`LabError` when the folder cannot take it, for example because the disk is full.
        """
        path = self._path(key)
        data = pack(result)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            _replace(path, _header(data) + data)
            self._make_room(path)
        except OSError as error:
            raise LabError(
                f"The result could not be stored in {self.folder} ({error.strerror}): "
                "make room there, or set LAB_HOME to another folder."
            ) from error

    def _make_room(self, new: Path) -> None:
        """Remove the least recently read results until the rest has room; the new one stays in any case."""
        sizes, read = {}, {}
        for path in self.folder.glob("*.result"):
            with suppress(FileNotFoundError):  # another process makes room, too
                found = path.stat()
                sizes[path], read[path] = found.st_size, found.st_atime_ns
        surplus = sum(sizes.values()) - limit("LAB_MAX_STORE", MOST_BYTES)
        for path in sorted(sizes.keys() - {new}, key=read.__getitem__):
            if surplus <= 0:
                return
            path.unlink(missing_ok=True)
            surplus -= sizes[path]

    def _path(self, key: str) -> Path:
        if not _KEY.fullmatch(key):
            raise LabError(f"'{key}' is no key of a result: a key is 8 to 64 hexadecimal digits.")
        return self.folder / f"{key}.result"


def _touch(path: Path) -> None:
    """Set the time at which the file was last read; many file systems do not, to spare themselves the writing."""
    with suppress(OSError):  # a folder that can only be read never grows
        os.utime(path, ns=(time.time_ns(), path.stat().st_mtime_ns))


def _header(data: bytes) -> bytes:
    return _MAGIC + hashlib.sha256(data).hexdigest().encode() + b"\n"


def _checked(content: bytes) -> bytes:
    """What stands behind the header, if it is what the header says."""
    data = content[_HEADER:]
    if content[:_HEADER] != _header(data):
        raise LabError("The checksum does not match.")
    return data


def _replace(path: Path, content: bytes) -> None:
    """Write a file so that a reader, or a crash, finds either the old content or the whole new one."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f"{path.stem}-", suffix=".part")
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
