"""The lab as one application: a home and a tab for every page, each built when it is first opened."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import traitlets as t

from lab.engine import Engine
from widgets.dashboards.explore import ExplorePage
from widgets.dashboards.masking import MaskingPage
from widgets.dashboards.page import Style
from widgets.dashboards.restarts import RestartsPage
from widgets.dashboards.transfer import TransferPage
from widgets.plain import Box, Plain, shared
from widgets.plot.library import Library

TITLE = "Adversarial Lab"


@dataclass(frozen=True)
class Entry:
    """A page in the list: its name in the address, its tab, where it comes from, what it shows, how it is built."""

    name: str
    label: str
    source: str
    text: str
    build: Callable[[Any], Box]


PAGES = (
    Entry(
        "pgd-restarts",
        "PGD restarts",
        "Madry et al. 2017 · Figures 1 and 2",
        "Start PGD from many random points of the ball. Do all of them end at the same loss, and how far apart?",
        RestartsPage,
    ),
    Entry(
        "attack-explorer",
        "Attack explorer",
        "Every attack of the four papers",
        "Take one image and drag ε. See what an attack changes, what the network then reads, and whether to trust it.",
        ExplorePage,
    ),
    Entry(
        "transfer",
        "Transfer",
        "Kurakin et al. 2017 · Tables 4 and 6",
        "Make adversarial images on one network and show them to another. Whose fool whom, and who stands apart?",
        TransferPage,
    ),
    Entry(
        "masking",
        "Masking",
        "Tramèr et al. 2018 · Section 4.1",
        "One step cannot fool this network. Is it robust, or is its gradient masked? A verdict with its reasons.",
        MaskingPage,
    ),
)

_WELCOME = (
    "A change too small to matter to you can make a network read another digit. Here you can attack networks, see how "
    "the attack finds its way, and find out which defences hold and which only look as if they did.",
    "Every page is one experiment of a paper, on real data and trained networks. Change a setting, press Run, and "
    "compare. Results are kept, so a picture that someone has asked for before is there at once.",
)


class Navigation(Plain):
    """The header: the name, the tabs, the state of the engine. ``selected`` is the name of the open page."""

    _esm = Path(__file__).with_name("nav.js")

    title = t.Unicode(TITLE).tag(sync=True)
    pages = t.List(t.Dict()).tag(sync=True)
    selected = t.Any("home").tag(sync=True)
    engine = t.Unicode().tag(sync=True)


class Home(Plain):
    """A few words, and a card for every page. ``opened`` is the page whose card was pressed."""

    _esm = Path(__file__).with_name("home.js")

    title = t.Unicode(TITLE).tag(sync=True)
    paragraphs = t.List(t.Unicode()).tag(sync=True)
    cards = t.List(t.Dict()).tag(sync=True)
    opened = t.Any("").tag(sync=True)


class App(Box):
    """The whole lab. ``navigation.selected`` says which page is open; ``visit(name)`` opens one."""

    def __init__(self, engine: Any = None) -> None:
        self._engine = engine or Engine.connect()
        self._entries = {entry.name: entry for entry in PAGES}
        tabs = [{"name": "home", "label": "Home"}, *({"name": e.name, "label": e.label} for e in PAGES)]
        self.navigation = Navigation(pages=tabs)
        self.home = Home(paragraphs=list(_WELCOME), cards=[_card(entry) for entry in PAGES])
        self.built: dict[str, Box] = {"home": Box([self.home], "lab-place", "lab-home")}
        self._places = Box(self.built.values(), "lab-places")
        shared(Library)  # so that the browser reads it while a person still reads the home page
        super().__init__([shared(Style), self.navigation, self._places], "lab", "lab-app")
        self.navigation.on_msg(self._arrived)
        self.navigation.observe(self._selected, "selected")
        self.home.observe(self._opened, "opened")

    def visit(self, name: str) -> None:
        """Show a page; it is built when it is shown for the first time. Unknown names change nothing."""
        if name not in self.built:
            if name not in self._entries:
                return
            page = self._entries[name].build(self._engine)
            self.built[name] = Box([page], "lab-place")
            self._places.children = tuple(self.built.values())
        for each, place in self.built.items():
            (place.remove_class if each == name else place.add_class)("lab-closed")
        self.navigation.selected = name

    def _arrived(self, _: Any, content: Any, __: Any) -> None:
        """A browser shows the header: say what the engine is like now, long after a waiting kernel was made."""
        if content == "arrived":
            count = self._engine.workers()
            workers = f"{count} worker" + "s" * (count != 1)
            self.navigation.engine = f"Engine ready · {workers}" if count else "The engine has no worker yet"

    def _selected(self, change: Any) -> None:
        if isinstance(change["new"], str):
            self.visit(change["new"])

    def _opened(self, change: Any) -> None:
        if isinstance(change["new"], str):
            self.visit(change["new"])


def _card(entry: Entry) -> dict[str, str]:
    return {"name": entry.name, "label": entry.label, "source": entry.source, "text": entry.text}
