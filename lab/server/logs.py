"""Logs of the server's processes, in files that stay small whatever a visitor makes them say."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import IO

MOST_BYTES = 2**20  # of one file
FILES_KEPT = 3  # besides the one that is written
LONGEST_LINE = 2000


@contextmanager
def bounded_log(path: Path) -> Iterator[IO[bytes]]:
    """A pipe whose lines go into a file that is begun anew, and set aside as ``.1``, ``.2`` and ``.3`` when it is full.

    Long lines are cut, and characters that would steer a terminal are replaced. Raises OSError when the file cannot
    be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"")
    handler = _Quiet(path, maxBytes=MOST_BYTES, backupCount=FILES_KEPT, encoding="utf-8")
    reading, writing = os.pipe()
    thread = threading.Thread(target=_copy, args=(reading, handler), name=path.name, daemon=True)
    thread.start()
    try:
        with os.fdopen(writing, "wb", buffering=0) as pipe:
            yield pipe
    finally:
        thread.join(timeout=1)  # longer only if a process lives on that still holds the pipe


class _Quiet(RotatingFileHandler):
    """On a full disk the log is what one can do without."""

    def handleError(self, record: logging.LogRecord) -> None:
        """Say nothing."""


def _copy(reading: int, handler: logging.Handler) -> None:
    with open(reading, "rb", buffering=0) as pipe:
        for line in lines(pipe):
            handler.emit(logging.LogRecord("lab", logging.INFO, "", 0, line, None, None))
    with suppress(OSError):  # it writes what is left, also to a full disk
        handler.close()


def lines(pipe: IO[bytes]) -> Iterator[str]:
    """The lines of a stream as they come, each of at most :data:`LONGEST_LINE` characters and one line on a screen."""
    begun, cut = b"", False
    while chunk := pipe.read(65536):
        first, *others = chunk.split(b"\n")
        for ended in others:
            yield _shown(begun + first, cut)
            begun, cut, first = b"", False, ended
        cut = cut or len(begun) + len(first) > LONGEST_LINE
        begun = (begun + first)[:LONGEST_LINE]
    if begun:
        yield _shown(begun, cut)


def _shown(line: bytes, cut: bool) -> str:
    text = line.decode("utf-8", "replace")
    cut = cut or len(text) > LONGEST_LINE
    clean = "".join(each if each.isprintable() or each == "\t" else "�" for each in text[:LONGEST_LINE].rstrip("\r"))
    return f"{clean} …" if cut else clean
