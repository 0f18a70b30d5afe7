"""A slider over some levels that can also play them one after another."""

from typing import Any

import traitlets as t

from lab.errors import SpecError
from widgets.controls.control import Control, source


class Player(Control):
    """One of several levels: ``value`` its position, ``words`` what each is called."""

    _esm = source("player")

    words = t.List(t.Unicode()).tag(sync=True)

    def read(self) -> Any:
        """The position. Raises :class:`SpecError` when it is none of the levels'."""
        if type(self.value) is not int or not 0 <= self.value < max(1, len(self.words)):
            raise SpecError(
                f"{self.label} has {len(self.words)} levels, counted from 0, but {self.value!r:.40} was sent."
            )
        return self.value
