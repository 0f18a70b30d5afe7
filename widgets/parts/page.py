"""Page: the style sheet, figures, a panel of settings, how they are wired, and what leaves the page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

import ipywidgets as ipw
import plotly.graph_objects as go

from lab import links
from lab.errors import LabError, SpecError
from lab.links import PageState
from lab.reports.tables import csv
from lab.results.result import Result, pack
from lab.specs import Screening, Spec
from lab.specs.balls import L2, Linf
from lab.specs.code import code, imports
from lab.specs.data import OpeningValues
from lab.specs.opening import changed, opened_in
from lab.specs.screening import LABELS
from widgets.controls import Control, Number
from widgets.glossary import Glossary
from widgets.loop import OnLoop
from widgets.parts.alert import Alert
from widgets.parts.choices import DataChoice, ModelChoice
from widgets.parts.drawer import DrawerButton
from widgets.parts.forms import Form, Variant
from widgets.parts.gallery import Gallery
from widgets.parts.guide import Guide
from widgets.parts.image_choice import ImageChoice
from widgets.parts.links import Follow, LinkBar
from widgets.parts.run_bar import RunBar
from widgets.parts.take_away import TakeAway
from widgets.plain import Box, Plain, Words, shared
from widgets.plot import PlotView
from widgets.theme import css

if TYPE_CHECKING:
    import pandas as pd  # a page that only draws does without its 25 MB


_REACH = {False: 4, True: 8}  # times the radius of the data that its slider reaches; of photographs' more
_PAUSE = 0.05  # seconds between two computations while a slider is dragged; the first and the last are always done


class Style(Plain):
    """The theme's style sheet; a page that holds it is styled, however many pages do.

    It goes before the sheets of all other widgets, whichever the browser read first: where they say otherwise, theirs
    holds.
    """

    _esm = """
    export default {
      initialize() {
        const [sheet] = document.querySelectorAll('style[id="widgets.parts.page.Style"]');
        const first = document.querySelector('style[id^="widgets."]');
        if (sheet && first !== sheet) first.before(sheet);
      },
    };
    """
    _css = css()

    def __init__(self) -> None:
        super().__init__()
        self.add_class("lab-style")


S = TypeVar("S", bound=Spec)
R = TypeVar("R")
L = TypeVar("L")
T = TypeVar("T")


@dataclass(frozen=True)
class Plot(Generic[R, L]):
    """A figure of a page: its heading, how it is drawn, the numbers behind it, and its place.

    All functions are called with the page's result and with what its :meth:`Page.drawn_as` says. Below the heading
    stands the ``finding``, a sentence with the numbers that are drawn; without one, the ``note``.
    """

    heading: str
    draw: Callable[[R | None, L], go.Figure]
    frame: Callable[[R, L], pd.DataFrame]
    place: str = "lab-half"
    height: int = 340
    note: str = ""
    finding: Callable[[R, L], str] | None = None

    def said(self, result: R | None, look: L) -> str:
        """What stands below the heading of a result's figure."""
        found = self.finding(result, look) if self.finding and result is not None else ""
        return found or self.note


def of_result(made: Callable[[R], T]) -> Callable[[R, object], T]:
    """For a plot: a figure, or its numbers, that the result alone decides."""
    return lambda result, _: made(result)


