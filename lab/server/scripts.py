"""Scripts that a browser reads once and keeps: plotly.js, and those of JupyterLab's extensions."""

from __future__ import annotations

import gzip
from functools import cache
from importlib.metadata import distribution, version
from pathlib import Path

from jupyter_server.base.handlers import FileFindHandler

from lab.server.light import Light

KEPT = "public, max-age=31536000, immutable"
"""The ``Cache-Control`` of what never changes under its address."""


@cache
def plotly_js() -> bytes:
    """The text of plotly.js of the installed plotly package, compressed by gzip."""
    file = distribution("plotly").locate_file("plotly/package_data/plotly.min.js")  # nothing here draws: no import
    text = Path(str(file)).read_bytes()
    return gzip.compress(text, compresslevel=6, mtime=0)


@cache
def plotly_address() -> str:
    """The address of plotly.js below the lab's, which changes with the package."""
    return f"plotly.js?v={version('plotly')}"


class PlotlyHandler(Light):
    """``GET /plotly.js``. A page asks for it as soon as it opens, so that it is there before the first figure."""

    def get(self) -> None:
        """Answer with the text, compressed for browsers that read that."""
        self.set_header("Content-Type", "text/javascript; charset=utf-8")
        self.set_header("Cache-Control", KEPT)
        self.set_header("Vary", "Accept-Encoding")
        if "gzip" in self.request.headers.get("Accept-Encoding", ""):
            self.set_header("Content-Encoding", "gzip")
            self.finish(plotly_js())
        else:
            self.finish(gzip.decompress(plotly_js()))


class ExtensionHandler(FileFindHandler):
    """The scripts of JupyterLab's extensions, whose names change with their text."""

    def set_headers(self) -> None:
        """Let the browser keep the script, and what it has compiled of it."""
        super().set_headers()
        self.set_header("Cache-Control", KEPT)
