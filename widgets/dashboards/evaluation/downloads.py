"""Files that leave a page besides its figures: a button for each."""

from collections.abc import Callable, Sequence
from pathlib import Path

import traitlets as t

from lab.errors import LabError
from lab.specs.sentences import labelled
from widgets.plain import Plain


class Downloads(Plain):
    """A button for each file by its name; pressed, the browser saves what ``content(name)`` gives.

    What is wrong comes as a :class:`LabError`, and its words are shown beside the buttons.
    """

    _esm = Path(__file__).with_name("downloads.js")
    _css = Path(__file__).with_name("downloads.css")

    label = t.Unicode().tag(sync=True)
    files = t.List(t.Unicode()).tag(sync=True)

    def __init__(self, label: str, files: Sequence[str], content: Callable[[str], bytes]) -> None:
        super().__init__(label=label, files=list(files))
        self.add_class("lab-downloads")
        self._content = content
        self.on_msg(self._pressed)

    def _pressed(self, _: object, content: object, __: object) -> None:
        if type(content) is not int or not 0 <= content < len(self.files):
            return
        try:
            name = self.files[content]
            self.send({"name": name}, buffers=[self._content(name)])
        except LabError as error:
            self.send({"error": labelled(error)})
