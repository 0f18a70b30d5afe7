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

from torchvision import datasets

from lab import datafiles
from lab.context import Context
from lab.datafiles.outlines import BATCHES
from lab.errors import DataError
from lab.files import publish
from lab.home import data_folder
from lab.specs.data import CIFAR10, MNIST, DataSpec, FashionMNIST

_CHUNK = 1 << 16
_PATIENCE = 30.0  # seconds without an answer
_CIFAR10 = ("https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz", "c32a1d4ab5d03f1284b67883e8d87530")


def download(spec: DataSpec, ctx: Context = Context()) -> None:
    """Put a published data set's files where :func:`lab.datafiles.files` looks for them, unless they are there.

    Raises :class:`DataError` when there is no network or what arrives is damaged; half a file is never left.
    """
    if not isinstance(spec, (MNIST, FashionMNIST, CIFAR10)) or _is_there(spec):
        return
    try:
        if isinstance(spec, CIFAR10):
            _download_cifar10(ctx)
        else:
            _download_idx(type(spec).__name__, ctx)
    except OSError as error:
        raise DataError(f"{data_folder()} cannot be written to ({error}): set LAB_DATA to another folder.") from error


def _is_there(spec: DataSpec) -> bool:
    try:
        return bool(datafiles.files(spec))
    except DataError:
        return False


def _download_idx(name: str, ctx: Context) -> None:
    published = getattr(datasets, name)
    folder = data_folder() / name / "raw"
    folder.mkdir(parents=True, exist_ok=True)
    for i, (file_name, md5) in enumerate(published.resources):
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            packed, unpacked = Path(scratch, file_name), Path(scratch, "unpacked")
            part = ctx.part(i, len(published.resources), f"downloading {file_name}")
            fetch([mirror + file_name for mirror in published.mirrors], md5, packed, part)
            with gzip.open(packed) as source, unpacked.open("wb") as target:
                shutil.copyfileobj(source, target)
            publish(unpacked, folder / file_name.removesuffix(".gz"))


def _download_cifar10(ctx: Context) -> None:
    url, md5 = _CIFAR10
    folder = data_folder() / "cifar-10-batches-bin"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        packed = Path(scratch, "cifar-10-binary.tar.gz")
        fetch([url], md5, packed, ctx.part(0, 1, f"downloading {packed.name}"))
        with tarfile.open(packed) as archive:
            archive.extractall(scratch, filter="data")
        for name in BATCHES:
            publish(Path(scratch, "cifar-10-batches-bin", name), folder / name)


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
        f"{target.name} cannot be downloaded ({'; '.join(failures)}): check the network, or set LAB_DATA to a folder "
        "that has the data set."
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
