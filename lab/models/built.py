"""Users' models as their builders make them: whether twice the same, and whether what they are made of has changed."""

import importlib
import importlib.util
import os
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

import psutil
from torch import nn

from lab import datafiles, sources
from lab.errors import LabError
from lab.models.aside import users_code
from lab.models.identity import Parts, code_of, contents_of, opened_files, parts_of, settings_in

_MOST_BESIDE = 2_000  # files beside the sources that are looked at
_STARTED = psutil.Process().create_time()

Stamp = tuple[Path, int, int]


@dataclass(frozen=True)
class Built:
    """A model and what decides it: its ``parts``, and which of them is another one each time it is built, if any.

    ``left_out`` is a sentence on what its file of weights holds besides. ``code`` names the user's modules. ``watched``
    are the files that it was made of, and those beside them, as they were.
    """

    model: nn.Module
    parts: Parts = field(default_factory=dict)
    changing: str = ""
    left_out: str = ""
    code: tuple[str, ...] = ()
    watched: frozenset[Stamp] = frozenset()
    beside: frozenset[Path] = frozenset()

    def modules(self) -> list[ModuleType]:
        """The user's modules that are loaded."""
        return [sys.modules[name] for name in self.code if name in sys.modules]

    def lasts(self) -> bool:
        """Return whether nothing that it was made of has changed since."""
        return self.watched == _stamps({each[0] for each in self.watched}) | _surroundings(self.beside)


@dataclass
class _Import:
    """A builder's module as it was imported: the files of its code, and the files that were read meanwhile."""

    code: dict[str, Path]
    read: set[Path]
    stamps: frozenset[Stamp]


_imports: dict[str, _Import] = {}


def built(module: str, build: Callable[[], tuple[nn.Module, str]]) -> Built:
    """Call the builder ``build`` in that module, whose code is imported again when it has changed.

    With the model it returns what was left out of its weights.
    """
    _forget_changed(module)
    with opened_files() as read:
        (model, left_out), (again, _) = build(), build()
        with users_code():  # which saves a state of its own making
            parts, others = parts_of(model), parts_of(again)
    before = _imports.get(module)
    read |= before.read if before else set()
    code = code_of(module, model)
    _imports[module] = _Import(code, read, _stamps({*code.values(), *read}))
    changing = next((name for name in [*parts, *others] if parts.get(name) != others.get(name)), "")
    parts |= settings_in(code) | contents_of(code) | contents_of({str(path): path for path in read})
    folders = frozenset({Path.cwd(), *(path.parent for path in code.values())})
    watched = _imports[module].stamps | _surroundings(folders)
    return Built(model, parts, changing, left_out, tuple(code), watched, folders)


def _forget_changed(module: str) -> None:
    """Have Python import a builder's module, and what it brought in, anew when any of their files has changed."""
    known = _imports.get(module)
    if known is not None:
        if known.stamps == _stamps({*known.code.values(), *known.read}):
            return
        code = known.code
        del _imports[module]
    elif module in sys.modules:  # imported by somebody else, at any time since the process began
        code = code_of(module, nn.Identity())
        if not any(_changed_since_start(path) for path in code.values()):
            return
    else:
        return
    for name, path in code.items():
        if name != "__main__":
            for each in sources.with_parents(name):  # which may be folders without a file
                sys.modules.pop(each, None)
            with suppress(OSError, NotImplementedError):  # it is compared with its source by the second
                Path(importlib.util.cache_from_source(str(path))).unlink(missing_ok=True)
    importlib.invalidate_caches()


def _changed_since_start(path: Path) -> bool:
    try:
        found = path.stat()
    except OSError:
        return True
    return max(found.st_mtime, found.st_ctime) > min(_STARTED, time.time())


def _stamps(paths: Iterable[Path]) -> frozenset[Stamp]:
    found = set()
    for path in paths:
        try:
            found.add(datafiles.stamp(path))
        except LabError:
            found.add((path, -1, -1))
    return frozenset(found)


def _surroundings(folders: Iterable[Path]) -> frozenset[Stamp]:
    """The files in folders, of which a builder may have read some in a way that nobody sees."""
    paths: list[Path] = []
    for folder in folders:
        with suppress(OSError), os.scandir(folder) as entries:
            paths += [Path(each.path) for each in entries if each.is_file() and not each.name.endswith(".py")]
    return _stamps(sorted(paths)[:_MOST_BESIDE])
