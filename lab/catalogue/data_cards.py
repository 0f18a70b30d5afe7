"""Data sets: published ones, those of the data folder, custom ones and arrays. Reads folders and headers only."""

import os
import zipfile
from dataclasses import dataclass

from lab import datafiles
from lab.datafiles import arrays
from lab.errors import DataError, LabError, no_such, quoted
from lab.home import path_of
from lab.specs.data import DataSpec, OpeningValues, published_data


@dataclass(frozen=True)
class DataCard:
    """Facts about a data set that are known before its images are read.

    ``shape`` is that of an image as a model is shown it, ``classes`` one more than the greatest label, ``class_names``
    by label, ``labels`` those that occur, perhaps with gaps. ``available`` says whether its files are there and
    readable; if not, ``note`` says in a sentence what to do. ``untrainable`` says why nothing can be trained on it;
    ``notes`` what else a user should know: the size images are scaled to, what labels mean, files that are not read.
    ``opening`` is what requests on these data open with.
    """

    name: str
    spec: DataSpec
    shape: tuple[int, int, int] | None
    classes: int | None
    n_test: int | None
    available: bool
    note: str
    n_train: int | None = None
    class_names: tuple[str, ...] = ()
    labels: tuple[int, ...] = ()
    untrainable: str = ""
    notes: tuple[str, ...] = ()
    opening: OpeningValues = OpeningValues()


def data_sets() -> list[DataCard]:
    """Every data set there is: published ones, every .npz file in ``LAB_DATA``, custom ones, this process's arrays."""
    return [_data_card(name, spec) for name, spec in named_data().items()]


def data_card(spec: DataSpec) -> DataCard:
    """The facts about one data set, listed or not."""
    return _data_card(datafiles.name_of(spec), spec)


def data_problems() -> list[str]:
    """A sentence when the folder of data sets cannot be read."""
    return datafiles.data_folder_problems()


def find_data(name: str, size: int | None = None, labels: str | None = None) -> DataSpec:
    """The data set of that name, .npz file or folder of images, these scaled to ``size`` if that is given.

    Raises :class:`DataError` naming close ones, or when a size, or a meaning of labels, is given for no folder.
    """
    known = named_data()
    if name.lower() in known or name in known:
        return datafiles.scaled(known.get(name) or known[name.lower()], size, labels)
    path = path_of(name)
    if (path.suffix == ".npz" and "://" not in name) or path.is_dir() or (path.is_file() and zipfile.is_zipfile(path)):
        return datafiles.custom_data(path, size, labels)
    if os.path.lexists(path):
        raise DataError(datafiles.no_data_set(path))
    if "://" in name:
        raise DataError(f"{quoted(name)} is an address: download it, and name the file or folder it becomes.")
    if os.path.dirname(name):
        raise DataError(f"There is no file or folder {datafiles.shown(path)}: check its path.")
    raise DataError(no_such("data set", name, known))


def named_data() -> dict[str, DataSpec]:
    """Data sets by name; of two with one name, the later one goes by its path."""
    named: dict[str, DataSpec] = {datafiles.name_of(spec): spec for spec in published_data()}
    for spec in (*datafiles.in_data_folder(), *datafiles.offered(), *arrays.registered()):
        if spec not in named.values():
            name = datafiles.name_of(spec)
            named[datafiles.printable(getattr(spec, "path", name)) if name in named else name] = spec
    return named


def _data_card(name: str, spec: DataSpec) -> DataCard:
    try:
        found = datafiles.outline(spec)
    except LabError as error:
        return DataCard(name, spec, None, None, None, False, str(error))
    return DataCard(
        name,
        spec,
        found.shape,
        found.classes,
        found.n_test,
        True,
        "",
        found.n_train,
        found.names,
        found.labels,
        found.untrainable,
        found.notes,
        found.opening,
    )
