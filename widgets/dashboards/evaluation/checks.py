"""A table of checks: what should hold down, models across, and what came out in each cell."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypedDict

import traitlets as t

from lab.errors import LabError
from lab.specs.sentences import labelled
from widgets.plain import Plain


class CheckColumn(TypedDict):
    """A model by its name and colour."""

    name: str
    colour: str


class CheckCell(TypedDict):
    """An outcome (a state of :class:`lab.results.Check`, or empty where there was no check) and what was measured."""

    state: str
    words: str


class CheckRow(TypedDict):
    """Row of the table of checks: what should hold, and for each model whether it does."""

    title: str
    cells: list[CheckCell]


class CheckTable(Plain):
    """A table of outcomes, each with a symbol; what was measured is shown on pointing, and of a failed one always.

    ``csv`` gives the text that is downloaded.
    """

    _esm = Path(__file__).with_name("checks.js")
    _css = Path(__file__).with_name("checks.css")

    heading = t.Unicode().tag(sync=True)
    note = t.Unicode().tag(sync=True)
    columns = t.List[CheckColumn]().tag(sync=True)
    rows = t.List[CheckRow]().tag(sync=True)

    def __init__(self, heading: str, csv: Callable[[], str]) -> None:
        super().__init__(heading=heading)
        self._csv = csv
        self.on_msg(self._asked)
        for name in ("lab-figure", "lab-full", "lab-checks"):
            self.add_class(name)

    def show(self, columns: Sequence[CheckColumn], rows: Sequence[CheckRow], note: str) -> None:
        """Show these outcomes instead of the present ones."""
        with self.hold_sync():
            self.note = note
            self.columns, self.rows = list(columns), list(rows)

    def _asked(self, _: object, content: object, __: object) -> None:
        if content != "csv":
            return
        try:
            self.send({"csv": self._csv()})
        except LabError as error:
            self.send({"error": labelled(error)})
