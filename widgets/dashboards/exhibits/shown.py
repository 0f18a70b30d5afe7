"""What the page shows: the shelves or one exhibit, and the scale at which it was measured."""

from dataclasses import dataclass

from lab.errors import FieldError, no_such
from lab.exhibits import EXHIBITS, SCALES, Exhibit, find
from lab.specs import Spec, param
from widgets.controls import Choice, Option

ALL = "all"
"""Instead of an exhibit's name: the shelves."""


@dataclass(frozen=True)
class ShownExhibit(Spec):
    """Display of the page: an exhibit by its name, "tramer.table7", or all of them, at a scale."""

    exhibit: str = param(ALL, meaning="the figure or table that is open")
    scale: str = param("digits", choices=tuple(SCALES), meaning="the data on which it was measured here")

    def __post_init__(self) -> None:
        super().__post_init__()
        names = [each.name for each in EXHIBITS]
        if self.exhibit not in (ALL, *names):
            raise FieldError("ShownExhibit", "exhibit", f"is unknown: {no_such('exhibit', self.exhibit, names)}")

    @property
    def opened(self) -> Exhibit | None:
        """The exhibit that is open; None for the shelves."""
        return None if self.exhibit == ALL else find(self.exhibit)


def exhibit_choice() -> Choice:
    """All exhibits, and before them the shelves."""
    options = [Option(value=ALL, label="All, on their shelves")]
    options += [Option(value=each.name, label=f"{each.short} · {each.title}", help=each.label) for each in EXHIBITS]
    return Choice(value=ALL, label="Exhibit", help="The figure or table of a paper to look at.", options=options)


def scale_choice() -> Choice:
    """The scales, each with what it needs."""
    options = [Option(value=each.name, label=each.name, note=each.about) for each in SCALES.values()]
    about = "The data on which the lab measured: the shipped digits, or a larger data set."
    return Choice(value="digits", label="Scale", help=about, options=options)
