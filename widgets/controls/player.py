"""A slider over some levels that can also play them one after another."""

from collections.abc import Sequence

import traitlets as t

from lab.errors import SpecError
from lab.specs.threat import radius
from widgets.controls.control import Control, source


class Player(Control):
    """One of several levels: ``value`` its position, ``words`` what each is called."""

    _esm = source("player")

    words = t.List(t.Unicode()).tag(sync=True)

    def read(self) -> object:
        """The position. Raises :class:`SpecError` when it is none of the levels'."""
        if type(self.value) is not int or not 0 <= self.value < max(1, len(self.words)):
            raise SpecError(
                f"{self.label} has {len(self.words)} levels, counted from 0, but {self.value!r:.40} was sent."
            )
        return self.value


class Radius(Player):
    """Slider over the levels of ε, at the largest one at first."""

    def __init__(self, eps: Sequence[float], help_: str) -> None:
        words = [radius(each) for each in eps]
        super().__init__(value=len(words) - 1, words=words, label="ε shown", help=help_)

    def offer(self, before: Sequence[float], eps: Sequence[float]) -> None:
        """Offer other levels than before; the largest stays the largest, another one its place where there is one."""
        last = len(eps) - 1
        with self.hold_sync():
            if before != eps:
                self.words = [radius(each) for each in eps]
            if self.value == len(before) - 1 or self.value not in range(last + 1):
                self.value = last
