"""plotly.js from the installed plotly package, sent to the browser once per page."""

import gzip
from importlib.resources import files
from typing import Any

import anywidget
import traitlets as t


class Library(anywidget.AnyWidget):
    """The text of plotly.js, compressed. Views refer to this one model and evaluate it once per page."""

    _esm = "export default {}"
    source = t.Bytes().tag(sync=True)
    _shared: "Library | None" = None

    def __init__(self, **traits: Any) -> None:
        text = files("plotly").joinpath("package_data", "plotly.min.js").read_bytes()
        super().__init__(source=gzip.compress(text, compresslevel=5), **traits)

    @classmethod
    def shared(cls) -> "Library":
        """The one library of this kernel; a new one if it was closed."""
        if cls._shared is None or cls._shared.comm is None:
            cls._shared = cls()
        return cls._shared


