"""Choosing test images by looking at them."""

from typing import Any

import traitlets as t

from lab.errors import SpecError
from lab.results import PreviewResult
from widgets.controls.control import Control, source


class Images(Control):
    """Thumbnails of test images; ``value`` lists the chosen positions, ``page`` which thumbnails are shown.

    The thumbnails are of ``listed`` images: of all ``total`` of the data, or of those that fit one of the ``criteria``,
    in one of the ``orders``; ``found`` says how many they are, ``numbered`` whether all stand at their numbers.
    ``draws`` offers to draw one; pressed, it turns ``drawing``, which says whether there is a canvas.
    """

    _esm = source("images")

    pixels = t.Bytes().tag(sync=True)
    shape = t.List(t.Int()).tag(sync=True)
    positions = t.List(t.Int()).tag(sync=True)
    names = t.List(t.Unicode()).tag(sync=True)
    total = t.Int(0).tag(sync=True)
    listed = t.Int(0).tag(sync=True)
    a_page = t.Int(16).tag(sync=True)
    criteria = t.List(t.Dict()).tag(sync=True)
    criterion = t.Any("").tag(sync=True, heard=True)
    orders = t.List(t.Dict()).tag(sync=True)
    order = t.Any("").tag(sync=True, heard=True)
    found = t.Unicode().tag(sync=True)
    numbered = t.Bool(True).tag(sync=True)
    most = t.Int(4).tag(sync=True)
    page = t.Any(0).tag(sync=True, heard=True)
    draws = t.Bool(False).tag(sync=True)
    drawing = t.Any(False).tag(sync=True, heard=True)
    waiting = t.Unicode("The images are being fetched …").tag(sync=True)

    def read(self) -> object:
        """The chosen positions. Raises :class:`SpecError` when they are too many, or no positions."""
        return self.chosen()

    def chosen(self) -> tuple[int, ...]:
        """The chosen positions. Raises as :meth:`read` does."""
        values = self.value if isinstance(self.value, list | tuple) else ()
        if not 1 <= len(values) <= self.most or not all(type(value) is int for value in values):
            raise SpecError(f"Choose between 1 and {self.most} images.")
        return tuple(values)

    def write(self, value: Any) -> None:
        """Choose these positions."""
        self.value = list(value)

    def show(self, preview: PreviewResult) -> None:
        """Offer the images of a preview."""
        with self.hold_sync():
            self.shape = list(preview.x.shape)
            self.pixels = preview.x.tobytes()
            self.total = preview.available
            self.names = [preview.class_names[label] for label in preview.y]
            self.positions = list(preview.spec.images[: len(preview.x)])

    def empty(self, waiting: str) -> None:
        """Offer nothing, and say why."""
        with self.hold_sync():
            self.positions, self.names, self.pixels = [], [], b""
            self.waiting = waiting
