"""The lab as one application: a home and a tab for every page, each built when it is first opened."""

import asyncio
import os
from collections.abc import Iterable
from pathlib import Path

import traitlets as t

from lab import catalogue, plugins
from lab.counts import counted
from lab.discovery import import_all
from lab.engine import Engine
from lab.errors import LabError
from lab.specs import Spec
from lab.specs.sentences import labelled
from lab.stories import StoryStep
from widgets.dashboards.home import TITLE, Home
from widgets.glossary import Glossary
from widgets.loop import Every, OnLoop
from widgets.parts.alert import Alert
from widgets.parts.carried import LabSettings
from widgets.parts.engine import PageEngine
from widgets.parts.entry import Entry
from widgets.parts.links import Link
from widgets.parts.page import AnyPage, Style
from widgets.parts.teller import Teller
from widgets.plain import Box, Plain, shared
from widgets.plot.library import Library
from widgets.together import together


def _in_order(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    return tuple(sorted(entries, key=lambda entry: entry.position))


PAGES: tuple[Entry, ...] = _in_order(page.ENTRY for page in import_all("widgets.dashboards") if hasattr(page, "ENTRY"))
"""The lab's own pages."""


def pages() -> tuple[Entry, ...]:
    """Every page, the lab's and those of its plug-ins. Raises :class:`LabError` when one cannot be loaded."""
    return _in_order((*PAGES, *(entry for module in plugins.parts("pages") for entry in module.PAGES)))


def _offered() -> tuple[tuple[Entry, ...], str]:
    """Every page, or the lab's own and a sentence about the plug-in that cannot be loaded."""
    try:
        return pages(), ""
    except LabError as error:
        return PAGES, labelled(error)


_PREPARED = 1.0  # seconds for which a page that was prepared and not visited goes on computing
_GLANCE = 2.0  # seconds between two looks at the connection to the engine


class Navigation(Plain):
    """The header: the name, the tabs, the state of the engine.

    ``selected`` is the name of the page that is asked for and ``state`` its state, both as the address holds them,
    which holds the ``step`` of a story instead while there is one; ``shown`` is the page that is in sight until then;
    ``refusal`` says why an address could not be opened; ``presenter`` says whether the lab opens as it looks on a
    projector.
    """

    _esm = Path(__file__).with_name("nav.js")

    title = t.Unicode(TITLE).tag(sync=True)
    pages = t.List(t.Dict()).tag(sync=True)
    selected = t.Any("home").tag(sync=True, heard=True)
    state = t.Any("").tag(sync=True, heard=True)
    shown = t.Unicode("home").tag(sync=True)
    step = t.Any("").tag(sync=True, heard=True)
    refusal = t.Unicode().tag(sync=True)
    engine = t.Unicode().tag(sync=True)
    presenter = t.Bool(False).tag(sync=True)


class App(Box):
    """The whole lab. ``navigation.selected`` says which page is open; ``visit(name)`` opens one.

    What a person changed on a page (data, models, image, attack, ball) is so on the others, too, where it can be.
    """

    def __init__(self, engine: PageEngine | None = None) -> None:
        self._engine = engine or Engine.connect()
        self._open, self._state = "home", ""
        entries, refusal = _offered()
        self._entries = {entry.name: entry for entry in entries}
        tabs = [{"name": "home", "label": "Home"}, *({"name": e.name, "label": e.label} for e in entries)]
        self.navigation = Navigation(pages=tabs, refusal=refusal, presenter=os.environ.get("LAB_PRESENTER") == "1")
        self.home = Home(self._engine, [_card(entry) for entry in entries])
        self.pages: dict[str, AnyPage] = {}
        self._settings = LabSettings()
        self.built: dict[str, Box] = {"home": Box([shared(Alert), self.home], "lab-place", "lab-home")}
        self._places = Box(self.built.values(), "lab-places")
        shared(Library)  # so that the browser reads it while a person still reads the home page
        self.teller = Teller(self._open_step, self._moved)
        own = [shared(Style), shared(Glossary), self.navigation, self.teller.card]
        super().__init__([*own, self._places], "lab", "lab-app")
        self.navigation.on_msg(self._heard)
        self.navigation.observe(self._addressed, ["selected", "state", "step"])
        self._told = OnLoop(self._tell_state, 0.3)
        self._reached = True
        self._watch: Every | None = None
        self.home.doors.observe(self._opened, "opened")
        self.home.doors.observe(lambda change: self.tell(change["new"]), "told")
        self.home.lead(self.follow)

    def visit(self, name: str, carry: bool = True) -> None:
        """Show a page; it is built when it is shown for the first time. Unknown names change nothing.

        ``carry``: with what was changed on other pages.
        """
        if name == self._open or (name not in self.built and name not in self._entries):
            return
        before, self._open = self._open, name
        self.navigation.refusal = ""
        if before in self.pages:
            self._settings.leave(before, self.pages[before])
            self.pages[before].leave()
        if before == "home":
            self.home.leave()
        page = self.pages.get(name) or self._build(name)
        for each, place in self.built.items():
            (place.remove_class if each == name else place.add_class)("lab-closed")
        with self.navigation.hold_sync():
            self.navigation.shown = name
            if self.navigation.selected != name:  # nothing in the address asked for it
                self.navigation.selected, self.navigation.state = name, ""
        if page:
            self._settings.arrive(name, page, take=carry)
        if name == "home":
            self.home.come()
        if page and carry:
            page.come_back()
        self.teller.goes_to(name)
        self._told()

    def prepare(self, name: object) -> None:
        """Build a page before it is visited, because a pointer rests on its tab; unvisited it stops computing."""
        if isinstance(name, str) and name in self._entries and name not in self.built:
            self._build(name, "lab-closed")
            asyncio.get_running_loop().call_later(_PREPARED, self._give_up, name)

    def _give_up(self, prepared: str) -> None:
        if self._open != prepared:
            self.pages[prepared].leave()

    def follow(self, link: Link) -> None:
        """Open the page a link leads to, set as the link says; what cannot be set there stays as it was.

        Back on the page where the link was, all is as it was left, but for what is changed meanwhile.
        """
        origin, name = self._open, link.page if isinstance(link.page, str) else self._asking(link.page)
        self.visit(name, carry=False)
        page = self.pages.get(name)
        if page is not None:
            self._settings.follow(origin, name, page, link.settings)

    def _asking(self, kind: type[Spec]) -> str:
        """The name of the page that asks for specs of that kind."""
        return next(name for name, entry in self._entries.items() if entry.asks is kind)

    def tell(self, step: object) -> None:
        """Open the step of a story that an address or a door names; what names none is refused in the header."""
        if not isinstance(step, str) or step in ("", self.teller.address):
            return
        try:
            with self.navigation.hold_sync():
                self.teller.open(step)
        except LabError as error:
            self.navigation.refusal, self.navigation.step = labelled(error), self.teller.address

    def _open_step(self, step: StoryStep) -> AnyPage:  # type: ignore[type-arg]
        """Open a page with the settings of a step, which are not carried to others: nobody has chosen them."""
        catalogue.require_listed(step.asked)
        self.visit(step.page, carry=False)
        page = self.pages[step.page]
        if page.look is not None:
            for name, value in step.look.items():
                page.look.parts[name].write(value)
        page.ask(step.asked)
        self._settings.arrive(step.page, page, take=False)
        return page

    def _moved(self, step: str) -> None:
        self.navigation.step = step
        self._told()

    def _build(self, name: str, *classes: str) -> AnyPage | None:
        if name == "home":
            return None
        with together():
            page = self.pages[name] = self._entries[name].build(self._engine)
            self.built[name] = Box([page], "lab-place", *classes)
        self._places.children = tuple(self.built.values())
        for form in filter(None, (page.form, page.look)):
            form.observe(lambda _: self._told(), "changes")
        page.lead(self.follow)
        for view in page.views.values():
            view.observe(lambda _: self._told(), "camera")
        return page

    def _tell_state(self) -> None:
        """Put the open page's state into the address; settings that cannot be leave it as it is."""
        page = self.pages.get(self._open)
        try:
            state = page.link() if page else ""
        except LabError:
            return
        self._state = self.navigation.state = state

    def _addressed(self, _: object) -> None:
        """Open the step of a story, or the page and its state, that the address holds now."""
        name, state, step = self.navigation.selected, self.navigation.state, self.navigation.step
        if step != "":
            self.tell(step)
            return
        self.teller.leave()
        if not isinstance(name, str):
            return
        known = not isinstance(state, str) or state in ("", self._state)
        self.visit(name, carry=known)
        page = self.pages.get(name)
        if page is None or known:
            return
        self._state = state
        try:
            page.follow(state)
            self.navigation.refusal = ""
        except LabError as error:
            self.navigation.refusal = labelled(error)
            page.come_back()
        self._told()

    def _heard(self, _: object, content: object, __: object) -> None:
        """A browser shows the header, or a pointer rests on a tab."""
        if content == "arrived":
            self._arrived()
        elif isinstance(content, dict):
            self.prepare(content.get("pointed"))

    def _arrived(self) -> None:
        """Say what the engine is like now, long after a waiting kernel was made.

        The home page asks for its picture only now, so that a kernel that waits for a visitor computes nothing.
        """
        self._tell_engine()
        self._watch = self._watch or Every(_GLANCE, self._look_after_engine)
        if self._open == "home":
            self.home.come()

    def _look_after_engine(self) -> None:
        """Say it where the connection to the engine was lost, or is there again."""
        if self._engine.reachable != self._reached:
            self._tell_engine()

    def _tell_engine(self) -> None:
        self._reached = self._engine.reachable
        count = self._engine.workers()
        ready = f"Engine ready · {counted(count, 'worker')}" if count else "No worker connected yet"
        self.navigation.engine = ready if self._reached else "Engine out of reach"

    def _opened(self, change: t.Bunch) -> None:
        if isinstance(change["new"], str):
            self.visit(change["new"])


def _card(entry: Entry) -> dict[str, str]:
    card = {"name": entry.name, "label": entry.label, "source": entry.source, "text": entry.text}
    return card | {"sketch": entry.sketch.read_text("utf-8")}
