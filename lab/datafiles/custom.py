"""Data sets that a user brings: by a path, in the folder of data sets, or offered to a server's pages."""

import json
import os
from functools import singledispatch
from pathlib import Path

from lab import outside_json
from lab.datafiles.folder import is_without_labels, natural_size
from lab.datafiles.outlines import name_of
from lab.datafiles.walk import listed
from lab.errors import DataError, LabError, one_line
from lab.home import data_folder, path_of
from lab.specs.data import PHOTO_SIDE, DataSpec, ImageFolder, NpzFile, UnlabelledFolder, published_data
from lab.specs.spec import from_dict, to_dict

OFFERED = "LAB_OWN_DATA"


def custom_data(path: Path, size: int | None = None, labels: str | None = None) -> DataSpec:
    """The .npz file or folder of images at a path; a folder's images are scaled to ``size``, or as they suggest.

    Images that lie in the folder itself, not in folders of classes, are photographs without labels. Raises
    :class:`DataError` when a size, or a meaning of labels, is given for these or for an .npz file.
    """
    folder, name = os.path.split(os.path.abspath(path))
    where = os.path.join(os.path.realpath(folder), name)  # a worker may have another working directory
    if os.path.isdir(where) and is_without_labels(Path(where)):
        return scaled(UnlabelledFolder(where), size, labels)
    if os.path.isdir(where):
        return scaled(ImageFolder(where), natural_size(Path(where)) if size is None else size, labels)
    return scaled(NpzFile(where), size, labels)


@singledispatch
def scaled(spec: DataSpec, size: int | None, labels: str | None) -> DataSpec:
    """The data set with its images scaled to another size, or with another meaning of its class folders' names.

    Raises :class:`DataError` when it is no folder of images.
    """
    if size is not None or labels is not None:
        option = "--size" if size is not None else "--labels"
        raise DataError(f"{option} is for a folder of images, but {name_of(spec)} has images and labels as they are.")
    return spec


@scaled.register
def _(spec: UnlabelledFolder, size: int | None, labels: str | None) -> UnlabelledFolder:
    if size not in (None, PHOTO_SIDE) or labels is not None:
        raise DataError(
            f"{name_of(spec)} holds images without folders of classes, which are read at {PHOTO_SIDE}×{PHOTO_SIDE} "
            "pixels as photographs without labels: put them into CLASS folders to choose --size or --labels."
        )
    return spec


@scaled.register
def _(spec: ImageFolder, size: int | None, labels: str | None) -> ImageFolder:
    return spec.replace(size=spec.size if size is None else size, labels=labels or spec.labels)


def in_data_folder() -> list[DataSpec]:
    """The .npz files of the folder of data sets; none when it is not there or cannot be read.

    What a published data set is read from is not listed again.
    """
    try:
        _, files, others = listed(data_folder())
    except LabError:
        return []
    published = {name for each in published_data() for layout in each.published.layouts for name in layout.files}
    return [
        custom_data(path) for path in sorted([*files, *others]) if path.suffix == ".npz" and path.name not in published
    ]


def data_folder_problems() -> list[str]:
    """A sentence when the folder of data sets is there and cannot be read."""
    try:
        folder = data_folder()
        if os.path.lexists(folder):
            listed(folder)
    except LabError as error:
        return [str(error)]
    return []


def offered() -> list[DataSpec]:
    """Return the custom data sets of a server: a JSON list in the environment, each a path or the spec itself."""
    try:
        records = outside_json.parse(os.environ.get(OFFERED) or "[]", paths=True)
        specs = [custom_data(path_of(each)) if isinstance(each, str) else from_dict(each) for each in records]
        found = [each for each in specs if isinstance(each, DataSpec)]
        if found != specs:
            raise TypeError("not all of it are data sets")
    except (LabError, TypeError, KeyError) as error:
        raise DataError(f"{OFFERED} should be a JSON list of paths: {one_line(str(error), 100)}.") from error
    return found


def offer(spec: DataSpec) -> None:
    """Offer a data set to every process that is started from here."""
    records = [to_dict(each) for each in (*offered(), spec)]
    os.environ[OFFERED] = json.dumps(records)
