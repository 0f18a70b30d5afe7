"""Match of worker and server: the same code, LAB_HOME, models and data, wherever it runs."""

import hashlib
import os
import socket
import uuid
from contextlib import suppress
from functools import cache
from itertools import zip_longest
from pathlib import Path

import lab
from lab import catalogue, datafiles, plugins
from lab.errors import EngineError, LabError
from lab.files import write_first
from lab.home import data_folder, home
from lab.specs.models import Live, ModelSpec, name_of
from lab.specs.spec import Spec

_HOME_MARK, _DATA_MARK = ".lab-home", ".lab-data"
_SHOWN = 60  # characters of a path in a refusal

_seen = dict[Path, str]()  # the marks that this process has read

Origin = dict[str, str]
"""``version`` of the lab, ``code`` its fingerprint, its ``plugins``, the path of ``home`` and the ``mark`` there.

Of one that joins a cluster also its ``host``, the path of ``data``, the ``data_mark`` there and ``data_files``, a hash
of what lies there; of a request also ``parts``, hashes of the models and data it names.
"""


def origin() -> Origin:
    """Describe this process; its LAB_HOME is marked, so that it is recognised under another path."""
    mark = _mark(home() / _HOME_MARK) or _marked(home() / _HOME_MARK)
    return {"version": lab.__version__, "code": code(), "plugins": _plugins(), "home": str(home()), "mark": mark}


def joining_origin() -> Origin:
    """Describe this process to the others of a cluster; a LAB_DATA of its own is marked as its LAB_HOME is."""
    found, folder = origin(), data_folder()
    apart = folder.is_dir() and not folder.is_relative_to(home())
    mark = (_mark(folder / _DATA_MARK) or _marked(folder / _DATA_MARK)) if apart else found["mark"]
    about = {"host": socket.gethostname(), "data": str(folder), "data_mark": mark, "data_files": _listing(folder)}
    return found | about


def request_origin(spec: Spec) -> Origin:
    """Describe this process and the models and data of its request."""
    return origin() | {"parts": " ".join(_parts(spec))}


def difference(here: Origin, there: Origin, me: str, other: str) -> str:
    """Say in a sentence why two processes, called ``me`` and ``other``, cannot work together; empty if they can.

    LAB_DATA counts where both describe theirs: the same folder under any path, or copies with the same files.
    """
    if here["code"] != there["code"]:
        return (
            f"{me} runs another version of the lab ({here['version']}, {here['code']}) than {other} "
            f"({there['version']}, {there['code']}): install the same one on both, and restart them."
        )
    if here["plugins"] != there["plugins"]:
        return (
            f"{me} has the plug-ins {here['plugins'] or 'none':.60}, {other} {there['plugins'] or 'none':.60}: set "
            f"{plugins.VARIABLE} alike on both, and restart them."
        )
    if there["mark"] and there["mark"] != here["mark"]:
        return (
            f"{me} keeps its files in {_shown(here['home'])}, {other} in {_shown(there['home'])}: start both with the "
            "same LAB_HOME, a folder that both machines share."
        )
    if "data" in here and "data" in there and not _same_data(here, there):
        return (
            f"{me} has its data sets in {_shown(here['data'])}, {other} in {_shown(there['data'])}, and they differ: "
            "start both with the same LAB_DATA."
        )
    return ""


def require_alike(asking: Origin) -> None:
    """Refuse a request of another version of the lab, with other plug-ins, or from another LAB_HOME than this worker's.

    Raises :class:`EngineError` that names both.
    """
    if sentence := difference(origin(), asking, f"The worker on {socket.gethostname()}", "the server"):
        raise EngineError(sentence)


def require_same_parts(spec: Spec, asking: Origin) -> None:
    """Refuse a request whose models or data are others here: its result would be stored under a name that is wrong.

    Raises :class:`EngineError` that names the machine and the model or data set.
    """
    where = f"The worker on {socket.gethostname()}"
    try:
        found = _parts(spec)
    except LabError as error:
        raise EngineError(f"{where} lacks a model or data set of this computation. {error}") from None
    for part, mine, theirs in zip_longest(catalogue.parts(spec), found, asking["parts"].split()):
        if mine != theirs:
            what = f"model {name_of(part)}" if isinstance(part, ModelSpec) else f"data set {datafiles.name_of(part)}"
            raise EngineError(
                f"{where} has no {what:.80}, or another one than this request: give it the same files, and start it in "
                "the folder from which a custom model is imported."
            )


@cache
def code() -> str:
    """A hash over the lab's source files as they were when it was first asked for."""
    root = Path(lab.__file__).parent
    found = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        found.update(path.relative_to(root).as_posix().encode() + b"\n")
        found.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return found.hexdigest()[:8]


def _parts(spec: Spec) -> list[str]:
    """A hash of each model and data set of a request; a live one is known to its own process only."""
    return ["live" if isinstance(each, Live) else catalogue.content(each)[:16] for each in catalogue.parts(spec)]


def _same_data(here: Origin, there: Origin) -> bool:
    return here["data_files"] == there["data_files"] or bool(
        here["data_mark"] and here["data_mark"] == there["data_mark"]
    )


def _plugins() -> str:
    """The plug-ins of this process, each with the beginning of its fingerprint."""
    return ", ".join(f"{each.name} ({each.fingerprint[:8]})" for each in plugins.load())


def _mark(path: Path) -> str:
    with suppress(OSError):
        _seen[path] = path.read_text("utf-8")
        return _seen[path]
    return ""


def _marked(path: Path) -> str:
    """Mark the folder; empty when it cannot be written. Of two who do so at once, one does.

    One that was deleted, while the lab runs, gets the mark that it had: requests on their way still know it by that.
    """
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_first(path, _seen.get(path) or uuid.uuid4().hex)
    return _mark(path)


def _listing(folder: Path) -> str:
    """A hash over the names in a folder, and the sizes of its files; empty when it cannot be read."""
    with suppress(OSError), os.scandir(folder) as entries:
        found = sorted(
            f"{each.name} {0 if each.is_dir() else each.stat().st_size}" for each in entries if _counts(each)
        )
        return hashlib.sha256("\n".join(found).encode("utf-8", "backslashreplace")).hexdigest()[:16] if found else ""
    return ""


def _counts(entry: os.DirEntry[str]) -> bool:
    return not entry.name.startswith(".")


def _shown(path: str) -> str:
    return path if len(path) <= _SHOWN else f"…{path[-_SHOWN:]}"
