"""What all pages share: the style sheet, a panel of settings, and what leaves the page."""

from collections.abc import Iterable, Mapping
from typing import Any

from lab import links
from lab.errors import LabError
from lab.links import Link
from lab.results.result import pack
from lab.specs import Spec
from lab.specs.code import code, kinds
from widgets.dashboards.links import LinkBar
from widgets.forms import Form
from widgets.plain import Box, Plain
from widgets.plot import PlotView
from widgets.run_bar import RunBar
from widgets.take_away import TakeAway
from widgets.theme import css


class Style(Plain):
    """The theme's style sheet; a page that holds it is styled, however many pages do."""

    _esm = "export default {}"
    _css = css()

    def __init__(self) -> None:
        super().__init__()
        self.add_class("lab-style")


class Page(Box):
    """A page of the lab.

    Its parts: ``form`` (what is computed), ``bar`` (runs it), ``views`` (the figures by name), ``content`` (all that is
    not the panel) and, where there is one, ``look`` (how they are drawn) and ``links`` (to other pages). ``drawing``
    are the lines of Python that draw its first figure from ``result``.
    """

    form: Form
    bar: RunBar
    views: Mapping[str, PlotView]
    content: Box
    look: Form | None = None
    links: LinkBar | None = None
    result: Any = None
    drawing = "print(result.to_frame())"

    def settings(self) -> Spec:
        """What the page asks with its present settings. Raises :class:`SpecError` when they cannot be."""
        spec: Spec = self.form.spec()
        return spec

    def carried(self) -> Spec:
        """The settings that travel to the next page. Raises :class:`LabError` when they cannot be."""
        return self.settings()

    def ask(self, spec: Spec) -> None:
        """Set every control as the spec has it, and run it. Raises :class:`SpecError` when a control cannot."""
        self.form.write(spec)
        self.bar.run()

    def link(self) -> str:
        """The page's state for an address. Raises :class:`LabError` when the settings cannot be."""
        look = None if self.look is None else self.look.spec()
        cameras = {name: view.camera for name, view in self.views.items() if view.camera}
        return links.write(Link(self.settings(), look, cameras))

    def follow(self, text: str) -> None:
        """Open the state that an address holds. Raises :class:`LabError` in a sentence when it cannot be."""
        link = links.read(text)
        if type(link.asked) is not type(self.settings()):
            raise LabError("This link belongs to another page.")
        if self.look is not None and link.look is not None:
            self.look.write(link.look)
        for name, camera in link.cameras.items():
            if name in self.views:
                self.views[name].camera = camera
        self.ask(link.asked)

    def code(self) -> str:
        """The lines of Python that compute what the page shows and draw its first figure."""
        spec = self.settings()
        return "\n".join(
            (
                "from lab.analysis import analyse",
                "from lab.context import Context",
                f"from lab.specs import {', '.join(sorted(kinds(spec)))}",
                "",
                f"spec = {code(spec)}",
                f"result = analyse(spec, Context(seed={getattr(spec, 'seed', 0)}))",
                self.drawing,
            )
        )

    def numbers(self) -> bytes:
        """The result that is shown, with its spec, as the bytes of an .npz file."""
        if self.result is None:
            raise LabError("There are no numbers yet: run it first.")
        return pack(self.result)

    def mark_stale(self, _: Any) -> None:
        """Say beside the figures, too, whether they are not of the present settings."""
        (self.content.add_class if self.bar.stale else self.content.remove_class)("lab-stale")

    def panel(self, settings: Iterable[Any]) -> Box:
        """The settings at the page's side; below them, always in sight, the run bar and what leaves the page."""
        self.take_away = TakeAway(self.link, self.code, self.numbers)
        return Box([Box(settings, "lab-settings"), Box([self.bar, self.take_away], "lab-panel-footer")], "lab-panel")
