"""Folders of images: which files are images, which folder is which class, and what is not read."""

import os
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lab.datafiles.checks import MOST_CLASSES
from lab.datafiles.files import printable, shown
from lab.datafiles.walk import images_below, is_image, listed, opened_image
from lab.errors import DataError
from lab.specs.data import ImageFolder, published_data

LARGEST = 224
"""Height and width at most, unless a size is asked for."""

_USUAL = (32, 64, 128, LARGEST)
_SAMPLE = 16  # images whose headers tell the size of all
_TRAIN = ("train", "training")
_TEST = ("test", "testing", "val", "valid", "validation", "eval", "evaluation")
_SPLITS = (*_TRAIN, *_TEST)
Classes = dict[str, tuple[Path, ...]]


@dataclass(frozen=True)
class Survey:
    """Content of a folder of images: the images of each class in ``train`` and ``test``, in the order of the labels.

    ``labels`` (classes,) the label of each class; ``unread`` what is visible there and is no image, cannot be
    reached or lies outside the class folders.
    """

    root: Path
    train: Classes
    test: Classes
    labels: tuple[int, ...]
    unread: tuple[Path, ...]

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the class folders."""
        return tuple(self.train or self.test)

    def labelled(self) -> Iterator[tuple[str, int]]:
        """Each class folder's name with its label."""
        return zip(self.classes, self.labels, strict=True)

    @property
    def names(self) -> tuple[str, ...]:
        """The name of every label from 0 to the greatest; one that no folder has is called by its number."""
        named = {label: name for name, label in self.labelled()}
        return tuple(printable(named.get(label, str(label))) for label in range(max(self.labels) + 1))


@dataclass(frozen=True)
class _Found:
    """The images of each class as they lie there, whether or not that makes a data set."""

    root: Path
    train_folder: Path | None
    train: Classes
    test_folder: Path
    test: Classes
    unread: tuple[Path, ...]


def images(spec: ImageFolder) -> tuple[Path, ...]:
    """Every image of a folder, training images first. Raises :class:`DataError` when it cannot be read."""
    found = _found(spec)
    return tuple(path for split in (found.train, found.test) for paths in split.values() for path in paths)


def survey(spec: ImageFolder) -> Survey:
    """Look through a folder: ``train/CLASS/`` and ``test/CLASS/`` (or ``val/`` …), or ``CLASS/`` alone for a test.

    Hidden and system files are skipped, links to folders followed, each folder once. Raises :class:`DataError` in one
    sentence when there are no classes, when one has no image, or when the labels asked for are no numbers.
    """
    found = _found(spec)
    test = _matched(found) if found.train_folder else found.test
    if len(test) > 1 and not found.train_folder and {name.casefold() for name in test} <= set(_SPLITS):
        raise DataError(
            f"{shown(found.root)} has images in {' and '.join(test)} themselves: put them into a folder for each "
            "class there, such as test/CLASS/."
        )
    if not found.train_folder:
        _require_classes(found.test_folder, tuple(test))
    if not any(test.values()):
        where = f"{shown(found.test_folder)} has no images in CLASS folders"
        raise DataError(f"{where}{_among(found.unread)}: put some there.")
    labels = _labels(spec, tuple(found.train or test), bool(found.train))
    return Survey(found.root, found.train, test, labels, found.unread)


def _found(spec: ImageFolder) -> _Found:
    root = Path(spec.path)
    if not os.path.isdir(root):
        raise DataError(f"There is no folder {shown(root)}: give the path of an existing folder of images.")
    folders, files, _ = listed(root)
    splits = {path.name.casefold(): path for path in reversed(folders) if _is_split(path)}
    train_folder = next((splits[name] for name in _TRAIN if name in splits), None)
    test_folder = next((splits[name] for name in _TEST if name in splits), None if train_folder else root)
    if test_folder is None:
        raise DataError(f"{shown(root)} has no folder test or val: put its test images in test/CLASS/.")
    train, unread = _classes(train_folder) if train_folder else ({}, [])
    test, more = _classes(test_folder)
    if not train_folder:  # other things may lie beside the classes
        test = {name: paths for name, paths in test.items() if paths}
    beside = [] if test_folder == root else [*folders, *filter(is_image, files)]  # as val, where there is a test
    unread += [path for path in beside if path not in (train_folder, test_folder)]
    return _Found(root, train_folder, train, test_folder, test, (*unread, *more))


