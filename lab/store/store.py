"""The store of results: one file per key, as many as have room."""

import errno
import hashlib
import os
import re
import stat
import time
from contextlib import suppress
from pathlib import Path

from lab.errors import LabError, Unknown
from lab.files import write_whole
from lab.limits import limit
from lab.results.result import Result, pack, unpack

_FORMAT = 1
_MAGIC = b"adversarial-lab result %d sha256 " % _FORMAT
_ANY_FORMAT = re.compile(rb"adversarial-lab result ([0-9]{1,9}) ")
_HEADER = len(_MAGIC) + hashlib.sha256().digest_size * 2 + 1
_KEY = re.compile(r"[0-9a-f]{8,64}")

_ABANDONED = 3600.0  # seconds after which nobody writes a file any more

_AGAIN = "It is computed again."

MOST_BYTES = 2 * 2**30
"""What the results in a folder may take together, unless ``LAB_MAX_STORE`` says otherwise."""


class DamagedResult(LabError):
    """A stored result was not what had been written; its file is gone, so the result will be computed again."""


class Store:
    """Results in a folder, one file per key. Any number of processes may read and write it at once.

    When they take more than ``LAB_MAX_STORE`` bytes, those that nobody has read for the longest time are removed.
    """

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)

    def read(self, key: str) -> Result | None:
        """The result stored under the key; None when there is none.

        Raises :class:`DamagedResult`, after removing the file, when its content is not what was written, and
        :class:`Unknown` for what stays: it was written by a newer lab or a plug-in, cannot be read or removed, or is no
        file, but a folder, a pipe or a device. Nothing else: whoever reads can always compute the result instead.
        """
        path = self._path(key)
        try:
            content = _content(path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise Unknown(
                f"The stored result {path} cannot be read ({error.strerror}) and stays as it is. {_AGAIN}"
            ) from error
        _touch(path)
        try:
            return unpack(_checked(content))
        except Unknown as error:
            raise Unknown(
                f"The stored result {path} is not known here ({error!s:.100}) and stays as it is. {_AGAIN}"
            ) from None
        except LabError:
            raise _removed(path) from None

    def write(self, key: str, result: Result) -> None:
        """Store a result under the key, completely or not at all.

        Raises :class:`LabError` when the folder cannot take it, for example because the disk is full or something that
        is no file stands there under the key, and :class:`Unknown` when a result stands there that is not known here.
        """
        path = self._path(key)
        data = pack(result)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._require_known(path)
            write_whole(path, _header(data) + data)
            self._make_room(path)
        except OSError as error:
            raise LabError(
                f"The result could not be stored in {self.folder} ({error.strerror}): "
                "make room there, or set LAB_HOME to another folder."
            ) from error

    def _require_known(self, path: Path) -> None:
        """Refuse to replace what a newer lab or a plug-in has written, what is no file, and what cannot be read."""
        try:
            unpack(_checked(_content(path)))
        except Unknown:
            raise Unknown(f"The result is not stored: {path} holds one that is not known here, which stays.") from None
        except (FileNotFoundError, LabError):
            return
        except OSError as error:
            raise LabError(
                f"The result could not be stored: {path} cannot be read ({error.strerror}); remove it."
            ) from error

    def _make_room(self, new: Path) -> None:
        """Remove the least recently read results until the rest has room; the new one stays in any case.

        What a process that was killed was writing goes, too.
        """
        for scratch in self.folder.glob(".*.part"):
            with suppress(OSError):
                if time.time() - scratch.stat().st_mtime > _ABANDONED:
                    scratch.unlink(missing_ok=True)
        sizes, read = {}, {}
        for path in self.folder.glob("*.result"):
            with suppress(OSError):  # another process makes room, too
                found = path.stat()
                if stat.S_ISREG(found.st_mode):
                    sizes[path], read[path] = found.st_size, found.st_atime_ns
        surplus = sum(sizes.values()) - limit("LAB_MAX_STORE", MOST_BYTES)
        for path in sorted(sizes.keys() - {new}, key=read.__getitem__):
            if surplus <= 0:
                return
            path.unlink(missing_ok=True)
            surplus -= sizes[path]

    def _path(self, key: str) -> Path:
        if not _KEY.fullmatch(key):
            raise LabError(f"'{key}' is not a valid key of a result: a key is 8 to 64 hexadecimal digits.")
        return self.folder / f"{key}.result"


def _content(path: Path) -> bytes:
    """The content of a file. Raises ``OSError`` for a folder, for a device and for a pipe, which would never end."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError(errno.EINVAL, "it is not a file")
    return path.read_bytes()


def _stays(path: Path, why: str) -> str:
    return f"The stored result {path} {why} and stays as it is. {_AGAIN}"


def _removed(path: Path) -> LabError:
    """Return the error for a damaged result, which is removed if it can be."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        return Unknown(
            f"The stored result {path} is damaged, cannot be removed ({error.strerror}) and stays as it is. {_AGAIN}"
        )
    return DamagedResult(f"The stored result {path} was damaged and has been removed. {_AGAIN}")


def _touch(path: Path) -> None:
    """Set the time at which the file was last read; many file systems do not, to spare themselves the writing."""
    with suppress(OSError):  # a folder that can only be read never grows
        os.utime(path, ns=(time.time_ns(), path.stat().st_mtime_ns))


def _header(data: bytes) -> bytes:
    return _MAGIC + hashlib.sha256(data).hexdigest().encode() + b"\n"


def _checked(content: bytes) -> bytes:
    """Return the content behind the header, if it is what the header states."""
    data = content[_HEADER:]
    found = _ANY_FORMAT.match(content)
    if found and int(found[1]) > _FORMAT:
        raise Unknown(f"its format has number {int(found[1])}")
    if content[:_HEADER] != _header(data):
        raise LabError("The checksum does not match.")
    return data
