"""Names of data sets, the files they are read from, facts in their headers, and a hash over their content."""

import hashlib
import os
from dataclasses import dataclass, replace
from functools import lru_cache, singledispatch
from pathlib import Path

import numpy as np

from lab.datafiles import arrays
from lab.datafiles.checks import why_untrainable
from lab.datafiles.files import file_hash, present, printable, shown, stamp
from lab.datafiles.folder import about_unread, images, loose_images, notes, survey
from lab.datafiles.npz import Npz
from lab.datafiles.packages import PHOTOS, package_files
from lab.datafiles.published import published_files
from lab.errors import DataError
from lab.specs.data import (
    COLOUR_OPENING,
    IMAGENET_CLASSES,
    PHOTO_OPENING,
    PHOTO_SIDE,
    DataSpec,
    Digits,
    Drawn,
    ImageFolder,
    LiveData,
    NpzFile,
    OpeningValues,
    Photos,
    PublishedData,
    UnlabelledFolder,
)

_CROPPED = f"centre crops of {PHOTO_SIDE}×{PHOTO_SIDE} pixels, of the image scaled to a shorter side of 256"


@dataclass(frozen=True)
class Outline:
    """Facts in a data set's headers and labels, known before its images are read.

    ``shape`` (channels, height, width) of an image as a model is shown it; ``classes`` one more than the greatest
    label; ``names`` of the classes, by label; ``labels`` that occur, rising and perhaps with gaps; ``untrainable`` why
    nothing can be trained on it, in a sentence, or nothing; ``notes`` further sentences a user should know: the size,
    what labels mean, files that are not read. ``opening`` is what requests on these data open
    with.
    """

    shape: tuple[int, int, int]
    classes: int
    n_test: int
    n_train: int
    names: tuple[str, ...] = ()
    labels: tuple[int, ...] = ()
    untrainable: str = ""
    notes: tuple[str, ...] = ()
    opening: OpeningValues = OpeningValues()


@singledispatch
def name_of(spec: DataSpec) -> str:
    """Return the name of a data set: its published name, or the name of its file or folder."""
    raise _unknown(spec)


@name_of.register
def _(spec: PublishedData) -> str:
    return spec.published.name


@name_of.register
def _(spec: NpzFile) -> str:
    return printable(Path(spec.path).stem)


@name_of.register(ImageFolder)
@name_of.register(UnlabelledFolder)
def _(spec: ImageFolder | UnlabelledFolder) -> str:
    return printable(Path(spec.path).name or spec.path)  # the name of / is empty


@name_of.register
def _(spec: LiveData) -> str:
    return spec.name


@name_of.register
def _(spec: Drawn) -> str:
    return f"{name_of(spec.data)} and your drawing"


@singledispatch
def kind_of(spec: DataSpec) -> str:
    """Return the name of the data set of whose kind the images are: models trained on it are at home on them."""
    return name_of(spec)


@kind_of.register
def _(_: UnlabelledFolder) -> str:
    return Photos.published.name


@kind_of.register
def _(spec: Drawn) -> str:
    return kind_of(spec.data)


@singledispatch
def files(spec: DataSpec) -> tuple[Path, ...]:
    """Every file a data set is read from. Raises :class:`DataError`, with the remedy, when one is not there."""
    raise _unknown(spec)


@files.register
def _(_: Digits) -> tuple[Path, ...]:
    remedy = "pip install scikit-learn"
    return package_files("sklearn", "datasets/data", ["digits.csv.gz"], "The digits come with scikit-learn", remedy)


@files.register
def _(_: Photos) -> tuple[Path, ...]:
    names = [f"imagenet_{number:02d}_{label}.jpg" for number, label in enumerate(Photos.labels)]
    return package_files("foolbox", "data", names, "The photographs come with foolbox", PHOTOS)


@files.register
def _(spec: PublishedData) -> tuple[Path, ...]:
    return published_files(spec.published)[1]


@files.register
def _(spec: Drawn) -> tuple[Path, ...]:
    return files(spec.data)


@files.register
def _(spec: NpzFile) -> tuple[Path, ...]:
    path = Path(spec.path)
    return present(path.parent, [path.name], "give the path of an existing .npz file")


@files.register
def _(spec: ImageFolder) -> tuple[Path, ...]:
    return images(spec)


@files.register
def _(spec: UnlabelledFolder) -> tuple[Path, ...]:
    return loose_images(Path(spec.path))[0]


@files.register
def _(_: LiveData) -> tuple[Path, ...]:
    return ()  # its spec itself holds the hash of its content


@singledispatch
def outline(spec: DataSpec) -> Outline:
    """Read a data set's headers, but not its images. Raises :class:`DataError` in one sentence."""
    raise _unknown(spec)


@outline.register
def _(spec: PublishedData) -> Outline:
    row = spec.published
    part = published_files(row)[0].part if row.layouts else None
    if not row.layouts:
        files(spec)
    labels = tuple(range(len(row.classes)))
    whole = Outline(row.shape, len(labels), row.n_test, row.n_train, row.classes, labels, opening=row.opening)
    if part is None:
        return whole
    train, test = part
    words = f"{train:,} of its {row.n_train:,} training and {test:,} of its {row.n_test:,} test images"
    return replace(whole, n_train=train, n_test=test, notes=(f"Only a part of {spec.title} is here: {words}.",))


