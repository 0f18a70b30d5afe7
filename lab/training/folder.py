"""The disk that a run is written to, which may be full."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lab.errors import LabError


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
