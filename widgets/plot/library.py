"""plotly.js, for every figure of a page."""

from pathlib import Path

import traitlets as t

from lab.server.scripts import plotly_js
from widgets.plain import Plain


class Library(Plain):
    """The plotly.js of a page: it is evaluated once, and views wait for it.

    The lab's own server sends it with the page. Elsewhere, as in JupyterLab, the browser asks for ``source``, the text
    compressed by gzip.
    """

    _esm = Path(__file__).with_name("library.js")
    source = t.Bytes().tag(sync=True)

    def __init__(self) -> None:
        super().__init__()
        self.on_msg(self._answer)

    def _answer(self, _: object, content: object, __: object) -> None:
        if content == "source":
            self.source = plotly_js()
