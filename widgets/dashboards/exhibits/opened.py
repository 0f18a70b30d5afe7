"""An opened exhibit: what is said of it, and below that its values, claims and origin."""

from pathlib import Path

import traitlets as t

from widgets.dashboards.exhibits.shelves import Open
from widgets.plain import Plain


class Head(Plain):
    """Title and finding of the opened exhibit; its buttons open the shelves and the exhibits beside it."""

    _esm = Path(__file__).with_name("head.js")

    record = t.Dict().tag(sync=True)

    def __init__(self, press: Open) -> None:
        super().__init__()
        self.add_class("lab-exhibit-head")
        self._press = press
        self.on_msg(self._pressed)

    def _pressed(self, _: object, content: object, __: object) -> None:
        if isinstance(content, str):
            self._press(content)


class Body(Plain):
    """The values side by side, the claims, which model plays which, where it comes from, and how to run it again."""

    _esm = Path(__file__).with_name("body.js")
    _css = Path(__file__).with_name("opened.css")

    record = t.Dict().tag(sync=True)

    def __init__(self) -> None:
        super().__init__()
        self.add_class("lab-exhibit-body")
