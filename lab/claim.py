"""The claim on a run's folder: one process at a time trains there, and others can tell that it does."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from lab.errors import LabError

try:
    import fcntl
except ImportError:  # Windows: whoever starts a run twice is not warned there, and nobody sees that it is trained
    fcntl = None  # type: ignore[assignment]

_LOCK = ".lock"
_PATIENCE = 0.5  # seconds; whoever looks whether a folder is claimed holds it for an instant


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Hold the folder. The system lets go of it when the process ends, however it ends.

    Raises :class:`LabError` when another process holds it or it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / _LOCK).open("w")
    except OSError as error:
        raise LabError(f"{folder} cannot be written ({error.strerror}): choose another name or LAB_HOME.") from error
    with lock:
        until = time.monotonic() + _PATIENCE
        while not _taken(lock):
            if time.monotonic() > until:
                raise LabError(f"The run in {folder} is being trained already: wait for it or stop it.")
            time.sleep(0.01)
        yield


def is_claimed(folder: Path) -> bool:
    """Whether somebody trains there now, be it from another program."""
    try:
        with (folder / _LOCK).open() as lock:
            return not _taken(lock)
    except OSError:
        return False


def _taken(lock: IO[str]) -> bool:
    """Take the lock until the file is closed, unless somebody else has it."""
    if fcntl is None:
        return True
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
