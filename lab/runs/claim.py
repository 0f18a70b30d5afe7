"""The claim on a run's folder: one process at a time trains there, and others can tell that it does."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from lab.errors import LabError

_LOCK = ".lock"
_PATIENCE = 0.5  # seconds; whoever looks whether a folder is claimed holds it for an instant


class Held(LabError):
    """Somebody else trains the run at present; it has not failed."""


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Hold the folder. The system lets go of it when the process ends, however it ends.

    Raises :class:`Held` when another process holds it, and :class:`LabError` when it cannot be made.
    """
    lock = FileLock(folder / _LOCK, poll_interval=0.01)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=_PATIENCE)
    except Timeout:
        raise Held(f"The run in {folder} is being trained already: wait for it or stop it.") from None
    except OSError as error:
        raise LabError(f"{folder} cannot be written ({error.strerror}): choose another name or LAB_HOME.") from error
    try:
        yield
    finally:
        lock.release()


def is_claimed(folder: Path) -> bool:
    """Return whether somebody trains there now, be it from another program."""
    if not (folder / _LOCK).is_file():
        return False
    try:
        with FileLock(folder / _LOCK, timeout=0):
            return False
    except Timeout:
        return True
    except OSError:  # a folder that is only read here: nobody of this account trains in it
        return False
