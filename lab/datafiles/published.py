"""Where the files of published data sets lie: in one of their usual layouts, in or below the folder of data sets."""

import os
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain, islice
from pathlib import Path

from lab.datafiles.files import shown, stamp
from lab.errors import DataError
from lab.home import data_folder
from lab.specs.data import FileLayout, Publication

_DEEPEST = 2  # folders below the folder of data sets in which a layout may begin
_MOST_FOLDERS, _MOST_ENTRIES = 300, 200  # folders that are looked into, and entries of each that are looked at


def published_files(row: Publication) -> tuple[FileLayout, tuple[Path, ...]]:
    """The first layout that is there, with all its files; one of a part only where the whole is nowhere.

    Raises :class:`DataError`, with the remedy, when none has all its files.
    """
    most, missing = -1, data_folder()
    for layout, folder in chain(*(_folders(row, partly) for partly in (False, True))):
        found = [_lying(folder, name, layout.packed) for name in layout.files]
        there = [path for path in found if os.path.lexists(path)]
        if len(there) == len(found):
            return layout, tuple(stamp(path)[0] for path in found)
        if len(there) > most:
            most, missing = len(there), next(path for path in found if path not in there)
    raise DataError(f"There is no file {shown(missing)}: {_remedy(row)}.")


def _folders(row: Publication, partly: bool) -> Iterator[tuple[FileLayout, Path]]:
    """Every folder that may hold the whole data set, or a part of it, in one of the layouts of that, nearest first."""
    layouts = [each for each in row.layouts if (each.part is not None) == partly]
    if not layouts:
        return
    root = data_folder()
    for place in _places(root):
        for layout in layouts:
            yield layout, place / layout.folder
    for layout in layouts:  # the data set's own folder, or a part of it, was named
        parts = Path(layout.folder).parts
        for known in range(1, len(parts) + 1):
            if root.parts[-known:] == parts[:known]:
                yield layout, root.joinpath(*parts[known:])


def _lying(folder: Path, name: str, packed: bool) -> Path:
    """A file of a layout, as it is or packed with gzip."""
    path, gz = folder / name, folder / f"{name}.gz"
    return gz if packed and os.path.lexists(gz) and not os.path.lexists(path) else path


def _places(folder: Path) -> Iterator[Path]:
    """The folder and some of those below it, level by level."""
    level = [folder]
    yield folder
    for _ in range(_DEEPEST):
        level = [below for each in level for below in _below(each)][:_MOST_FOLDERS]
        yield from level


def _below(folder: Path) -> list[Path]:
    """The visible folders in a folder; of one with very many entries, those among the first."""
    with suppress(OSError), os.scandir(folder) as entries:
        found = (
            entry for entry in islice(entries, _MOST_ENTRIES) if not entry.name.startswith(".") and _is_folder(entry)
        )
        return sorted(Path(entry.path) for entry in found)
    return []


def _is_folder(entry: os.DirEntry[str]) -> bool:
    with suppress(OSError):  # a loop of links
        return entry.is_dir()
    return False


def _remedy(row: Publication) -> str:
    if not row.downloads:
        return row.remedy or "set LAB_DATA (or --data-dir) to the folder that holds the data set"
    holds = row.layouts[0].folder
    return f"set LAB_DATA (or --data-dir) to the folder that holds {holds}, or run python -m lab data fetch {row.name}"