@outline.register
def _(spec: Drawn) -> Outline:
    found = outline(spec.data)
    words = f"Train on {name_of(spec.data)} itself: a drawing is there to be attacked."
    return replace(found, n_test=found.n_test + 1, n_train=0, untrainable=words)


def drawing_at(spec: Drawn) -> int:
    """The position of the drawing among the test images."""
    return outline(spec).n_test - 1


@outline.register
def _(spec: Photos) -> Outline:
    files(spec)
    row, y = spec.published, np.array(spec.labels)
    return Outline(
        row.shape,
        len(row.classes),
        row.n_test,
        0,
        row.classes,
        tuple(map(int, np.unique(y))),
        why_untrainable(row.name, y[:0], len(row.classes)),
        (f"The photographs are {_CROPPED}.",),
        row.opening,
    )


@outline.register
def _(spec: UnlabelledFolder) -> Outline:
    found, unread = loose_images(Path(spec.path))
    classes = len(IMAGENET_CLASSES)
    return Outline(
        (3, PHOTO_SIDE, PHOTO_SIDE),
        classes,
        len(found),
        0,
        IMAGENET_CLASSES,
        tuple(range(classes)),
        why_untrainable(shown(spec.path), np.zeros(0, np.int64), classes),
        (
            f"The photographs of {name_of(spec):.40} are {_CROPPED}.",
            f"They have no labels: what {spec.labeller} predicts on the clean image counts as the label.",
            *about_unread(Path(spec.path), unread),
        ),
        PHOTO_OPENING,
    )


@outline.register
def _(spec: ImageFolder) -> Outline:
    found = survey(spec)
    train = np.repeat(found.labels, [len(found.train.get(name, ())) for name in found.classes])
    return Outline(
        (3, spec.size, spec.size),
        len(found.names),
        sum(map(len, found.test.values())),
        len(train),
        found.names,
        tuple(sorted(found.labels)),
        why_untrainable(shown(spec.path), train, len(found.names)),
        tuple(notes(found, spec)),
        _opening_of((3, spec.size, spec.size)),
    )


@outline.register
def _(spec: LiveData) -> Outline:
    images, y = arrays.find(spec)
    classes = int(y.max()) + 1
    return Outline(
        images.shape[1:],
        classes,
        len(y),
        0,
        tuple(map(str, range(classes))),
        tuple(map(int, np.unique(y))),
        why_untrainable(spec.name, y[:0], classes),
        opening=_opening_of(images.shape[1:]),
    )


@outline.register
def _(spec: NpzFile) -> Outline:
    found = _npz_outline(*stamp(files(spec)[0]))
    if isinstance(found, str):
        raise DataError(found)
    return found


@lru_cache(maxsize=64)
def _npz_outline(path: Path, _size: int, _changed: int) -> Outline | str:
    """The outline of an .npz file, or the sentence about what is wrong with it: neither is found out twice."""
    try:
        npz = Npz(path)
        train, test = npz.labels("train"), npz.labels("test")
    except DataError as error:
        return str(error)
    labels = np.union1d(train, test)
    classes = int(labels.max()) + 1
    return Outline(
        npz.shape,
        classes,
        len(test),
        len(train),
        tuple(map(str, range(classes))),
        tuple(map(int, labels)),
        why_untrainable(npz.where, train, classes),
        opening=_opening_of(npz.shape),
    )


def _opening_of(shape: tuple[int, int, int]) -> OpeningValues:
    """What requests on custom images open with: by their colour and size, which is all that is known of them."""
    if shape[0] == 1:
        return OpeningValues()
    return PHOTO_OPENING if min(shape[1:]) >= PHOTO_SIDE else COLOUR_OPENING


@singledispatch
def opening(spec: DataSpec) -> OpeningValues:
    """Return what requests on these data open with."""
    return outline(spec).opening


@opening.register
def _(spec: PublishedData) -> OpeningValues:
    return spec.published.opening  # whether or not its files are there


def require_trainable(spec: DataSpec) -> None:
    """Refuse data without training images, or without any of a class. Raises :class:`DataError`."""
    if sentence := outline(spec).untrainable:
        raise DataError(sentence)


def _unknown(spec: DataSpec) -> DataError:
    return DataError(f"There is no data set of the kind {type(spec).__name__}.")


@singledispatch
def _file_names(spec: DataSpec, found: tuple[Path, ...]) -> list[str]:
    return [path.name for path in found]


@_file_names.register(ImageFolder)
@_file_names.register(UnlabelledFolder)
def _(spec: ImageFolder | UnlabelledFolder, found: tuple[Path, ...]) -> list[str]:
    return [path.relative_to(spec.path).as_posix() for path in found]  # a folder's name is its images' label


def fingerprint(spec: DataSpec) -> str:
    """A hash over the content of a data set's files, and over their names."""
    found = files(spec)
    lines = [
        os.fsencode(f"{name} {file_hash(path)}") for name, path in zip(_file_names(spec, found), found, strict=True)
    ]
    return hashlib.sha256(b"\n".join(lines)).hexdigest()
