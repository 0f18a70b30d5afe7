"""Bytes of a file that may be packed with gzip, of which no more come than its data set can hold."""

import gzip
import zlib
from pathlib import Path

from lab import datafiles
from lab.errors import DataError


def content(path: Path, most: int) -> bytes:
    """The content of a file, unpacked where its name ends in ``.gz``.

    Raises :class:`DataError` when it is larger, no gzip file, or cut short.
    """
    require_usual_size(path, most)
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            found = file.read(most + 1)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise damaged(path) from error
    except OSError as error:
        raise DataError(f"{datafiles.shown(path)} cannot be read ({error.strerror}).") from error
    if len(found) > most:
        raise damaged(path)
    return found


def require_usual_size(path: Path, most: int) -> None:
    """Refuse a file that is larger than all of its data set. Raises :class:`DataError`."""
    if datafiles.stamp(path)[1] > most:
        raise damaged(path)


def damaged(path: Path) -> DataError:
    """The sentence about a file that is not what it should be."""
    words = datafiles.mistaken(path) if path.suffix != ".gz" else ""
    if words:
        return DataError(f"{datafiles.shown(path)} {words}.")
    return DataError(f"{datafiles.shown(path)} is damaged or truncated: remove it and download the data set again.")
