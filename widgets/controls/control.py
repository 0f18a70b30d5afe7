"""The plain controls: a number, a switch, a text.

A control never judges its value: whatever a person types, or a hostile message sends, reaches Python as it is and
is refused there by the spec, whose sentence is then shown at the field. So ``value`` admits anything.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import traitlets as t

from lab.errors import SpecError
from widgets.plain import Plain

_LONGEST = 255  # characters; a longer value would fill the page with its own complaint


_HERE = Path(__file__).parent


def source(name: str, folder: Path = _HERE, *, beside: Sequence[str] = ()) -> str:
    """The browser's side of a control: what all have in common, what it builds on, then its own in ``folder``."""
    common = [_HERE.with_name(f"{each}.js") for each in ("one_stop", "popup")]
    common += [_HERE / f"{each}.js" for each in ("field", *beside)]
    files = [*common, folder / f"{name}.js"]
    return "\n".join(each.read_text(encoding="utf-8") for each in files)


class Control(Plain):
    """One setting: ``value`` as the browser sent it, ``error`` in words or empty."""

    value = t.Any(None).tag(sync=True, heard=True)
    label = t.Unicode().tag(sync=True)
    help = t.Unicode().tag(sync=True)
    error = t.Unicode().tag(sync=True)

    def __init__(self, **traits: object) -> None:
        super().__init__(**traits)
        self.add_class("lab-control")

    @property
    def texts(self) -> tuple[str, ...]:
        """The words that stand on it: its label, and what it offers."""
        return (self.label,)

    def read(self) -> object:
        """The value, for the spec to judge. Raises :class:`SpecError` when it is nothing that a spec could hold."""
        if not isinstance(self.value, bool | int | float | str) or len(str(self.value)) > _LONGEST:
            raise SpecError(f"The value that was sent for {self.label} is not one that it can have: choose another.")
        return self.value

    def write(self, value: Any) -> None:
        """Set what :meth:`read` would give back as this value."""
        self.value = value


class Number(Control):
    """A number with a slider over its ``usual`` range (none when empty) and a box that takes any number.

    ``step``: the slider offers the lowest number and every so many more, such as 1/255; 0 leaves it free.
    ``zero`` is what the box says for 0, where that leaves the choice to something else: "follows ε". It is the slider's
    first place, also on a logarithmic one. ``plays`` offers a walk through the slider's range, which goes on when the
    page says in ``reached`` that the value is drawn, or cannot be.
    """

    _esm = source("number")

    usual = t.List(t.Float()).tag(sync=True)
    logarithmic = t.Bool(False).tag(sync=True)
    step = t.Float(0).tag(sync=True)
    unit = t.Unicode().tag(sync=True)
    zero = t.Unicode().tag(sync=True)
    plays = t.Bool(False).tag(sync=True)
    reached = t.Any(None).tag(sync=True)


class Toggle(Control):
    """Yes or no."""

    _esm = source("toggle")


class Text(Control):
    """A line of text."""

    _esm = source("text")
