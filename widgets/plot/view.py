"""A view of a plain plotly figure. The figure is one synced trait, so the last state always wins."""

import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import ipywidgets as ipw
import plotly.graph_objects as go
import traitlets as t
from plotly.io.json import to_json_plotly

from lab.errors import LabError
from lab.specs.sentences import labelled
from widgets.glossary import WITH_TERMS
from widgets.plain import Plain, shared
from widgets.plot.config import config
from widgets.plot.document import FigureRecord, document
from widgets.plot.library import Library
from widgets.theme import TEMPLATE


class PlotView(Plain):
    """A titled figure with downloads; zoom and camera survive a redraw.

    ``clicked``, ``hovered`` (``{"trace", "point", "x", "y", "customdata"}`` or None), ``camera``, which all scenes of
    a figure share, and ``ranges`` (``{"x", "y"}`` of axes that a person moved, None for all there is) come back from
    the browser and are not to be trusted. ``tip`` (``{"pictures", "words"}`` or None) stands beside the pointer.
    ``height`` in pixels holds for figures that name none themselves. ``csv`` gives the text that is downloaded;
    without it there is no CSV button. PNG and SVG are made by the browser, the HTML file by :func:`document`;
    all of them are light, also of a figure on a dark page.
    """

    _esm = "\n".join(
        (
            WITH_TERMS,
            *(Path(__file__).with_name(f"{each}.js").read_text("utf-8") for each in ("scheme", "room", "view")),
        )
    )

    figure = t.Unicode().tag(sync=True)
    heading = t.Unicode().tag(sync=True)
    note = t.Unicode().tag(sync=True)
    name = t.Unicode("figure").tag(sync=True)
    height = t.Int(300).tag(sync=True)
    config = t.Dict(config({})).tag(sync=True)
    provisional = t.Bool(False).tag(sync=True)
    has_csv = t.Bool(False).tag(sync=True)
    template = t.Dict().tag(sync=True)
    library = t.Instance(Library).tag(sync=True, **ipw.widget_serialization)
    clicked = t.Any(None).tag(sync=True, heard=True)
    hovered = t.Any(None).tag(sync=True, heard=True)
    camera = t.Any(None).tag(sync=True, heard=True)
    tip: object = t.Dict(None, allow_none=True).tag(sync=True)
    ranges = t.Any(None).tag(sync=True, heard=True)

    def __init__(self, heading: str = "", csv: Callable[[], str] | None = None, **traits: object) -> None:
        traits |= {"library": shared(Library), "template": TEMPLATE}
        super().__init__(heading=heading, has_csv=csv is not None, **traits)
        self._csv = csv
        self._around: tuple[str, ...] = ()
        self.add_class("lab-figure")
        self.on_msg(self._answer)

    def draw(self, figure: go.Figure, provisional: bool = False) -> None:
        """Show a figure instead of the present one; its template is the theme's, whatever it carries.

        A provisional figure, soon to be replaced, is drawn only where it is in sight: drawing takes the processor
        from what computes the next one.
        """
        content = figure.to_dict()
        content.get("layout", {}).pop("template", None)
        self._around = tuple(_words(content.get("layout", {})))
        with self.hold_sync():
            self.config = config(content.get("layout", {}))
            self.provisional = provisional
            self.figure = to_json_plotly(content)

    @property
    def texts(self) -> tuple[str, ...]:
        """The words above and around what is plotted: heading, note, titles of axes and legends."""
        return (self.heading, self.note, *self._around)

    @property
    def drawn(self) -> FigureRecord:
        """The shown figure; empty before the first :meth:`draw`."""
        return json.loads(self.figure) if self.figure else {}

    def _answer(self, _: object, content: object, __: object) -> None:
        try:
            if content == "csv" and self._csv is not None:
                self.send({"csv": self._csv()})
            elif content == "html":
                self.send({"html": "gzip"}, buffers=[gzip.compress(self._document().encode(), compresslevel=5)])
        except LabError as error:
            self.send({"error": labelled(error)})

    def _document(self) -> str:
        if not self.figure:
            raise LabError("There is no figure to download yet: run it first.")
        return document(self.drawn, self.heading, self.note, self.height)


def _words(layout: object) -> Iterator[str]:
    """Every text of a plotly layout."""
    if isinstance(layout, list | tuple):
        for each in layout:
            yield from _words(each)
    elif isinstance(layout, dict):
        for name, value in layout.items():
            if name == "text" and isinstance(value, str):
                yield value
            else:
                yield from _words(value)
