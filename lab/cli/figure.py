"""``analyse --figure``: the figure for print, drawn by a process of its own.

Nothing in ``lab`` imports the user interface: as the server starts the pages, this starts ``widgets.paper``.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from lab.errors import LabError
from lab.files import write_whole
from lab.results.result import Result, pack

FORMATS = (".pdf", ".svg", ".png")


def require_format(path: Path) -> Path:
    """The path, if its ending names a format that can be drawn. Raises :class:`LabError` otherwise."""
    if path.suffix.lower() not in FORMATS:
        raise LabError(f"The figure {path.name} should end in .pdf, .svg or .png.")
    return path


def draw(result: Result, path: Path, columns: int = 1) -> None:
    """Write the figure of a result, so many columns of print wide, to a file.

    Raises :class:`LabError` in the words of ``widgets.paper``.
    """
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "result.npz"
        write_whole(kept, pack(result))
        command = [sys.executable, "-P", "-m", "widgets.paper", str(kept), str(path), "--columns", str(columns)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"Drawing {path} failed."]
        raise LabError(said[-1])
