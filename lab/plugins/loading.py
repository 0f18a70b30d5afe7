"""Load the plug-ins that the owner of this process has named or installed, and nothing else.

A plug-in is a package: importing it defines its specs and results and registers its costs, without PyTorch. Its module
``computing`` registers the functions, its module ``pages`` holds the pages; each is imported only where it is needed.
"""

import hashlib
import os
import sys
import threading
import traceback
from collections.abc import MutableMapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module, invalidate_caches
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

from lab import sources
from lab.errors import LONGEST, LabError, fault_of, one_line
from lab.plugins.stated import require_stated

VARIABLE = "LAB_PLUGINS"
"""Names the plug-ins, with commas between. Where it is not set, all that are installed are loaded."""

GROUP = "adversarial_lab.plugins"
"""Entry points of this group are the plug-ins of an installed package."""

_NOT_DECIDING = "pages"
_lock = threading.RLock()
_loaded: dict[str, "Plugin"] = {}


@dataclass(frozen=True)
class Plugin:
    """A loaded plug-in: its ``name``, its package, and a hash over the sources that decide its results."""

    name: str
    package: ModuleType
    fingerprint: str


def names() -> list[str]:
    """The plug-ins of this process: those that ``LAB_PLUGINS`` names, else all that are installed."""
    text = os.environ.get(VARIABLE)
    found = sorted(_installed()) if text is None else [each.strip() for each in text.split(",")]
    return list(dict.fromkeys(filter(None, found)))


def settle(public: bool, environment: MutableMapping[str, str] = os.environ) -> list[str]:
    """Fix the plug-ins of a server for all its processes, and return them.

    A public server loads only those that its owner has named, whatever else is installed.
    """
    if public:
        environment.setdefault(VARIABLE, "")
    found = names()
    environment[VARIABLE] = ",".join(found)
    return found


def load() -> list[Plugin]:
    """Import every plug-in once; with none there is nothing to do.

    Raises :class:`LabError` in one sentence that names the plug-in which cannot be imported or leaves something out.
    """
    with _lock:
        return [_loaded.get(name) or _load(name) for name in names()]


def parts(module: str) -> list[ModuleType]:
    """The modules of that name, ``computing`` or ``pages``, of all plug-ins that have one. Raises as :func:`load`."""
    with _lock:
        return [_import(each.name, f"{each.package.__name__}.{module}") for each in load() if _has(each, module)]


def fault_in(error: BaseException) -> str | None:
    """Return where in a loaded plug-in an error arose, such as "mine.computing, line 28"; None if in none of them."""
    owners = [f"{each.package.__name__}." for each in _loaded.values()]
    found = None
    for frame, line in traceback.walk_tb(error.__traceback__):
        module = str(frame.f_globals.get("__name__", ""))
        if any(f"{module}.".startswith(owner) for owner in owners):
            found = f"{module}, line {line}"
    return found


def _load(name: str) -> Plugin:
    package = _import(name, _installed().get(name, name))
    try:
        require_stated(package.__name__)
    except Exception as error:
        raise _failed(name, error) from error
    found = _loaded[name] = Plugin(name, package, _fingerprint(package))
    return found


def _import(name: str, module: str) -> ModuleType:
    if os.getcwd() not in sys.path and "" not in sys.path:  # last, as for a user's models
        sys.path.append(os.getcwd())
    invalidate_caches()
    try:
        return import_module(module)
    except Exception as error:  # a plug-in's own code
        raise _failed(name, error) from error


def _failed(name: str, error: Exception) -> LabError:
    why = one_line(str(error) if isinstance(error, LabError) else fault_of(error), LONGEST - 120).rstrip(".")
    return LabError(f"The plug-in '{name:.40}' cannot be loaded ({why}): correct it, or take it out of {VARIABLE}.")


def _has(plugin: Plugin, module: str) -> bool:
    is_package = hasattr(plugin.package, "__path__")
    return is_package and find_spec(f"{plugin.package.__name__}.{module}") is not None


@cache
def _installed() -> dict[str, str]:
    """The modules of installed plug-ins by the names of their entry points."""
    return {each.name: each.module for each in entry_points(group=GROUP)}


def _fingerprint(package: ModuleType) -> str:
    """A hash over the plug-in's own sources, all but its pages, and those of the user's that these import."""
    name, file = package.__name__, Path(package.__file__ or "")
    own = {name: file}
    if file.name == "__init__.py":
        paths = sorted(file.parent.rglob("*.py"))
        own = {f"{name}/{path.relative_to(file.parent).as_posix()}": path for path in paths}
        own = {key: path for key, path in own.items() if key.split("/")[1].removesuffix(".py") != _NOT_DECIDING}
    brought = {
        key: path for key, path in sources.files([name, f"{name}.computing"]).items() if path not in own.values()
    }
    found = hashlib.sha256()
    for key, path in sorted((own | brought).items()):
        source = path.read_bytes().replace(b"\r\n", b"\n")  # git may change line ends on Windows
        found.update(f"{key} {hashlib.sha256(source).hexdigest()}\n".encode())
    return found.hexdigest()