def loose_images(folder: Path) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """The images that lie in a folder itself, in the order of their names, and the visible entries that are not read.

    Raises :class:`DataError` when there is no such folder or no image in it.
    """
    if not os.path.isdir(folder):
        raise DataError(f"There is no folder {shown(folder)}: give the path of an existing folder of images.")
    folders, files, others = listed(folder)
    found = tuple(filter(is_image, files))
    unread = tuple(sorted({*folders, *files, *others} - {*found}))
    if not found:
        raise DataError(f"{shown(folder)} has no images{_among(unread)}: put some there.")
    return found, unread


def is_without_labels(path: Path) -> bool:
    """Return whether a folder's images lie in it, not in folders of classes."""
    try:
        loose_images(path)
    except DataError:
        return False
    try:
        return not survey(ImageFolder(str(path)))
    except DataError:
        return True


def is_image_folder(path: Path) -> bool:
    """Return whether a folder is one of images, rather than one that holds data sets."""
    if (path / "train").is_dir():
        return True
    layouts = [layout for each in published_data() for layout in each.published.layouts if layout.folder]
    if any((path / each.folder.partition("/")[0]).is_dir() for each in layouts) or any(path.glob("*.npz")):
        return False
    try:
        return bool(survey(ImageFolder(str(path))))
    except DataError:
        return is_without_labels(path)


