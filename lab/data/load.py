"""``load``: the data set that a spec names, read once per process."""

from collections import OrderedDict
from functools import singledispatch
from threading import Lock

from lab import datafiles
from lab.context import Context
from lab.data.dataset import Dataset, Split
from lab.data.download import download as fetch
from lab.errors import DataError
from lab.specs.data import DataSpec

KEPT = 4  # data sets held in memory; CIFAR-10 is 180 MB

_recent: OrderedDict[tuple[DataSpec, str], Dataset] = OrderedDict()
_lock = Lock()


def load(spec: DataSpec, ctx: Context = Context(), download: bool = False) -> Dataset:
    """The images and labels of a data set. It is fetched from the network only if ``download`` and not there.

    Raises :class:`DataError` in one sentence: which file, which field, and how to mend it.
    """
    if download:
        fetch(spec, ctx.part(0, 2))
        ctx = ctx.part(1, 2)
    key = (spec, datafiles.fingerprint(spec))
    with _lock:  # two pages that ask at once read it once
        if key not in _recent:
            train, test, class_names = read(spec, ctx)
            _recent[key] = Dataset(datafiles.name_of(spec), train, test, class_names, key[1])
        ctx.report(1, 1)
        _recent.move_to_end(key)
        while len(_recent) > KEPT:
            _recent.popitem(last=False)
        return _recent[key]


@singledispatch
def read(spec: DataSpec, ctx: Context) -> tuple[Split, Split, tuple[str, ...]]:
    """Training split, test split and class names, read from files that are there and checked."""
    raise DataError(f"There is no data set of the kind {type(spec).__name__}.")
