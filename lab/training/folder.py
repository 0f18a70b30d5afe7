"""The folder of a run: claimed by one process while its network is trained, and perhaps on a full disk."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lab.errors import LabError

try:
    import fcntl
except ImportError:  # Windows: whoever starts a run twice is not warned there
    fcntl = None  # type: ignore[assignment]


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Hold the folder. The system lets go of it when the process ends, however it ends.

    Raises :class:`LabError` when another process holds it or it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / ".lock").open("w")
    except OSError as error:
        raise LabError(f"{folder} cannot be written ({error.strerror}): choose another name or LAB_HOME.") from error
    with lock:
        if fcntl:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise LabError(f"The run in {folder} is being trained already: wait for it or stop it.") from None
        yield


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Turn the disk's refusal to write into a :class:`LabError` that says what to do."""
    try:
        yield
    except OSError as error:
        raise LabError(
            f"The run in {folder} cannot be written ({error.strerror or error}): make room there and carry it on with "
            "--resume; its last checkpoint is still good."
        ) from error
