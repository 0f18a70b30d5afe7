"""Pictures with words: one card for each case, its pictures side by side, and what is to be said about them."""

from collections.abc import Callable
from pathlib import Path
from typing import NotRequired, TypedDict

import traitlets as t

from widgets.glossary import WITH_TERMS
from widgets.plain import Plain

LARGEST_SIDE = 224
"""Larger images are shown with every k-th pixel only."""


class Picture(TypedDict):
    """A picture as a data address, what it shows, and the words under it; ``fooled`` colours them."""

    source: str
    title: str
    words: NotRequired[str]
    fooled: NotRequired[bool]


class Badge(TypedDict):
    """A sentence about trust: ``good`` or a warning."""

    words: str
    good: bool


class Card(TypedDict):
    """One case: heading with an optional colour, pictures, facts, badges, or the sentence why there is nothing.

    A card that ``opens`` something, in words, can be pressed. Beside the sentence why there is nothing may stand a
    button that ``fixes`` it.
    """

    title: str
    colour: NotRequired[str]
    opens: NotRequired[str]
    chosen: NotRequired[bool]
    pale: NotRequired[bool]
    pictures: list[Picture]
    facts: NotRequired[list[str]]
    badges: NotRequired[list[Badge]]
    error: NotRequired[str]
    fixes: NotRequired[str]


class Gallery(Plain):
    """Cards that are redrawn in place, so that dragging a slider does not make the page jump.

    ``press`` is called with the place of a card that was pressed, ``fix`` with that of one whose button was.
    """

    _esm = "\n".join((WITH_TERMS, Path(__file__).with_name("gallery.js").read_text("utf-8")))
    _css = Path(__file__).with_name("gallery.css")

    heading = t.Unicode().tag(sync=True)
    note = t.Unicode().tag(sync=True)
    cards = t.List[Card]().tag(sync=True)

    def __init__(
        self,
        heading: str,
        *classes: str,
        press: Callable[[int], None] | None = None,
        fix: Callable[[int], None] | None = None,
    ) -> None:
        super().__init__(heading=heading)
        self._press = press
        self._fix = fix
        self.on_msg(self._pressed)
        for name in ("lab-figure", "lab-full", "lab-gallery", *classes):
            self.add_class(name)

    @property
    def texts(self) -> tuple[str, ...]:
        """The words above the cards."""
        return (self.heading, self.note)

    def show(self, cards: list[Card], note: str) -> None:
        """Show these cards instead of the present ones."""
        with self.hold_sync():
            self.note = note
            self.cards = cards

    def _pressed(self, _: object, content: object, __: object) -> None:
        place, call = (content, self._press) if not isinstance(content, dict) else (content.get("fix"), self._fix)
        if call is not None and type(place) is int and 0 <= place < len(self.cards):
            call(place)
