"""The folder that a run is written to: the disk may be full, and the folder may be taken away meanwhile."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lab.errors import LabError


class Gone(LabError):
    """The folder of a run was removed while the run was trained; nothing more may be written there."""


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Turn the disk's refusal to write into a :class:`LabError` that says what is left and what to do."""
    try:
        yield
    except OSError as error:
        _require_there(folder)
        raise LabError(
            f"The run in {folder} cannot be written ({error.strerror or error}): make room there and {_rest(folder)}."
        ) from error


@contextmanager
def adding(folder: Path) -> Iterator[None]:
    """Write to the folder of a run that has begun. Raises :class:`Gone` when it was removed meanwhile."""
    _require_there(folder)
    with writing(folder):
        yield


def _require_there(folder: Path) -> None:
    if not folder.is_dir() or not (folder / "recipe.json").exists():
        raise Gone(f"{folder} was removed while the run was trained: train it again, or bring the folder back.")


def _rest(folder: Path) -> str:
    """Return what can be done with what was written before."""
    if next((folder / "checkpoints").glob("step-*.json"), None):
        return "resume it with --resume; its last checkpoint is still good"
    return "resume it with --resume; it will begin at its first step"
