"""Folders of the lab: ``LAB_HOME`` for runs and results, ``LAB_DATA`` for data sets."""

import os
from pathlib import Path

import platformdirs

from lab.errors import LabError, quoted


def home() -> Path:
    """The folder of runs and results: ``$LAB_HOME``, else the platform's user data folder."""
    return _named_by("LAB_HOME") or _usual_home()


def data_folder() -> Path:
    """The folder that torchvision's data sets and a person's .npz files are looked for in: ``$LAB_DATA``."""
    return _named_by("LAB_DATA") or home() / "data"


def runs_folder() -> Path:
    """The folder of a person's own training runs."""
    return home() / "runs"


def pretrained_folder() -> Path:
    """The folder of networks that others have trained and published, downloaded when asked."""
    return home() / "pretrained"


def results_folder() -> Path:
    """The folder of stored results."""
    return home() / "results"


def settle_folders() -> None:
    """Write both variables, where they are set, as full paths: kernels, workers and helpers start in other folders.

    Raises :class:`LabError` for one that can be no path.
    """
    for variable in ("LAB_HOME", "LAB_DATA"):
        if folder := _named_by(variable):
            os.environ[variable] = str(folder)


def path_of(text: str) -> Path:
    """The full path that a person names, ``~`` included. Raises :class:`LabError` when it can be none."""
    if not text.strip():
        raise LabError(f"{quoted(text)} is not a path: name a file or folder, or '.' for the current one.")
    path = Path(text)
    try:
        path = path.expanduser()
        path = path if path.is_absolute() else current_folder() / path
        path.stat()
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return path
    except (OSError, ValueError, RuntimeError) as error:  # too long; a null byte; ~ of nobody
        raise LabError(f"{quoted(text)} is not a path ({getattr(error, 'strerror', None) or error}).") from None
    return path


def current_folder() -> Path:
    """The folder where one stands. Raises :class:`LabError` when it was removed."""
    try:
        return Path.cwd()
    except OSError:
        raise LabError("The current folder no longer exists: change to another one.") from None


def lacks_temporary_folder(error: BaseException) -> bool:
    """Return whether the error is Python's, that it finds no folder for temporary files. PyTorch needs one."""
    return isinstance(error, FileNotFoundError) and "No usable temporary directory" in str(error)


def _named_by(variable: str) -> Path | None:
    text = os.environ.get(variable)
    try:
        return path_of(text) if text else None
    except LabError as error:
        raise LabError(f"{variable} cannot be used: {error}") from None


def _usual_home() -> Path:
    folder = Path(platformdirs.user_data_dir("adversarial-lab"))
    if not folder.is_absolute():
        raise LabError("This account has no home folder: set LAB_HOME to the folder that is to keep runs and results.")
    return folder
