"""Downloads of a page: a link to it, the code behind it, its numbers."""

from collections.abc import Callable
from pathlib import Path

from lab.errors import LabError
from lab.specs.sentences import labelled
from widgets.plain import Plain


class TakeAway(Plain):
    """Three buttons: a link that opens the same picture, the Python that computes it, the result as .npz.

    ``link`` gives the page's state for an address, ``code`` the lines of Python, ``numbers`` the bytes of the file.
    What is wrong comes as a :class:`LabError` and is shown in its words.
    """

    _esm = Path(__file__).with_name("take_away.js")
    _css = Path(__file__).with_name("take_away.css")

    def __init__(self, link: Callable[[], str], code: Callable[[], str], numbers: Callable[[], bytes]) -> None:
        super().__init__()
        self.add_class("lab-take-away")
        self._text = {"link": link, "code": code}
        self._numbers = numbers
        self.on_msg(self._asked)

    def _asked(self, _: object, content: object, __: object) -> None:
        try:
            if content == "numbers":
                self.send({"kind": "numbers"}, buffers=[self._numbers()])
            elif isinstance(content, str) and content in self._text:
                self.send({"kind": content, "text": self._text[content]()})
        except LabError as error:
            self.send({"kind": "error", "text": labelled(error)})
