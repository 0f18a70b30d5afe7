"""The picture that can be fooled: an image, the perturbation, what each model predicts, and a slider over ε."""

from collections.abc import Callable
from pathlib import Path

import traitlets as t

from lab.results import ImageSweepResult
from widgets.figures.image_sweep import path_pixels, path_record, pixels, record
from widgets.glossary import WITH_TERMS
from widgets.plain import Plain


class Showcase(Plain):
    """Draws every level of ε in the browser, from one record and the bytes of all pictures.

    ``press(content)`` is called with what a browser sends: a visitor's word, to be judged. ``sets`` are the data sets
    to choose from, ``chosen`` the present one, ``notes`` a few words about each model, ``said`` what is going on.
    """

    _esm = "\n".join((WITH_TERMS, Path(__file__).with_name("showcase.js").read_text("utf-8")))
    _css = Path(__file__).with_name("showcase.css")

    record = t.Dict().tag(sync=True)
    pixels = t.Bytes().tag(sync=True)
    path = t.Dict().tag(sync=True)
    path_pixels = t.Bytes().tag(sync=True)
    sets = t.List(t.Dict()).tag(sync=True)
    chosen = t.Unicode().tag(sync=True)
    notes = t.Dict().tag(sync=True)
    said = t.Unicode().tag(sync=True)

    def __init__(self, press: Callable[[object], None], **traits: object) -> None:
        super().__init__(**traits)
        self.add_class("lab-front")
        self._press = press
        self.on_msg(self._pressed)

    def show(self, result: ImageSweepResult) -> None:
        """Show a result, complete or partial; the path of the one before goes."""
        with self.hold_sync():
            self.path, self.path_pixels = {}, b""
            self.pixels = pixels(result)
            self.record = record(result)

    def show_path(self, result: ImageSweepResult, level: int) -> None:
        """Show the steps of the attack at one level of ε, too."""
        with self.hold_sync():
            self.path_pixels = path_pixels(result, level)
            self.path = path_record(result, level)

    def _pressed(self, _: object, content: object, __: object) -> None:
        self._press(content)
