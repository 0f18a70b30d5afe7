"""The shelves: a card for every exhibit of the four papers."""

from collections.abc import Callable
from pathlib import Path

import traitlets as t

from widgets.plain import Plain

Open = Callable[[str], None]
"""Opens the exhibit of that name."""


class Shelves(Plain):
    """The papers with their cards; a pressed one calls ``press(name)``.

    ``opened`` is the exhibit that is shown instead of them: whoever comes back goes on at its card.
    """

    _esm = Path(__file__).with_name("shelves.js")
    _css = Path(__file__).with_name("shelves.css")

    shelves = t.List(t.Dict()).tag(sync=True)
    opened = t.Unicode().tag(sync=True)

    def __init__(self, press: Open) -> None:
        super().__init__()
        self.add_class("lab-shelves")
        self._press = press
        self.on_msg(self._pressed)

    def _pressed(self, _: object, content: object, __: object) -> None:
        if isinstance(content, str):
            self._press(content)
