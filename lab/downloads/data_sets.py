"""Published data sets from their authors' addresses, or a mirror of one's own, checked by their MD5."""

import errno
import gzip
import hashlib
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from filelock import FileLock, Timeout

from lab import datafiles
from lab.context import Context
from lab.downloads.receive import Unreceived, receive
from lab.errors import DataError, one_sentence
from lab.files import publish
from lab.home import data_folder
from lab.specs.data import DataSpec, Download, Publication, PublishedData, published_data
from lab.specs.spec import title_of

MIRROR = "LAB_MIRROR"
"""Names an address that has every data set's files in a folder of the set's name; it is asked before their authors'."""

_PARTS = ".downloads"  # in the folder of data sets: what has arrived of files that are not whole
_LOOK = 0.5  # seconds between two looks whether another process has finished the same download


@dataclass(frozen=True)
class Offer:
    """A data set that is not here and can be downloaded: how many bytes, from which host, into which folder."""

    spec: PublishedData
    title: str
    size: int
    host: str
    folder: Path

    @property
    def words(self) -> str:
        """The offer in words, "MNIST, 12 MB, from HOST into FOLDER"."""
        return f"{self.title}, {self.size / 1e6:,.0f} MB, from {self.host} into {datafiles.shown(self.folder)}"


def offers() -> list[Offer]:
    """Every published data set that is not here and can be downloaded."""
    return [found for spec in published_data() if (found := offer_of(spec))]


def offer_of(spec: DataSpec) -> Offer | None:
    """The offer to download a data set; None when it is here, or cannot be downloaded."""
    if not isinstance(spec, PublishedData) or not spec.published.downloads or _is_here(spec):
        return None
    size = sum(each.size for each in spec.published.downloads)
    host = urlsplit(_mirrors(spec.published)[0]).netloc
    return Offer(spec, title_of(spec), size, host, data_folder())


def download(spec: DataSpec, ctx: Context = Context()) -> None:
    """Put a published data set's files where :func:`lab.datafiles.files` looks for them, unless they are there.

    What has arrived when this ends early is kept, and the next download goes on from there; files get their names only
    whole and checked. Raises :class:`DataError` when no host can be reached, what comes is something else than was
    published, or the folder has no room or cannot be written to.
    """
    offer = offer_of(spec)
    if offer is None:
        return
    parts = offer.folder / _PARTS / offer.spec.published.name
    try:
        parts.mkdir(parents=True, exist_ok=True)
        with _alone(parts, ctx):
            if not _is_here(spec):
                _require_room(offer, parts)
                _download(offer, parts, ctx)
                shutil.rmtree(parts)
    except OSError as error:
        raise _unwritable(offer, error) from error


def _is_here(spec: DataSpec) -> bool:
    try:
        return bool(datafiles.files(spec))
    except DataError:
        return False


def _mirrors(row: Publication) -> list[str]:
    """The addresses to ask, each ending in a slash."""
    own = os.environ.get(MIRROR, "").strip()
    if own and urlsplit(own).scheme not in ("http", "https"):
        raise DataError(f"{MIRROR} should be an address that begins with http:// or https://, not {own:.60}.")
    return [*([f"{own.rstrip('/')}/{row.name}/"] if own else []), *row.mirrors]


@contextmanager
def _alone(parts: Path, ctx: Context) -> Iterator[None]:
    """Wait until no other process downloads the same data set."""
    lock = FileLock(parts.with_suffix(".lock"))
    while True:
        try:
            lock.acquire(timeout=_LOOK)
            break
        except Timeout:
            ctx.named("waiting for another page or command that downloads it").report(0, 1)
    try:
        yield
    finally:
        lock.release()


