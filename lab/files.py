"""The one way in which files are written: whole, and on the disk before they bear their names.

A reader, a crash, a power cut or a full disk finds either the old content or all of the new one, and nothing besides.
"""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path


def write_whole(path: Path, content: bytes | str, mode: int = 0o666) -> None:
    """Write a file with these rights, less the user's umask; one that is there is replaced.

    Text is written in UTF-8, and what cannot be, as JSON escapes it. The folder must be there. What is no file, as a
    terminal or a pipe, is written to as it is. Raises ``OSError``, which names the file, when it cannot be written;
    nothing of it is left then.
    """
    data = content.encode("utf-8", "backslashreplace") if isinstance(content, str) else content
    with _named(path):
        if path.exists() and not path.is_file():
            path.write_bytes(data)
            return
        place = path.resolve()  # a link goes on leading to the file
        with _scratch(place) as scratch:
            with open(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
                file.write(data)
            publish(scratch, place)


def write_first(path: Path, content: str) -> bool:
    """Write a small file unless it is there. Returns whether it was written: of several at once, one writes it."""
    with _named(path), _scratch(path) as scratch:
        scratch.write_text(content, "utf-8")
        _settle(scratch)
        try:
            os.link(scratch, path)
        except FileExistsError:
            return False
        except OSError:  # not every file system has links
            if path.exists():
                return False
            os.replace(scratch, path)
        _settle(path.parent)
    return True


def publish(scratch: Path, path: Path) -> None:
    """Give a finished file, or folder of files, its name, on the same disk; a file that is there is replaced."""
    for each in (*(scratch.iterdir() if scratch.is_dir() else ()), scratch):
        _settle(each)
    os.replace(scratch, path)
    _settle(path.parent)


def _settle(path: Path) -> None:
    """Wait until the disk has a file's content, or a folder's list of files."""
    folder = path.is_dir()
    with suppress(OSError) if folder else nullcontext():  # not every system can open folders
        handle = os.open(path, os.O_RDONLY if folder else os.O_RDWR)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextmanager
def _scratch(path: Path) -> Iterator[Path]:
    """A name beside a file for what is to become it; nothing of that name is left."""
    scratch = path.with_name(f".{path.name[:100]}-{uuid.uuid4().hex[:12]}.part")
    try:
        yield scratch
    finally:
        with suppress(OSError):
            scratch.unlink(missing_ok=True)


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Have an error of the system name the file that was to be written."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror or str(error), str(path)) from error
