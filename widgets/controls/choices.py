"""Choosing one, or several, of some options."""

from collections.abc import Sequence
from typing import Any, NotRequired, TypedDict

import traitlets as t

from lab.errors import SpecError, one_line, quoted
from widgets.controls.control import Control, source


class Option(TypedDict):
    """One option: its value, the words for it, and a hint, a note beside it or a colour where there is one.

    ``group`` is the heading under which a list shows it.
    """

    value: str
    label: str
    help: NotRequired[str]
    note: NotRequired[str]
    colour: NotRequired[str]
    group: NotRequired[str]


class Choice(Control):
    """One of some options, as segments when they are few and short, else as a list."""

    _esm = source("choice", beside=["options"])

    options = t.List[Option]().tag(sync=True)

    @property
    def texts(self) -> tuple[str, ...]:
        """Its label and those of its options."""
        return (self.label, *(option["label"] for option in self.options))

    def read(self) -> object:
        """The chosen option's value. Raises as :meth:`chosen` does."""
        return self.chosen()

    def chosen(self) -> str:
        """The chosen option's value. Raises :class:`SpecError` when a message set it to something else."""
        return _known(self, self.value)


class Several(Control):
    """Several of some options, at most ``most``, in the order in which they were chosen.

    ``others`` are options that stand apart, folded away under ``apart`` until a person looks for them.
    """

    _esm = source("several")

    options = t.List[Option]().tag(sync=True)
    others = t.List[Option]().tag(sync=True)
    apart = t.Unicode("Others").tag(sync=True)
    most = t.Int(4).tag(sync=True)

    @property
    def texts(self) -> tuple[str, ...]:
        """Its label and those of its options."""
        return (self.label, *(option["label"] for option in self.options))

    def read(self) -> object:
        """The chosen options' values. Raises as :meth:`chosen` does."""
        return self.chosen()

    def chosen(self) -> tuple[str, ...]:
        """The chosen options' values. Raises :class:`SpecError` when there is none, or an unknown one."""
        values = self.value if isinstance(self.value, list | tuple) else ()
        return tuple(_known(self, value) for value in self.several(values))

    def several(self, values: Sequence[object]) -> tuple[object, ...]:
        """The values, if they are as many as may be chosen. Raises :class:`SpecError` when they are not."""
        if not 1 <= len(values) <= self.most:
            raise SpecError(f"Choose between 1 and {self.most} of the {self.label.lower()}.")
        return tuple(values)

    def write(self, value: Any) -> None:
        """Choose these options, by their values."""
        self.value = list(value)


def _known(control: Choice | Several, value: object) -> str:
    for option in control.options:
        if option["value"] == value:
            return str(option["value"])
    known = one_line(", ".join(option["label"] for option in control.options), 150)
    raise SpecError(f"{control.label} must be one of {known}, but is {quoted(value, 40)}.")
