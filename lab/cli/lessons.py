"""``lessons``: copy the lessons out of the installed lab."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

from lab.cli.options import Commands
from lab.errors import LabError
from lab.files import write_whole
from lab.home import path_of

_ROOT = Path(__file__).resolve().parents[2]
FOLDERS = (_ROOT / "widgets" / "lesson" / "notebooks", _ROOT / "notebooks" / "lessons")
"""Where the lessons are: in an installed wheel, and in a checkout."""


def add_to(commands: Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("lessons", help="copy the lessons, Jupyter notebooks, into a folder")
    parser.add_argument("folder", metavar="DIR", help="folder to copy them into, created if missing")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Copy every lesson that the folder does not have yet."""
    folder = path_of(options.folder)
    if folder.exists() and not folder.is_dir():
        raise LabError(f"{folder} is a file: name a folder for the lessons.")
    folder.mkdir(parents=True, exist_ok=True)
    there = lessons()
    missing = [each for each in there if not (folder / each.name).exists()]
    for each in missing:
        write_whole(folder / each.name, each.read_bytes())
    if kept := len(there) - len(missing):
        print(f"Kept as they are, because {folder} has them already: {kept}.")
    print(f"Lessons copied into {folder}: {len(missing)}. Open them with: jupyter lab {shlex.quote(str(folder))}")
    return 0


def lessons() -> list[Path]:
    """Return the notebooks of the lessons in their order. Raises :class:`LabError` when they are not there."""
    found = [each for folder in FOLDERS for each in sorted(folder.glob("*.ipynb"))]
    if not found:
        raise LabError("This installation has no lessons: install the lab again.")
    return found
