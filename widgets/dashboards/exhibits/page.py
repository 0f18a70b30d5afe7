"""The page Exhibits: the figures and tables of the four papers beside what the lab measures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import plotly.graph_objects as go

from lab import exhibits
from lab.engine import Engine
from lab.errors import LabError, SpecError
from lab.exhibits import EXHIBITS, SCALES, Exhibit
from lab.exhibits.exhibit import FIGURE
from lab.exhibits.scales import Scale
from lab.results.exhibit import ExhibitResult
from lab.specs import Spec
from lab.specs.runs import TrainingRun
from widgets.dashboards.exhibits.live import links
from widgets.dashboards.exhibits.measuring import Measurement
from widgets.dashboards.exhibits.opened import Body, Head
from widgets.dashboards.exhibits.records import body, head, shelves
from widgets.dashboards.exhibits.shelves import Shelves
from widgets.dashboards.exhibits.shown import ALL, ShownExhibit, exhibit_choice, scale_choice
from widgets.figures.exhibits import series, series_frame
from widgets.parts.engine import PageEngine, PageJob
from widgets.parts.entry import Entry
from widgets.parts.forms import Form
from widgets.parts.guide import Guide
from widgets.parts.links import Follow, LinkBar
from widgets.parts.page import Page, Plot
from widgets.parts.run_bar import RunBar
from widgets.plain import Box

if TYPE_CHECKING:
    import pandas as pd  # a page that only draws does without its 25 MB

QUESTION = "Do the papers' figures and tables come out here, too?"
SHOWS = (
    "Each card is a figure or table, measured here by the same attacks on smaller data. A claim holds in kind where "
    "its effect has the claimed direction, by more than the sampling error; it holds in size where the "
    "effect is also as large as in the paper, within a stated tolerance."
)
TRIES = (
    "Open a card that says ✗: which of its claims does not hold, and from which values is that computed?",
    "Press the letter of a claim: the values of the table that decide it are marked.",
    "Open the live page from an exhibit, and change ε or the attack: does the claim survive?",
)
SOURCE = "Kurakin et al. 2017 · Tramèr et al. 2018 · Na et al. 2018 · Madry et al. 2017"


def _series(result: ExhibitResult | None, exhibit: Exhibit | None) -> go.Figure:
    assert exhibit is not None
    return series(None if result is None else result.table, exhibit.published, exhibit.label)


def _series_frame(result: ExhibitResult, exhibit: Exhibit | None) -> pd.DataFrame:
    assert exhibit is not None
    return series_frame(result.table, exhibit.published)


PLOTS = {"series": Plot("Series", _series, _series_frame, "lab-full", 420)}


class ExhibitsPage(Page[ShownExhibit, ExhibitResult, Exhibit | None]):
    """The page. Its parts: ``form`` (what is shown), ``shelves``, and of an opened exhibit ``head``, ``views`` by name
    (of a figure), ``body``, ``links`` to the live page, and ``bar``, which measures it.

    Nothing is computed until Run is pressed: stored results are shown, a user's own before the shipped ones.
    """

    links: LinkBar
    plots = PLOTS
    title = "exhibit"
    no_numbers = "There are no numbers: open an exhibit that was measured at this scale."

    def __init__(self, engine: PageEngine | None = None, follow: Follow | None = None) -> None:
        self._engine = engine or Engine.connect()
        self.result: ExhibitResult | None = None
        self.form = Form(ShownExhibit(), given={"exhibit": exhibit_choice(), "scale": scale_choice()})
        self.views = {name: self._view(name) for name in PLOTS}
        self.shelves, self.head, self.body = Shelves(self.turn_to), Head(self.turn_to), Body()
        self.links = LinkBar(follow)
        self.bar = RunBar(self, self.settings, lambda _: None)
        self._drawn = Box([], "lab-part")
        self._opened = Box([self.head, self.links, self._drawn, self.body], "lab-figures", "lab-opened")
        self.guide = Guide(QUESTION, SOURCE, SHOWS, TRIES)
        self._all = Box([self.guide, self.shelves], "lab-all-exhibits")
        self.content = Box([self._all, self._opened], "lab-content")
        self.lay_out([], self.form.parts.values(), "lab-exhibits")
        self.form.observe(self._settings_changed, "changes")
        self._paint()

    def turn_to(self, name: str) -> None:
        """Open the exhibit of that name, or the shelves for ``ALL``; an unknown name changes nothing.

        One that is not offered at the present scale is opened at its first.
        """
        opened = next((each for each in EXHIBITS if each.name == name), None)
        if opened is not None:
            self.form.parts["scale"].write(_offered(opened, self.settings().scale))
        if opened is not None or name == ALL:
            self.form.parts["exhibit"].write(name)

    def submit(self, spec: Spec, on_change: Callable[[PageJob], object] | None = None) -> Measurement:
        """Measure an exhibit on the engine, for the run bar. Raises :class:`LabError` where it cannot be here."""
        assert isinstance(spec, ShownExhibit)  # the page's settings
        exhibit = spec.opened
        if exhibit is not None and _missing(exhibit, exhibit.require_scale(spec.scale)):
            raise LabError("Models that it needs must be trained first: use the command below, which trains them.")
        return Measurement(self._engine, spec, self._measured, on_change)

    def ask(self, spec: Spec) -> None:
        """Show what the spec says. Raises :class:`SpecError` when it is not one of this page's."""
        if not isinstance(spec, ShownExhibit):
            raise SpecError(f"The page Exhibits opens a ShownExhibit, not {type(spec).__name__}.")
        self.form.write(spec)

    def code(self) -> str:
        """The lines of Python that print what the page shows."""
        shown = self.settings()
        if shown.opened is None:
            return "from lab import exhibits\n\nfor each in exhibits.EXHIBITS:\n    print(each.short, each.title)"
        return "\n".join(
            (
                "from lab import exhibits",
                "",
                f'exhibit = exhibits.find("{shown.opened.short}")',
                f'result = exhibits.read(exhibit, "{shown.scale}")  # None where it was not measured',
                "if result is not None:",
                "    print(exhibits.finding(exhibit, result))",
                "    print(result.claims_frame())",
            )
        )

    def drawn_as(self) -> Exhibit | None:
        """The exhibit that is open."""
        return self.settings().opened

    def _settings_changed(self, _: object) -> None:
        if self.bar.job is not None and not self._is_active():
            self.bar.job, self.bar.state, self.bar.message = None, "ready", ""
        self.bar.settings_changed()
        self._paint()

    def _is_active(self) -> bool:
        """Return whether an exhibit is being measured."""
        return self.bar.job is not None and self.bar.job.state in ("waiting", "running")

    def _measured(self, found: ExhibitResult) -> None:
        exhibits.write(found, exhibits.own_folder())
        self._paint()

    def _paint(self, _: object = None) -> None:
        """Show the shelves or the opened exhibit, from what is stored."""
        try:
            shown = self.settings()
        except SpecError:
            return  # the form says it at the field
        exhibit = shown.opened
        self.result, problem = (None, "") if exhibit is None else _stored(exhibit, shown.scale)
        _show(self._all, exhibit is None)
        _show(self._opened, exhibit is not None)
        is_ready = exhibit is not None and self._paint_opened(exhibit, shown.scale, problem)
        mark = self.remove_class if is_ready or self._is_active() else self.add_class
        mark("lab-idle")  # there is nothing that Run could do
        self.shelves.opened = "" if exhibit is None else exhibit.name
        if exhibit is None:
            found = {each.name: _stored(each, _offered(each, shown.scale))[0] for each in EXHIBITS}
            self.shelves.shelves = shelves(found)
        self._explain()

    def _paint_opened(self, exhibit: Exhibit, scale: str, problem: str) -> bool:
        """Show an exhibit, and what is wrong with a user's own result; whether it can be measured here, which is so
        where no model is missing.
        """
        missing = {each: _missing(exhibit, SCALES[each]) for each in exhibit.scales}
        self.head.record = head(exhibit, self.result, SCALES[scale], problem)
        self.body.record = body(exhibit, self.result, SCALES[scale], missing)
        is_ready = scale in missing and not missing[scale]
        self.links.offer(links(exhibit, SCALES[scale]) if is_ready else [])
        is_drawn = exhibit.kind == FIGURE and self.result is not None
        self._drawn.children = tuple(self.views.values()) if is_drawn else ()
        for name, view in self.views.items():
            if is_drawn:
                view.draw(self.plots[name].draw(self.result, exhibit))
        return is_ready


def _missing(exhibit: Exhibit, scale: Scale) -> list[TrainingRun]:
    """The runs that train what is not there yet of what it needs at a scale."""
    return exhibits.missing(exhibit.needed(scale), scale)


def _stored(exhibit: Exhibit, scale: str) -> tuple[ExhibitResult | None, str]:
    """The stored result, and why a user's own is not shown; the shipped one where the user's own file is damaged."""
    try:
        return exhibits.read(exhibit, scale), ""
    except LabError as error:
        return exhibits.shipped(exhibit, scale), str(error)


def _offered(exhibit: Exhibit, scale: str) -> str:
    """The scale, or the first at which the exhibit is offered, where it is not offered at that one."""
    return scale if scale in exhibit.scales else exhibit.first_scale


def _show(box: Box, is_shown: bool) -> None:
    """Show a box, or fold it away."""
    (box.remove_class if is_shown else box.add_class)("lab-closed")


ENTRY = Entry(
    "exhibits",
    "Exhibits",
    "Every figure and table of the four papers",
    "Open a figure or table by its number: the paper's values beside ours, and which of its claims hold here.",
    ExhibitsPage,
    sketch=Path(__file__).with_name("sketch.svg"),
    position=100,
)
