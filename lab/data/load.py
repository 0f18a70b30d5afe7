"""``load``: the data set that a spec names, read once per process."""

from functools import singledispatch

import torch

from lab import datafiles
from lab.context import Context
from lab.data.dataset import Dataset, Split
from lab.downloads import download as fetch
from lab.errors import DataError
from lab.recent import Recent
from lab.specs.data import DataSpec

KEPT = 4  # data sets held in memory; CIFAR-10 is 180 MB
_DARK = 1.001 / 255  # the darkest grey but black, and rounding

_recent: Recent[tuple[DataSpec, str, datafiles.Outline], Dataset] = Recent(KEPT)


def load(spec: DataSpec, ctx: Context = Context(), download: bool = False) -> Dataset:
    """The images and labels of a data set. It is fetched from the network only if ``download`` and not there.

    Raises :class:`DataError` in one sentence: which file, which array, and how to fix it.
    """
    if download:
        fetch(spec, ctx.part(0, 2))
        ctx = ctx.part(1, 2)
    outline = datafiles.outline(spec)
    key = (spec, datafiles.fingerprint(spec), outline)
    with _recent.lock:  # two pages that ask at once read it once
        found = _recent.get(key)
        if found is None:
            train, test, notes = read(spec, ctx)
            name, notes = datafiles.name_of(spec), (*_about_darkness(train, test), *outline.notes, *notes)
            found = Dataset(name, train, test, outline.names, key[1], notes)
            _recent.keep(key, found)
    ctx.report(1, 1)
    return found


def _about_darkness(*splits: Split) -> tuple[str, ...]:
    """A sentence on images in which a person sees nothing, because the values in their file mean something else."""
    if 0 < max((_brightest(each.x) for each in splits if each.x.numel()), default=0.0) <= _DARK:
        return (
            "All images are almost black (1 of 255 at most): were 0 and 1 saved as uint8, or divided by 255 twice?",
        )
    return ()


def _brightest(x: torch.Tensor) -> float:
    value = float(x.max())
    return value / 255 if x.dtype == torch.uint8 else value


@singledispatch
def read(spec: DataSpec, ctx: Context) -> tuple[Split, Split, tuple[str, ...]]:
    """Training split (perhaps empty), test split, and notes for the user, from files that are there."""
    raise DataError(f"The data set {type(spec).__name__} has no reader: register one with lab.data.load.read.")
