"""Fetch the published data sets from their authors' addresses, with progress, checked by their MD5."""

import gzip
import hashlib
import shutil
import tarfile
import tempfile
import urllib.request
from collections.abc import Iterable
from http.client import HTTPException
from pathlib import Path
from urllib.error import URLError

from lab import datafiles
from lab.context import Context
from lab.errors import DataError
from lab.files import publish
from lab.home import data_folder
from lab.specs.data import DataSpec, Publication, PublishedData

_CHUNK = 1 << 16
_PATIENCE = 30.0  # seconds without an answer


def download(spec: DataSpec, ctx: Context = Context()) -> None:
    """Put a published data set's files where :func:`lab.datafiles.files` looks for them, unless they are there.

    Raises :class:`DataError` when there is no network or what arrives is damaged; half a file is never left.
    """
    if not isinstance(spec, PublishedData) or _is_there(spec) or not spec.published.downloads:
        return
    try:
        _download(spec.published, ctx)
    except OSError as error:
        raise DataError(f"{data_folder()} cannot be written to ({error}): set LAB_DATA to another folder.") from error


def _is_there(spec: DataSpec) -> bool:
    try:
        return bool(datafiles.files(spec))
    except DataError:
        return False


def _download(row: Publication, ctx: Context) -> None:
    folder = data_folder() / row.layouts[0].folder
    folder.mkdir(parents=True, exist_ok=True)
    for i, (name, md5) in enumerate((each.name, each.md5) for each in row.downloads):
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            packed = Path(scratch, name)
            part = ctx.part(i, len(row.downloads), f"downloading {name}")
            fetch([mirror + name for mirror in row.mirrors], md5, packed, part)
            for unpacked in _unpack(packed, row):
                publish(unpacked, folder / unpacked.name)


def _unpack(packed: Path, row: Publication) -> list[Path]:
    """The data set's files that a compressed one holds: one, or those of an archive, in the folder called as ours."""
    if packed.name.endswith(".tar.gz"):
        with tarfile.open(packed) as archive:
            archive.extractall(packed.parent, filter="data")
        return [packed.parent / row.layouts[0].folder / name for name in row.layouts[0].files]
    if not packed.name.endswith(".gz"):
        return [packed]
    unpacked = packed.with_name(packed.name.removesuffix(".gz"))
    with gzip.open(packed) as source, unpacked.open("wb") as target:
        shutil.copyfileobj(source, target)
    return [unpacked]


def fetch(urls: Iterable[str], md5: str, target: Path, ctx: Context) -> None:
    """Write what the first answering address sends to ``target`` and check its MD5.

    Raises :class:`DataError` when none answers or the content is another one than was published.
    """
    failures = []
    for url in urls:
        try:
            found = receive(url, target, ctx)
        except (URLError, TimeoutError, ConnectionError, HTTPException) as error:
            failures.append(f"{url}: {getattr(error, 'reason', error)}")
            continue
        if found == md5:
            return
        failures.append(f"{url}: the content is damaged")
    raise DataError(
        f"{target.name} cannot be downloaded ({'; '.join(failures)}): check the connection, or set "
        "LAB_DATA to a folder that has the data set."
    )


def receive(url: str, target: Path, ctx: Context, algorithm: str = "md5") -> str:
    """Write what one address sends to ``target``, with progress; its hash. Raises what ``urllib`` raises."""
    digest = hashlib.new(algorithm, usedforsecurity=False)
    with urllib.request.urlopen(url, timeout=_PATIENCE) as answer, target.open("wb") as file:
        total = int(answer.headers.get("Content-Length") or 0)
        done = 0
        while chunk := answer.read(_CHUNK):
            file.write(chunk)
            digest.update(chunk)
            done += len(chunk)
            ctx.report(min(done, total), total or done + _CHUNK)
    return digest.hexdigest()