def _require_room(offer: Offer, parts: Path) -> None:
    """Refuse a download for which the disk has no room, packed and unpacked."""
    row = offer.spec.published
    arrived = sum(each.stat().st_size for each in parts.iterdir() if each.is_file())
    needed = offer.size - arrived + (row.n_train + row.n_test) * (row.most_bytes() // max(row.n_train, 1))
    free = shutil.disk_usage(parts).free
    if free < needed:
        raise DataError(
            f"{offer.title} takes {needed / 1e6:,.0f} MB while it is unpacked, but {free / 1e6:,.0f} MB are free in "
            f"{datafiles.shown(offer.folder)}: make room there, or set LAB_DATA to another folder."
        )


def _download(offer: Offer, parts: Path, ctx: Context) -> None:
    row = offer.spec.published
    place = offer.folder / row.layouts[0].folder
    place.mkdir(parents=True, exist_ok=True)
    done = 0
    for each in row.downloads:
        if not _is_landed(each, place):
            packed = parts / each.name
            part = ctx.span(done, done + each.size, offer.size)
            _fetch(offer, each, packed, part)
            part.named(f"unpacking {each.name}").report(1, 1)
            with tempfile.TemporaryDirectory(dir=parts) as scratch:
                for unpacked in _unpacked(packed, row, Path(scratch)):
                    publish(unpacked, place / unpacked.name)
            packed.unlink(missing_ok=True)
        done += each.size
    ctx.report(1, 1)


def _is_landed(each: Download, place: Path) -> bool:
    """Whether a download that is a single file is there, unpacked, from an earlier try."""
    return (place / each.name.removesuffix(".gz")).is_file()


def _fetch(offer: Offer, each: Download, packed: Path, ctx: Context) -> None:
    """Have the first address that can send the published file; what an earlier try left is its beginning."""
    failures: dict[str, Unreceived] = {}
    for mirror in _mirrors(offer.spec.published):
        host = urlsplit(mirror).netloc
        try:
            _fetch_from(mirror + each.name, each, packed, ctx.named(f"downloading {offer.title} from {host}"))
            return
        except Unreceived as failure:
            failures[host] = failure
    what = "; ".join(f"{host}: {failure.words}" for host, failure in failures.items())
    remedy = next(reversed(failures.values())).remedy
    raise DataError(one_sentence(f"{offer.title} cannot be downloaded (", what, f"): {remedy}."))


def _fetch_from(url: str, each: Download, packed: Path, ctx: Context) -> None:
    """Have a file from one address; what it adds to the beginning of another file is left, and all of it asked for."""
    begun = packed.exists()
    receive(url, packed, ctx, _most(each))
    if _md5(packed) == each.md5:
        return
    packed.unlink()
    if not begun:
        raise Unreceived("what it sends is not the published file", "try again later, or over another connection")
    _fetch_from(url, each, packed, ctx)


def _most(each: Download) -> int:
    """Bytes of which a file may be, its stated size being one for people."""
    return 2 * each.size + 2**20


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _unpacked(packed: Path, row: Publication, scratch: Path) -> list[Path]:
    """The data set's files that a download holds, in ``scratch``: of an archive those of the layout, no others."""
    if packed.name.endswith(".tar.gz"):
        return _members(packed, row, scratch)
    unpacked = scratch / packed.name.removesuffix(".gz")
    if unpacked.name == packed.name:
        return [packed.rename(unpacked)]
    with gzip.open(packed) as source, unpacked.open("wb") as target:
        shutil.copyfileobj(source, target)
    return [unpacked]


def _members(packed: Path, row: Publication, scratch: Path) -> list[Path]:
    layout = row.layouts[0]
    wanted = {f"{layout.folder}/{name}": scratch / layout.folder / name for name in layout.files}
    with tarfile.open(packed) as archive:
        for member in archive:
            if member.name in wanted and member.isreg() and member.size <= row.most_bytes():
                archive.extract(member, scratch, filter="data")
    missing = [name for name, path in wanted.items() if not path.is_file()]
    if missing:
        raise DataError(f"{packed.name} has no {missing[0]}: download the data set again, or tell the lab's authors.")
    return list(wanted.values())


def _unwritable(offer: Offer, error: OSError) -> DataError:
    """The sentence about a folder in which a download cannot be written."""
    where = datafiles.shown(offer.folder)
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return DataError(f"The disk of {where} is full: make room there, and the download goes on where it stopped.")
    why = error.strerror or str(error)
    return DataError(f"{where} cannot be written to ({why}): set LAB_DATA (or --data-dir) to a folder of your own.")