class Page(Box, Generic[S, R, L]):
    """A page of the lab; its brackets name its request, its result, and what says how that is drawn.

    Its parts: ``form`` (what is computed), ``bar`` (runs it), ``views`` (the figures by name), ``content`` (the figures
    and what is said about them) and, where there are such, ``data``, ``models`` and ``images`` (of which what fits is
    offered), ``look`` (how figures are drawn) and ``links`` (to other pages). ``plots`` are its figures, ``title``
    begins the names of their files, ``strip`` are the fields that stand above the figures whatever the drawer hides,
    as :meth:`Form.take_out` names them, ``drawing`` are the lines of Python that draw the first figure from
    ``result``; ``no_numbers`` is what a person is told who wants numbers before there is a result.

    A page makes its parts, then calls :meth:`begin`.
    """

    form: Form[S]
    bar: RunBar
    views: Mapping[str, PlotView]
    content: Box
    data: DataChoice
    models: ModelChoice
    images: ImageChoice | None = None
    guide: Guide | None = None
    look: Form[Spec] | None = None
    links: LinkBar | None = None
    result: R | None = None
    plots: Mapping[str, Plot[R, L]] = {}
    strip: ClassVar[Sequence[str]] = ()
    _explained: tuple[str, ...] = ()
    title = ""
    drawing = "print(result.to_frame())"
    no_numbers = "There are no numbers yet: run it first."

    def begin(self) -> None:
        """Lay the page out, listen to its controls, and ask for the settings it opens with."""
        self.content = self._content()
        self.lay_out([self.form], [self.form.take_out(name) for name in self.strip])
        self._opening = OpeningValues()
        self._offer()
        self._listen()
        self.bar.run()
        if self.result is None:
            self._paint()

    def lead(self, follow: Follow) -> None:
        """Give the links to other pages a handler, and so show their buttons."""
        if self.links is not None:
            self.links.lead(follow)

    def show(self, result: R) -> None:
        """Draw a result, complete or partial, instead of the present one."""
        self.result = result
        self._paint()

    def drawn_as(self) -> L:
        """Return how the figures are drawn, which needs no computing. Raises :class:`SpecError` when it cannot be.

        The settings of ``look``, or None without it, on a page that does not say more.
        """
        drawn: Any = None if self.look is None else self.look.spec()
        return drawn

    def settings(self) -> S:
        """Return the page's request with its present settings. Raises :class:`SpecError` when they cannot be."""
        return self.form.spec()

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
        return links.write(PageState(self.settings(), look, cameras))

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
                *imports(spec),
                "",
                f"spec = {code(spec)}",
                f"result = analyse(spec, Context(seed={getattr(spec, 'seed', 0)}))",
                self.drawing,
            )
        )

    def numbers(self) -> bytes:
        """The result that is shown, with its spec, as the bytes of an .npz file."""
        if not isinstance(self.result, Result):
            raise LabError(self.no_numbers)
        return pack(self.result)

    def leave(self) -> None:
        """Give up what is being computed: the page is not looked at any more."""
        self.bar.leave()

    def come_back(self) -> None:
        """Ask again for what was given up."""
        self.bar.come_back()

    def mark_stale(self, _: object) -> None:
        """Say beside the figures, too, whether they are not of the present settings, and whether Run is what helps."""
        for name, marked in (("lab-stale", self.bar.stale), ("lab-due", self.bar.due)):
            (self.content.add_class if marked else self.content.remove_class)(name)

    def lay_out(self, settings: Iterable[ipw.Widget], strip: Iterable[ipw.Widget], *classes: str) -> None:
        """Put the page together: the stage, with a strip of controls and the run bar, and the drawer of settings.

        The drawer comes second, so that the way to the figures does not lead through it; of no settings there is none.
        """
        self.take_away = TakeAway(self.link, self.code, self.numbers)
        inside = list(settings)
        drawer = [self._drawer(inside)] if inside else []
        strip = [DrawerButton(), *strip, self.bar] if inside else [*strip, self.bar, self.take_away]
        stage = Box([Box(strip, "lab-strip"), self.content], "lab-stage")
        around = [shared(Style), shared(Glossary), shared(Alert)]
        super().__init__([*around, stage, *drawer], "lab", "lab-page", *classes)

    def _drawer(self, settings: Iterable[ipw.Widget]) -> Box:
        """The settings, and below them what leaves the page."""
        head = Box([Words(heading="Settings"), DrawerButton(inside=True)], "lab-panel-head")
        return Box([head, Box(settings, "lab-settings"), Box([self.take_away], "lab-panel-footer")], "lab-panel")

    def _view(self, name: str) -> PlotView:
        """One of the figures, still empty."""
        plot = self.plots[name]
        view = PlotView(plot.heading, csv=partial(self._csv, name), name=f"{self.title}-{name}", height=plot.height)
        view.note = plot.note
        for place in plot.place.split():
            view.add_class(place)
        return view

    def _content(self) -> Box:
        """The figures and what is said about them."""
        return Box(self.views.values(), "lab-content")

    def _listen(self) -> None:
        """Follow the controls: data, settings, how figures are drawn."""
        self.data.observe(self._offer, "value")
        self.form.observe(self._settings_changed, "changes")
        if self.images is not None:
            self.form.observe(self._screen, "changes")
        if self.look is not None:
            self.look.observe(self._paint, "changes")
        self.bar.observe(self.mark_stale, ["stale", "due"])

    def _settings_changed(self, _: object) -> None:
        """A setting is not what it was."""
        self.bar.settings_changed()
        self._explain()

    def _offer(self, _: object = None) -> None:
        """Offer the models and the images that fit the chosen data set."""
        try:
            card = self.data.card
        except SpecError:
            return  # the form says it at the field
        self.models.offer(card)
        if self.images is not None:
            self.images.offer(card.spec)
            self._screen()
        self._open_on(card.opening)

    def _screen(self, _: object = None) -> None:
        """Let images be found by what the chosen models make of them in the chosen threat model."""
        assert self.images is not None
        try:
            asked = Screening(data=self.data.read(), models=(), extent=LABELS)
        except SpecError:  # said at the field
            self.images.screen(None)
            return
        with suppress(SpecError):  # without models they are found by their labels
            asked = asked.replace(models=self.models.read()[:4])
        try:
            self.images.screen(asked.replace(ball=self.form.parts["ball"].read()))
        except SpecError:  # said at the field, or another threat model than a norm's
            self.images.screen(asked, attacked=False)

    def _open_on(self, opening: OpeningValues) -> None:
        """Take the values that requests on data of another opening have, and the slider of its steps."""
        values = changed(self.form.opening, self._opening, opening)
        before, after = (opened_in(L2, self.form.opening, each) for each in (self._opening, opening))
        self._opening = opening
        for name in [each for each in self.form.parts if each in values]:  # further ε follow the ball: it comes first
            self.form.parts[name].write(values[name])
        ball = self.form.parts.get("ball")
        if isinstance(ball, Variant):
            reach = _REACH[opening.large] * opening.eps
            ball.form_of(Linf).count("eps", reach, round(255 * reach) if opening.grey_levels else 0)
            if after != before:
                ball.form_of(L2).write(after)
                ball.form_of(L2).stretch("eps", after.eps / L2().eps)

    def _paint(self, _: object = None) -> None:
        """Draw everything as it should look; nothing is computed."""
        try:
            look = self.drawn_as()
        except SpecError:
            return  # the form says it at the field
        provisional = getattr(self.result, "done", 1) < 1
        for name, view in self.views.items():
            view.note = self.plots[name].said(self.result, look)
            view.draw(self.plots[name].draw(self.result, look), provisional)
        self._paint_beside(look)
        self._explain()

    def _explain(self) -> None:
        """List the terms of what stands on the page in the guide's glossary."""
        texts = tuple(_texts_of(self))
        if self.guide is not None and texts != self._explained:
            self._explained = texts
            self.guide.explain(texts)

    def _paint_beside(self, look: L) -> None:
        """Show what is beside the figures, where there is something."""

    def _csv(self, name: str) -> str:
        if self.result is None:
            raise LabError(self.no_numbers)
        frame = self.plots[name].frame(self.result, self.drawn_as())
        if frame.empty:
            raise LabError("There are no numbers yet: the figure says what is missing.")
        return csv(frame)


