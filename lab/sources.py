"""The code a user's model is built from: every file that its builder's imports bring in, found without importing any.

No PyTorch here, so that the pages can name results without loading a model. What only running the builder can tell is
seen by :mod:`lab.models.identity`, where the model is loaded.
"""

import ast
import hashlib
import importlib
import os
import re
import site
import sys
import sysconfig
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.machinery import ModuleSpec, PathFinder
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from lab import datafiles

_parsing = threading.Lock()
_FILE_NAME = re.compile(r"[^\n\r\0]{1,200}\.\w{1,12}")
_OURS = tuple(Path(__file__).resolve().parents[1] / name for name in ("lab", "widgets"))
_INSTALLED = tuple(
    Path(each).resolve()
    for each in {
        *(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")),
        *site.getsitepackages(),
        site.getusersitepackages(),
    }
)


@dataclass(frozen=True)
class Mentions:
    """Names in a source file: modules, as (dots before the name, name), files and environment variables."""

    modules: frozenset[tuple[int, str]]
    texts: frozenset[str]
    variables: frozenset[str]


def fingerprint(module: str) -> str:
    """A hash over what decides, as far as the sources say, which model the builders of a module make.

    The files of all modules of the user's that its imports bring in, the data files and environment variables that
    those name, and which installed packages they use. Empty files and modules that are not there count as nothing.
    """
    found = files([module])
    lines = [f"{name} {datafiles.file_hash(path)}" for name, path in sorted(found.items())]
    read = {path: _read(path) for path in found.values() if path.suffix == ".py"}
    for path in sorted({data for source, named in read.items() for data in _named_files(source, named)}):
        lines.append(f"{path.name} {datafiles.file_hash(path)}")
    lines += [f"{name}={os.environ.get(name)!r}" for name in sorted(_each(one.variables for one in read.values()))]
    mentioned = {name.partition(".")[0] for one in read.values() for dots, name in one.modules if not dots}
    lines += [f"{name} {_installed(name)}" for name in sorted(mentioned | {module.partition(".")[0]})]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def files(modules: Iterable[str]) -> dict[str, Path]:
    """The source files, by module, of the user's among these modules and of all that their imports bring in."""
    importlib.invalidate_caches()
    specs: dict[str, ModuleSpec | None] = {}
    found: dict[str, Path] = {}
    waiting = list(_each(map(with_parents, modules)))
    seen = set(waiting)
    while waiting:
        name = waiting.pop()
        path = _source(_spec(name, specs))
        if path is None:
            continue
        found[name] = path
        if path.suffix == ".py":
            package = name if path.name == "__init__.py" else name.rpartition(".")[0]
            new = {each for named in _read(path).modules for each in with_parents(_absolute(named, package))} - seen
            seen |= new
            waiting += new
    return found


def is_users(path: Path) -> bool:
    """Return whether a source file is the user's: neither ours nor part of an installed package or of Python."""
    return not any(path.is_relative_to(each) for each in (*_OURS, *_INSTALLED))


def _spec(name: str, known: dict[str, ModuleSpec | None]) -> ModuleSpec | None:
    """Return where the module would be imported from; its packages are looked up, but not imported."""
    if name not in known:
        package = name.rpartition(".")[0]
        places = _places(package, known)
        known[name] = _found(name, places)
        if known[name] is None and not package:
            known[name] = _editable(name)
    return known[name]


def _places(package: str, known: dict[str, ModuleSpec | None]) -> list[str]:
    """Return the folders in which the modules of a package lie; without a package, those of all others."""
    if not package:
        return [*sys.path, os.getcwd()]
    spec = _spec(package, known)
    if spec is not None:
        return list(spec.submodule_search_locations or [])
    above, _, name = package.rpartition(".")
    return [str(each) for place in _places(above, known) if (each := Path(place) / name).is_dir()]


def _found(name: str, places: list[str]) -> ModuleSpec | None:
    try:
        return PathFinder.find_spec(name, places) if places else None
    except KeyError:  # a folder without __init__.py below another one, for which Python asks the imported modules
        return None


def _editable(name: str) -> ModuleSpec | None:
    """A package that was installed so that its sources stay where they are is known to a finder of its own."""
    for finder in sys.meta_path:
        if getattr(finder, "__module__", "").startswith("__editable__"):
            found: ModuleSpec | None = finder.find_spec(name, None)
            if found is not None:
                return found
    return None


def _source(spec: ModuleSpec | None) -> Path | None:
    if spec is None or not spec.has_location or not spec.origin:
        return None
    path = Path(spec.origin).resolve()
    return path if path.is_file() and is_users(path) else None


def parsed(source: bytes) -> ast.Module:
    """The syntax tree of a source. One thread at a time: CPython 3.11 fails where two threads build trees at once."""
    with _parsing:
        return ast.parse(source)


def _read(path: Path) -> Mentions:
    return _mentions(*datafiles.stamp(path))


@lru_cache(maxsize=4096)
def _mentions(path: Path, _size: int, _changed: int) -> Mentions:
    modules, texts, variables = set(), set(), set()
    try:
        tree = parsed(path.read_bytes())
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # importing it will say so in words
        return Mentions(frozenset(), frozenset(), frozenset())
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                modules |= {(0, each.name) for each in names}
            case ast.ImportFrom(module=module, names=names, level=level):
                start = module or ""
                modules |= {(level, start), *((level, f"{start}.{each.name}".lstrip(".")) for each in names)}
            case ast.Call(func=func, args=[ast.Constant(value=str(text)), *_]):
                called = ast.unparse(func).rpartition(".")[2]
                if called in ("import_module", "__import__"):
                    modules.add((len(text) - len(text.lstrip(".")), text.lstrip(".")))
                if called == "getenv" or ast.unparse(func).partition("environ.")[1]:
                    variables.add(text)
            case ast.Subscript(value=value, slice=ast.Constant(value=str(text))):
                if ast.unparse(value).rpartition(".")[2] == "environ":
                    variables.add(text)
            case ast.Constant(value=str(text)) if _FILE_NAME.fullmatch(text):
                texts.add(text)
    return Mentions(frozenset(modules), frozenset(texts), frozenset(variables))


def _named_files(source: Path, named: Mentions) -> Iterator[Path]:
    """The files that the texts in a source name, seen from the working directory and from beside the source."""
    for text in named.texts:
        for folder in (Path(), source.parent):
            try:
                path = (folder / Path(text).expanduser()).resolve()
                if path.is_file():
                    yield path
            except (OSError, RuntimeError, ValueError):  # a text that looks like a name, and cannot be one
                continue


def _absolute(named: tuple[int, str], package: str) -> str:
    dots, name = named
    if not dots:
        return name
    parents = package.split(".")
    return ".".join(filter(None, [*parents[: len(parents) - dots + 1], name]))


def with_parents(name: str) -> list[str]:
    """Return the names of a module's packages, the outermost first, and its own; none for what is no name."""
    parts = name.split(".")
    return [".".join(parts[: i + 1]) for i in range(len(parts))] if all(parts) else []


@lru_cache(maxsize=1024)
def _installed(name: str) -> str:
    """Return the files of an installed package, by its installation record; empty when there is no such package."""
    try:
        record = distribution(name).read_text("RECORD")
    except (PackageNotFoundError, ValueError):
        return ""
    return hashlib.sha256(record.encode()).hexdigest() if record else ""


def _each(many: Iterable[Iterable[str]]) -> set[str]:
    return {each for some in many for each in some}