def natural_size(path: Path) -> int:
    """The size to which a folder's images are scaled unless another is asked for, from the headers of some of them.

    That of the images if they are squares of one size up to 224; else the largest of 32, 64, 128 and 224 that
    enlarges none of them, and at least 32.
    """
    try:
        found = images(ImageFolder(str(path)))
    except DataError:
        return _USUAL[0]
    step = max(1, len(found) // _SAMPLE)
    sizes = {size for path in found[::step] if (size := _header_size(path))}
    sides = {side for size in sizes for side in size}
    if len(sides) == 1 and 8 <= min(sides) <= LARGEST:
        return min(sides)
    return max((usual for usual in _USUAL if sides and usual <= min(sides)), default=_USUAL[0])


def _header_size(path: Path) -> tuple[int, int] | None:
    try:
        with opened_image(path) as image:
            return image.size
    except Exception:  # whatever a damaged header makes Pillow stumble over; reading the image says it
        return None


def _is_split(path: Path) -> bool:
    """Return whether a folder holds classes: not one of images, as of a class that is called train."""
    if path.name.casefold() not in _SPLITS or not os.path.isdir(path):
        return False
    folders, files, _ = listed(path)
    return bool(folders) or not any(map(is_image, files))


def _classes(folder: Path) -> tuple[Classes, list[Path]]:
    """The images of each class folder, by composed name, in the order of the labels; and what is not read."""
    folders, files, others = listed(folder)
    found: dict[str, list[Path]] = {}
    unread = [*files, *others] if folder.name.casefold() in _SPLITS else [path for path in files if is_image(path)]
    for each in folders:
        images, more = images_below(each)
        found.setdefault(unicodedata.normalize("NFC", each.name), []).extend(images)
        unread += more
    return {name: tuple(found[name]) for name in _ordered(found)}, unread


def _ordered(names: Iterable[str]) -> list[str]:
    """Names of digits only in the order of their numbers, others in that of their letters."""
    names = sorted(names)
    return sorted(names, key=int) if all(map(_is_number, names)) else names


def _is_number(name: str) -> bool:
    return name.isascii() and name.isdecimal() and len(name) < 100


def _matched(found: _Found) -> Classes:
    """The test images of every class of training, in its order."""
    for name, paths in found.train.items():
        if not paths:
            folder = found.train_folder or found.root
            inside = [path for path in found.unread if path.is_relative_to(folder / name)]
            where = f"{shown(found.root)}/{folder.name}/{printable(name):.40}"
            raise DataError(f"{where} has no images{_among(inside)}: add some, or remove the class.")
    for name in found.test:
        if name not in found.train:
            where = f"{shown(found.root)}/{found.test_folder.name}/{printable(name):.40}"
            raise DataError(f"{where} is not a class of train: give both the same class folders.")
    return {name: found.test.get(name, ()) for name in found.train}


def _require_classes(folder: Path, names: tuple[str, ...]) -> None:
    """Refuse folders that are splits under other names, or hold splits: their images would all get one label."""
    words = [set(re.split(r"[^a-z]+", name.casefold())) for name in names]
    if any(each & set(_TRAIN) for each in words) and all(each & set(_SPLITS) for each in words):
        raise DataError(
            f"{shown(folder)} has folders {' and '.join(map(printable, names)):.80}, which sound like splits: "
            "call them train and test, and the folders of classes in them by the classes."
        )
    inside = {path.name.casefold() for path in listed(folder / names[0])[0]} if len(names) == 1 else set()
    if inside & set(_TRAIN) and inside & set(_TEST):
        raise DataError(
            f"{shown(folder)} has no classes, but {printable(names[0]):.40} in it has train and test: name that."
        )


def _labels(spec: ImageFolder, names: tuple[str, ...], trainable: bool) -> tuple[int, ...]:
    in_order = tuple(range(len(names)))
    if spec.labels == "in order":
        return in_order
    numbers = tuple(int(name) for name in names if _is_number(name))
    usable = len(set(numbers)) == len(names) and max(numbers) < MOST_CLASSES
    if spec.labels == "numbers" and not usable:
        raise DataError(
            f"{shown(spec.path)}: the class folders must be called by different numbers below {MOST_CLASSES:,} to be "
            "labels: rename them, or count them in order."
        )
    counted = usable and numbers[-1] - numbers[0] == len(names) - 1 and numbers[0] in (0, 1)
    return numbers if spec.labels == "numbers" or (usable and not trainable and not counted) else in_order


def _among(unread: Sequence[Path]) -> str:
    return f" ({len(unread):,} not read, such as {printable(unread[0].name):.40})" if unread else ""


def notes(found: Survey, spec: ImageFolder) -> Iterator[str]:
    """Return notes on which a number depends: image size, labels, and files that are not read."""
    name = printable(found.root.name)
    yield f"The images of {name:.40} are scaled to {spec.size}×{spec.size} pixels (--size N chooses another size)."
    yield from _about_labels(found)
    yield from about_unread(found.root, found.unread)


def about_unread(root: Path, unread: Sequence[Path]) -> Iterator[str]:
    """A sentence about files, and folders with all that is in them, that are not read, if there are any."""
    if unread:
        count, first = len(unread), shown(unread[0].relative_to(root))
        folders = sum(map(os.path.isdir, unread))
        kinds = "folders" if folders == count else "files and folders" if folders else "files"
        yield (
            f"1 {kinds[:-1]} is not read: {first}."
            if count == 1
            else f"{count:,} {kinds} are not read, such as {first}."
        )


def _about_labels(found: Survey) -> Iterator[str]:
    """Explain the labels, unless they are 0, 1, … as the class folders are called."""
    numbered = all(map(_is_number, found.classes))
    in_order = found.labels == tuple(range(len(found.labels)))
    if not in_order:
        yield f"Labels: the class folders' own numbers, such as {found.labels[0]} (--labels 'in order' counts them)."
    elif numbered and [str(label) for label in found.labels] != list(found.classes):
        yield f"Labels: {_mapping(found)} (--labels numbers takes the class folders' own)."
    elif not numbered:
        yield f"Labels: {_mapping(found)}."


def _mapping(found: Survey) -> str:
    pairs = [f"{label} = {printable(name):.40}" for name, label in found.labelled()]
    return ", ".join(pairs if len(pairs) <= 6 else [*pairs[:3], "…", pairs[-1]])