def _texts_of(widget: ipw.Widget) -> Iterator[str]:
    """The words on the controls, and above and around the figures, of a box."""
    if isinstance(widget, Control | PlotView | Gallery):
        yield from widget.texts
    elif isinstance(widget, ipw.Box):
        for each in widget.children:
            yield from _texts_of(each)


AnyPage = Page[Any, Any, Any]
"""A page, whatever it asks for and shows."""


class LivePage(Page[S, R, L]):
    """A page with nothing to press: a changed setting is computed at once, and the latest one wins."""

    no_numbers = "There are no numbers yet: they are still being computed."

    def begin(self) -> None:
        """As every page does."""
        self._again = OnLoop(self._recompute, _PAUSE)
        super().begin()
        self.bar.observe(self._let_play, "draws")
        self._let_play()

    def _settings_changed(self, _: object) -> None:
        self._again()

    def _recompute(self) -> None:
        self.bar.run()
        self.bar.settings_changed()  # settings that were wrong for a moment may be those of the running job again
        self._let_play()

    def _let_play(self, _: object = None) -> None:
        """Let ε be played, and say which one is drawn, or that there is nothing to draw at the present one."""
        try:
            radius = self.form.parts["ball"].form.parts.get("eps")  # type: ignore[attr-defined]
        except SpecError:
            return  # the form says it at the field
        if isinstance(radius, Number):
            drawn = getattr(self.result, "spec", None)
            radius.plays = True
            radius.reached = radius.value if self.bar.refusal else getattr(getattr(drawn, "ball", None), "eps", None)
