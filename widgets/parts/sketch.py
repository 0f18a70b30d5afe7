"""A canvas to draw a test image on."""

from pathlib import Path

import traitlets as t

from lab.catalogue import DataCard
from lab.errors import SpecError
from lab.specs.data import DRAWING_SIDE, Drawn, PublishedData, without_drawing
from widgets.controls.control import Control, source

_BESIDE = (1, DRAWING_SIDE, DRAWING_SIDE)  # of images that a drawing can be added to


class Sketch(Control):
    """A canvas, and which class is drawn on it; there while it is ``shown``.

    ``value`` is what was drawn last: ``{"pixels": …, "label": …}`` as :class:`Drawn` has them. ``classes`` are the
    names that can be chosen: none where nothing can be drawn.
    """

    _esm = source("sketch", Path(__file__).parent)
    _css = Path(__file__).with_name("sketch.css")

    shown = t.Any(False).tag(sync=True, heard=True)
    classes = t.List(t.Unicode()).tag(sync=True)

    def __init__(self) -> None:
        super().__init__(label="Your drawing")
        self.add_class("lab-sketch")
        self._data: PublishedData | None = None

    def offer(self, data: DataCard) -> None:
        """Let these data be drawn, if their images are as a drawing is."""
        spec = without_drawing(data.spec)
        self._data = spec if isinstance(spec, PublishedData) and spec.published.shape == _BESIDE else None
        self.classes = list(self._data.published.classes) if self._data is not None else []

    def drawing(self) -> Drawn:
        """What was drawn last. Raises :class:`SpecError` when that is nothing, or nothing that can be drawn."""
        value = self.value if isinstance(self.value, dict) else {}
        if self._data is None or value.keys() != {"pixels", "label"}:
            raise SpecError("There is no drawing yet.")
        return Drawn(self._data, **value)
