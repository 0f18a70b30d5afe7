"""Match of worker and server: the same code, and the same LAB_HOME, wherever it runs."""

import hashlib
import socket
import uuid
from contextlib import suppress
from functools import cache
from pathlib import Path

import lab
from lab import plugins
from lab.errors import EngineError
from lab.files import write_first
from lab.home import home

_MARK = ".lab-home"
_SHOWN = 70  # characters of a path in a refusal

Origin = dict[str, str]
"""``version`` of the lab, ``code`` its fingerprint, its ``plugins``, the path of ``home`` and the ``mark`` there."""


def origin() -> Origin:
    """Describe this process; its LAB_HOME is marked, so that it is recognised under another path."""
    mark = _mark() or _marked()
    return {"version": lab.__version__, "code": code(), "plugins": _plugins(), "home": str(home()), "mark": mark}


def require_alike(asking: Origin) -> None:
    """Refuse a request of another version of the lab, with other plug-ins, or from another LAB_HOME than this worker's.

    Raises :class:`EngineError` that names both.
    """
    if asking["code"] != code():
        raise EngineError(
            f"The worker on {socket.gethostname()} runs another version of the lab ({lab.__version__}, {code()}) than "
            f"the server ({asking['version']}, {asking['code']}): install the same one on both, and restart them."
        )
    if asking["plugins"] != _plugins():
        raise EngineError(
            f"The worker on {socket.gethostname()} has the plug-ins {_plugins() or 'none':.60}, the server "
            f"{asking['plugins'] or 'none':.60}: set {plugins.VARIABLE} alike on both, and restart them."
        )
    if asking["mark"] and asking["mark"] != _mark():
        raise EngineError(
            f"The worker on {socket.gethostname()} keeps its files in {_shown(str(home()))}, the server in "
            f"{_shown(asking['home'])}: start both with the same LAB_HOME, a folder that both machines share."
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


def _plugins() -> str:
    """The plug-ins of this process, each with the beginning of its fingerprint."""
    return ", ".join(f"{each.name} ({each.fingerprint[:8]})" for each in plugins.load())


def _mark() -> str:
    with suppress(OSError):
        return (home() / _MARK).read_text("utf-8")
    return ""


def _marked() -> str:
    """Mark the folder; empty when it cannot be written. Of two who do so at once, one does."""
    with suppress(OSError):
        home().mkdir(parents=True, exist_ok=True)
        write_first(home() / _MARK, uuid.uuid4().hex)
    return _mark()


def _shown(path: str) -> str:
    return path if len(path) <= _SHOWN else f"…{path[-_SHOWN:]}"
