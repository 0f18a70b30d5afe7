"""Entry of a page in the list of pages."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lab.specs import Spec
from widgets.parts.engine import PageEngine
from widgets.parts.page import AnyPage


@dataclass(frozen=True)
class Entry:
    """A page in the list: its name in the address, its tab, where it comes from, what it shows, how it is built.

    ``asks`` is the kind of spec that it asks for, if it is one analysis: a link can lead to the page by it. ``sketch``
    is drawn on its card on the home page: an SVG of 240 × 96 in the colours of the theme. Tabs stand in the order of
    ``position``, those that state none last.
    """

    name: str
    label: str
    source: str
    text: str
    build: Callable[[PageEngine], AnyPage]
    asks: type[Spec] | None = None
    sketch: Path = Path(__file__).with_name("sketch.svg")
    position: float = math.inf
