"""One file from one address: with progress, from where an earlier try stopped, and what went wrong in words.

The proxies that the environment names are used (``http_proxy``, ``https_proxy``, ``no_proxy``).
"""

import time
import urllib.request
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import IO
from urllib.error import HTTPError, URLError

from lab import __version__
from lab.context import Context

_CHUNK = 1 << 18
_PATIENCE = 30.0  # seconds without a byte
_TOO_FAR = 416  # there is nothing from that byte on: all of the file is here already

TRY_AGAIN = "check the network connection, and the proxy if there is one, and try again"
GOES_ON = "try again: it goes on from there"


class Unreceived(Exception):
    """A file did not come: what happened, in words that follow the host's name, and what to do."""

    def __init__(self, words: str, remedy: str) -> None:
        super().__init__(f"{words}: {remedy}")
        self.words, self.remedy = words, remedy


def receive(url: str, target: Path, ctx: Context, most: int | None = None) -> None:
    """Write what an address sends to ``target``, behind what is there already from an earlier try.

    A connection that is cut is made again as long as something comes. More than ``most`` bytes are not taken. Raises
    :class:`Unreceived`, with ``target`` as far as it came, and ``OSError`` when it cannot be written.
    """
    while True:
        before = _size(target)
        try:
            return _receive_rest(url, target, ctx, most)
        except _Cut as cut:
            if _size(target) <= before:
                raise Unreceived(str(cut), GOES_ON) from cut


class _Cut(Exception):
    """The connection ended before the file did."""


def _receive_rest(url: str, target: Path, ctx: Context, most: int | None) -> None:
    before = _size(target)
    request = urllib.request.Request(url, headers={"User-Agent": f"adversarial-robustness-lab/{__version__}"})
    if before:
        request.add_header("Range", f"bytes={before}-")
    try:
        answer = urllib.request.build_opener().open(request, timeout=_PATIENCE)
    except HTTPError as error:
        error.close()
        if error.code == _TOO_FAR and before:
            return
        raise Unreceived(f"{error.code} {error.reason}", "try again later, or put the files there yourself") from error
    except (OSError, HTTPException, ValueError) as error:
        reason = error.reason if isinstance(error, URLError) else error
        raise Unreceived(f"cannot be reached ({getattr(reason, 'strerror', None) or reason})", TRY_AGAIN) from error
    with answer:
        begin = before if _continues(answer, before) else 0
        with target.open("r+b" if begin else "wb") as file:
            file.seek(begin)
            _write(answer, file, begin, ctx, most)


def _continues(answer: HTTPResponse, before: int) -> bool:
    """Whether an answer is what follows those bytes, rather than the whole file."""
    return answer.status == 206 and answer.headers.get("Content-Range", "").startswith(f"bytes {before}-")


def _write(answer: HTTPResponse, file: IO[bytes], begin: int, ctx: Context, most: int | None) -> None:
    """Write an answer's content to a file of which so many bytes are there."""
    length = answer.headers.get("Content-Length")
    total = begin + int(length) if length and length.isdecimal() else None
    start, done = time.monotonic(), begin
    while chunk := _next(answer, done, total):
        if most is not None and done + len(chunk) > most:
            raise Unreceived("more was sent than was published", "try again later, or over another connection")
        file.write(chunk)
        done += len(chunk)
        rate = (done - begin) / max(time.monotonic() - start, 1e-3)
        ctx.report(min(done, total or done), total or done + _CHUNK, **{"MB/s": rate / 1e6})
    if total is not None and done < total:
        raise _Cut(_cut_at(done, total))


def _next(answer: HTTPResponse, done: int, total: int | None) -> bytes:
    try:
        return answer.read1(_CHUNK)
    except (OSError, HTTPException, ValueError) as error:
        raise _Cut(_cut_at(done, total)) from error


def _cut_at(done: int, total: int | None) -> str:
    of = f" of {total / 1e6:,.1f}" if total else ""
    return f"the connection ended at {done / 1e6:,.1f}{of} MB"


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
