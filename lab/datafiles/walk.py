"""Walking through folders: which entries are images, which are folders to follow, and which a user does not see."""

import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import IO, TYPE_CHECKING

from lab.datafiles.files import shown
from lab.errors import DataError

if TYPE_CHECKING:
    import PIL.Image

# Pillow's names of what is read: image files only, and none that starts another program.
_FORMATS = (
    *("AVIF", "BMP", "DDS", "DIB", "GIF", "ICO", "JPEG", "JPEG2000", "PCX", "PNG", "PPM", "QOI", "SGI"),
    *("TGA", "TIFF", "WEBP", "XBM", "XPM"),
)
_SYSTEM = frozenset(
    {
        *("__macosx", "@eadir", "@recycle", "#recycle", "#snapshot", "$recycle.bin", "lost+found", "thumbs.db"),
        *("ehthumbs.db", "desktop.ini", "icon\r", "system volume information"),
    }
)

MOST_OTHERS = 10_000
"""Folders, and files that are no images, below a class folder with few images: a whole disk is walked no further."""

_TO_AN_IMAGE = 10  # of them may come with each image


@lru_cache(maxsize=1)
def image_formats() -> tuple[str, ...]:
    """Pillow's names of the formats that are read, as far as it can read them here."""
    from PIL import Image

    Image.init()
    return tuple(each for each in _FORMATS if each in Image.OPEN)


@contextmanager
def opened_image(file: Path | IO[bytes]) -> "Iterator[PIL.Image.Image]":
    """An image file, open; nothing has been decoded yet. Pillow's words about it are not for the terminal.

    They are of its size, and of damaged tags that the image itself does not need.
    """
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        warnings.filterwarnings("ignore", module=r"PIL\.")
        with Image.open(file, formats=image_formats()) as image:
            yield image


@lru_cache(maxsize=1)
def _suffixes() -> frozenset[str]:
    """The endings of files that can be read here."""
    from PIL import Image

    known = Image.registered_extensions()
    return frozenset(suffix for suffix, form in known.items() if form in image_formats())


def listed(folder: Path) -> tuple[list[Path], list[Path], list[Path]]:
    """The visible folders, files and other entries of a folder, each in the order of their names."""
    folders: list[Path] = []
    files: list[Path] = []
    others: list[Path] = []
    try:
        with os.scandir(folder) as entries:
            for entry in sorted(entries, key=lambda each: each.name):
                if not _is_hidden(entry.name):
                    (folders if _is(entry.is_dir) else files if _is(entry.is_file) else others).append(Path(entry.path))
    except OSError as error:
        raise DataError(f"{shown(folder)} cannot be read ({error.strerror}).") from error
    return folders, files, others


def _is(kind: Callable[[], bool]) -> bool:
    try:
        return kind()
    except OSError:  # a loop of links
        return False


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or name.casefold() in _SYSTEM


def is_image(file: Path) -> bool:
    return file.suffix.lower() in _suffixes()


def images_below(folder: Path) -> tuple[list[Path], list[Path]]:
    """The images below a class folder, in the order of their names, and what is not read there.

    Raises :class:`DataError` when almost everything there is something else.
    """
    images: list[Path] = []
    unread: list[Path] = []
    seen: set[tuple[int, int]] = set()
    waiting = [folder]
    while waiting:
        here = waiting.pop()
        try:
            about = os.stat(here)
            if (about.st_dev, about.st_ino) in seen:  # a link that leads back
                continue
            seen.add((about.st_dev, about.st_ino))
            folders, files, others = listed(here)
        except (OSError, DataError):
            unread.append(here)
            continue
        waiting += folders
        unread += others
        for path in files:
            (images if is_image(path) else unread).append(path)
        if len(seen) + len(waiting) + len(unread) > max(MOST_OTHERS, _TO_AN_IMAGE * len(images)):
            raise DataError(
                f"{shown(folder)} holds more than {MOST_OTHERS:,} folders and files that are not images, and few "
                "images: name a folder of images in class folders."
            )
    return sorted(images, key=lambda path: path.parts), sorted(unread, key=lambda path: path.parts)
