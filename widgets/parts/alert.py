"""Alert about an error on the page's own thread."""

from pathlib import Path

import traitlets as t

from widgets.faults import listen
from widgets.plain import Plain


class Alert(Plain):
    """A sentence over the page until it is closed, with a button that reloads; nothing while ``words`` is empty.

    One for all pages of a kernel, which each show it.
    """

    _esm = Path(__file__).with_name("alert.js")
    _css = Path(__file__).with_name("alert.css")

    words = t.Unicode().tag(sync=True)

    def __init__(self, **traits: object) -> None:
        super().__init__(**traits)
        self.add_class("lab-alert")
        listen(self._say)
        self.on_msg(self._pressed)

    def _say(self, sentence: str) -> None:
        if not self.closed:
            self.words = sentence

    def _pressed(self, _: object, content: object, __: object) -> None:
        if content == "close":
            self.words = ""
