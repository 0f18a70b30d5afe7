"""Sheets of print: the width of a figure in columns, its type, and its file."""

from contextlib import AbstractContextManager
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib
import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from lab.errors import LabError
from lab.files import write_whole
from widgets.theme import INK, LINE, MUTED

if TYPE_CHECKING:
    from matplotlib.typing import RcKeyType

WIDTHS = {1: 3.5, 2: 7.2}
"""Inches: one column of a page of two, and the whole page."""

FORMATS = (".pdf", ".svg", ".png")

_STYLE: "dict[RcKeyType, object]" = {
    "font.family": "DejaVu Sans",  # it comes with matplotlib, so every machine draws the same
    "font.size": 8,
    "axes.titlesize": 8,
    "axes.labelsize": 8,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "legend.fontsize": 7,
    "legend.frameon": False,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "grid.color": LINE,
    "lines.linewidth": 1.0,
    "pdf.fonttype": 42,  # TrueType, inside the file: what publishers ask for
    "ps.fonttype": 42,
    "svg.fonttype": "path",
}


def in_print() -> AbstractContextManager[None]:
    """A context in which what is drawn, and saved, has the look of print."""
    context: AbstractContextManager[None] = matplotlib.rc_context(_STYLE)
    return context


def sheet(columns: int, height: float) -> Figure:
    """An empty figure as wide as one or two columns; ``height`` in inches.

    Raises :class:`LabError` for another number of columns.
    """
    if columns not in WIDTHS:
        raise LabError(f"A figure is 1 or 2 columns wide, not {columns}.")
    return Figure(figsize=(WIDTHS[columns], height), layout="constrained")


def save(figure: Figure, path: Path) -> None:
    """Write a figure as .pdf or .svg, with its type inside, or as .png of 300 dots an inch.

    Raises :class:`LabError` for another ending.
    """
    if path.suffix.lower() not in FORMATS:
        raise LabError(f"The figure {path.name} should end in .pdf, .svg or .png.")
    drawn = BytesIO()
    with in_print():
        figure.savefig(drawn, dpi=300, format=path.suffix.lower().removeprefix("."))
    write_whole(path, drawn.getvalue())


def scale(stops: tuple[tuple[float, str], ...]) -> LinearSegmentedColormap:
    """One of the theme's colour scales."""
    return LinearSegmentedColormap.from_list("lab", list(stops))


def literally(text: str) -> str:
    """A text from outside, as a model's name, of which matplotlib makes no mathematics."""
    return text.replace("$", r"\$")


def spread(heights: np.ndarray, gap: float, highest: float) -> np.ndarray:
    """Place labels of these heights so that no two are nearer than ``gap``, and none above ``highest``.

    Each is pushed up by the one below it, then all down from the top.
    """
    order, placed = np.argsort(heights, kind="stable"), np.array(heights, float)
    for lower, upper in pairwise(order):
        placed[upper] = max(placed[upper], placed[lower] + gap)
    if len(order):
        placed[order[-1]] = min(placed[order[-1]], highest)
    for upper, lower in pairwise(order[::-1]):
        placed[lower] = min(placed[lower], placed[upper] - gap)
    return placed
