"""Files by what they are: only regular ones are opened, so that a pipe, a device or a loop of links stops nothing."""

import hashlib
import os
import stat
import time
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from lab.errors import DataError

_FOREIGN = (
    (b"version https://git-lfs", "is a Git LFS pointer, not the file itself: fetch it with 'git lfs pull'"),
    (b"<!doctype html", "is a web page, not the file itself: download it again"),
    (b"<html", "is a web page, not the file itself: download it again"),
    (b"\x1f\x8b", "is packed with gzip: unpack it"),
)
"""How files begin that lie where another kind of file is expected, and what to do, in words that follow the name."""

_LONGEST = 120  # characters of a path in a sentence
_TICK = 20_000_000  # nanoseconds in which a file may change twice and show one time of change


def printable(name: str) -> str:
    """A name as valid text on one line: what is neither is written as an escape such as ``\\xe9``."""
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    return "".join(each if each.isprintable() or each in "\u200d\xa0" else _escaped(each) for each in text)


def shown(path: Path | str) -> str:
    """A path as it can stand in a sentence: printable, and of a long one the end."""
    text = printable(str(path))
    return text if len(text) <= _LONGEST else f"…{text[1 - _LONGEST :]}"


def stamp(path: Path) -> tuple[Path, int, int]:
    """A file by its path, size and times of change: while these stay, it need not be read again.

    Raises :class:`DataError` when it is no regular file, or cannot be reached.
    """
    try:
        found = path.stat()
    except OSError as error:
        link = f": it is a link to {shown(os.readlink(path)):.80}" if path.is_symlink() else ""
        raise DataError(f"{shown(path)} cannot be read ({error.strerror}){link}.") from error
    if not stat.S_ISREG(found.st_mode):
        raise DataError(f"{shown(path)} is {_kind(found.st_mode)}, not a file: remove it or name another.")
    return path, found.st_size, found.st_mtime_ns + found.st_ctime_ns  # a copy can bring the first with it


def file_hash(path: Path) -> str:
    """The sha256 of a file's content, computed once for each path, size and time of change."""
    known = stamp(path)
    if time.time_ns() - path.stat().st_ctime_ns < _TICK:
        return _file_hash.__wrapped__(*known)
    return _file_hash(*known)


def beginning(path: Path, count: int) -> bytes:
    """The first bytes of a file. Raises :class:`DataError` when it is no regular file, or cannot be read."""
    try:
        with stamp(path)[0].open("rb") as file:
            return file.read(count)
    except OSError as error:
        raise DataError(f"{shown(path)} cannot be read ({error.strerror}).") from error


def mistaken(path: Path) -> str:
    """What a file is that was taken for another kind, in words that follow its name; empty when that is not known."""
    try:
        start = beginning(path, 64).lstrip().lower()
    except DataError:
        return ""
    return next((words for magic, words in _FOREIGN if start.startswith(magic)), "")


def present(folder: Path, names: Iterable[str], remedy: str) -> tuple[Path, ...]:
    """Those files of a folder. Raises :class:`DataError`, with the remedy, when one is not there."""
    found = tuple(folder / name for name in names)
    for path in found:
        if not os.path.lexists(path):
            raise DataError(f"There is no file {shown(path)}: {remedy}.")
        stamp(path)
    return found


@lru_cache(maxsize=100_000)
def _file_hash(path: Path, _size: int, _changed: int) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DataError(f"{shown(path)} cannot be read ({error.strerror}).") from error


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def _kind(mode: int) -> str:
    kinds = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a named pipe", stat.S_IFSOCK: "a socket"}
    return kinds.get(stat.S_IFMT(mode), "a device")
