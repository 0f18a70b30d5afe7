"""plotly.js from the installed plotly package, sent to the browser once per page."""

import gzip
from importlib.resources import files
from pathlib import Path

import traitlets as t

from widgets.plain import Plain


class Library(Plain):
    """The text of plotly.js, compressed. It is evaluated once per page, as soon as it arrives; views wait for it."""

    _esm = Path(__file__).with_name("library.js")
    source = t.Bytes().tag(sync=True)

    def __init__(self) -> None:
        text = files("plotly").joinpath("package_data", "plotly.min.js").read_bytes()
        super().__init__(source=gzip.compress(text, compresslevel=5))
