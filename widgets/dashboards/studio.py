"""The page Training studio: pick a recipe, change it, start it, and watch several runs side by side."""

from typing import Any

from lab import runs
from lab.catalogue import require_listed
from lab.engine import Engine
from lab.errors import LabError, SpecError
from lab.limits import among_strangers, require_modest, training_steps
from lab.results.result import pack
from lab.results.run import Run
from lab.runs import RunCard
from lab.specs import PRESETS, Recipe, Spec, TrainingRun
from lab.specs.code import code, kinds
from widgets.controls import Choice, Option
from widgets.dashboards.page import Page, Style
from widgets.dashboards.studio_form import Recipes
from widgets.dashboards.studio_plots import PLOTS
from widgets.dashboards.studio_runs import RunList, Shipped, run_row, shipped, shipped_row
from widgets.dashboards.studio_start import Starter, Trials
from widgets.figures.studio import SLOTS, Course
from widgets.forms import Form
from widgets.loop import Every, OnLoop
from widgets.plain import Box, Words, shared

QUESTION = "How does a network become robust, and when does it only look so?"
SOURCE = (
    "Every recipe of the four papers, trained while you watch: Kurakin et al. 2017, Madry et al. 2017, Tramèr et al. "
    "2018, Na et al. 2018"
)
PREFERRED = ("fgsm-trained", "pgd-trained")
"""The networks whose curves are shown at first, when their curves are there."""

PAUSE = 1.0
"""Seconds between two looks at the runs."""


class StudioPage(Page):
    """The page. Its parts: ``preset`` and ``form`` (what is trained), ``bar`` (starts it), ``list``, ``views`` by name.

    The runs are looked up in their folders again and again, so that everybody sees the same ones, also those that went
    on while no page was open.
    """

    bar: Any
    plots = PLOTS
    title = "training"
    no_numbers = "There are no numbers yet: start a run, or show the curves of one."

    def __init__(self, engine: Any = None) -> None:
        self._engine = engine or Engine.connect()
        self._jobs: dict[str, Any] = {}
        self._shipped = {each.name: each for each in shipped()}
        self._shown: list[str] | None = None
        self.result: list[Course] | None = None
        self._drawn: object = None
        self._changed = OnLoop(self.refresh, PAUSE)
        self.preset = _preset_choice()
        self.form = Form(TrainingRun(), given={"recipe": Recipes()})
        self.bar = Starter(self.start)
        self.list = RunList(self._act)
        self.views = {name: self._view(name) for name in PLOTS}
        settings = self.panel([Box([self.preset], "lab-section"), self.form])
        super().__init__([shared(Style), settings, self._content()], "lab", "lab-page", "lab-studio")
        self._fill(PRESETS[0].build(), PRESETS[0].name)
        self.preset.observe(self._picked, "value")
        self.form.observe(lambda _: self._judge(), "changes")
        self.refresh()
        self.list.observe(lambda _: self.refresh(), "visitor")
        self._every = Every(PAUSE, self.refresh)

    def settings(self) -> TrainingRun:
        """The run as it is set. Every complaint is shown at its field; the first one is raised."""
        spec: TrainingRun = self.form.spec()
        try:
            runs.folder(spec.name)
        except LabError as error:
            self._name.error = str(error)
            raise
        return spec

    def ask(self, spec: Spec) -> None:
        """Put a run into the form, and show its curves if there are any. Nothing is started.

        Raises :class:`LabError` when it is none that this page could start.
        """
        if not isinstance(spec, TrainingRun):
            raise SpecError(f"The training studio opens a TrainingRun, not {type(spec).__name__}.")
        runs.folder(spec.name)
        require_listed(spec.recipe)
        self._fill(spec.recipe, spec.name)
        self._show_curves(spec.name)
        self.refresh()

    def code(self) -> str:
        """The lines of Python that train what is set, in the same folder."""
        spec = self.settings()
        return "\n".join(
            (
                "from lab.context import Context",
                "from lab.home import runs_folder",
                f"from lab.specs import {', '.join(sorted(kinds(spec)))}",
                "from lab.training import train",
                "",
                f"spec = {code(spec)}",
                "result = train(spec.recipe, Context(), runs_folder() / spec.name, resume=True)",
                "print(result.accuracies)",
            )
        )

    def numbers(self) -> bytes:
        """The course of the run that was shown last, with its recipe, as the bytes of an .npz file."""
        if self.result is None:
            raise LabError(self.no_numbers)
        course = self.result[-1]
        return pack(Run(self._recipe(course.name), course.history, None))

    def start(self) -> None:
        """Start the run that is set, or say why not."""
        try:
            spec = self.settings()
            require_listed(spec.recipe)
            self._submit(spec)
        except LabError as error:
            self.bar.refusal = str(error)
            return
        if self.list.visitor:
            runs.sign(spec.name, self.list.visitor)
        self._show_curves(spec.name)
        self._name.value = runs.free_name(_without_number(spec.name))
        self.bar.said = spec.name
        self.refresh()

    def refresh(self) -> None:
        """Show the runs as they are now."""
        cards = {card.name: card for card in runs.runs(self._engine.training())}
        if self._shown is None:
            self._shown = _first_shown(list(cards.values()), list(self._shipped.values()))
        self._shown = [name for name in self._shown if name in cards or name in self._shipped]
        rows = [
            run_row(card, card.name in self._shown, self._steers(card), self._failure(card)) for card in cards.values()
        ]
        rows += [shipped_row(each, each.name in self._shown) for each in self._shipped.values()]
        self.list.show(rows, runs.problems())
        shown = [cards[name] if name in cards else self._shipped[name] for name in self._shown]
        self._draw([_course(each) for each in shown], any(map(_growing, shown)))

    def _steers(self, card: RunCard) -> bool:
        """Whether this visitor may pause, resume and discard a run: among strangers, only his own."""
        mine = bool(self.list.visitor) and card.visitor == runs.signature(self.list.visitor)
        return mine or not among_strangers()

    def _failure(self, card: RunCard) -> str:
        """What this page was told of a run that no folder tells: its worker died, or the engine is gone."""
        job = self._jobs.get(card.name)
        return job.error or "" if job is not None and job.state == "failed" and card.state == "paused" else ""

    def _draw(self, courses: list[Course], growing: bool) -> None:
        """Draw these runs, if anything about them is new."""
        now = growing, [(each.name, each.history) for each in courses]
        if now == self._drawn:
            return
        self._drawn, self.result = now, courses or None
        for name, view in self.views.items():
            view.draw(self.plots[name].draw(courses, None), provisional=growing)

    def _act(self, action: str, name: str) -> None:
        """A button of the list was pressed."""
        if action == "show":
            self._toggle_curves(name)
        elif action == "pause":
            self._pause(name)
        elif action == "discard":
            runs.discard(name)
        else:
            recipe = self._recipe(name)
            if action == "clone":
                self._fill(recipe, name)
            else:
                self._submit(TrainingRun(name, recipe))
        self.refresh()

    def _submit(self, spec: TrainingRun) -> None:
        self._jobs[spec.name] = self._engine.submit(spec, on_change=lambda _: self._changed())

    def _pause(self, name: str) -> None:
        runs.pause(name)
        job = self._jobs.get(name)
        if job is not None and job.state == "waiting":
            job.cancel()  # so that it does not wait for a turn only to find that it is paused

    def _recipe(self, name: str) -> Recipe:
        known = self._shipped | {card.name: card for card in runs.runs()}
        if name not in known:
            raise LabError(f"There is no run called '{name}' any more.")
        return known[name].recipe

    def _toggle_curves(self, name: str) -> None:
        assert self._shown is not None
        if name in self._shown:
            self._shown.remove(name)
        else:
            self._show_curves(name)

    def _show_curves(self, name: str) -> None:
        """Show a run's curves; the one that has been shown for the longest time makes room."""
        others = [each for each in self._shown or [] if each != name]
        self._shown = [*others[-(SLOTS - 1) :], name]

    def _picked(self, _: Any) -> None:
        preset = next((each for each in PRESETS if each.name == self.preset.value), None)
        if preset is not None:
            self._fill(preset.build(), preset.name)

    def _fill(self, recipe: Recipe, name: str) -> None:
        """Put a recipe into the form, under a name that is free, or say why not."""
        try:
            self.form.write(TrainingRun(runs.free_name(_without_number(name)), recipe))
        except LabError as error:
            self.bar.cost, self.bar.refusal = "", str(error)
            return
        self._judge()

    def _judge(self) -> None:
        """Say what the run that is set would cost, or what is wrong with it."""
        self.bar.said = ""
        try:
            spec = self.settings()
            require_modest(spec.recipe)
            steps = training_steps(spec.recipe)
        except LabError as error:
            self.bar.cost, self.bar.refusal = "", str(error)
            return
        self.bar.refusal = ""
        self.bar.cost = f"{steps:,} gradient steps of single images"

    @property
    def _name(self) -> Any:
        return self.form.parts["name"]

    def _content(self) -> Box:
        lead = Words(tag="h1", heading=QUESTION, words=SOURCE)
        trials = Trials(self._fill)
        return Box([lead, trials, Box([self.list, *self.views.values()], "lab-figures")], "lab-content")


def _preset_choice() -> Choice:
    options = [
        Option(value=each.name, label=each.name, note=" ".join(filter(None, [each.meaning, _cited(each.paper)])))
        for each in PRESETS
    ]
    return Choice(value=PRESETS[0].name, label="Start from", options=options, help="A way of training of the papers.")


def _cited(paper: str) -> str:
    return f"{paper}." if paper else ""


def _without_number(name: str) -> str:
    """The name before the number that made it a free one."""
    start, _, number = name.rpartition("-")
    return start if start and number.isdecimal() else name


def _first_shown(cards: list[RunCard], zoo: list[Shipped]) -> list[str]:
    """What is shown to somebody who has just come: runs under way, the zoo's with curves, else the newest runs."""
    under_way = [card.name for card in cards if _growing(card) or card.state == "waiting"]
    curves = [each.name for each in zoo if each.metrics.is_file()]
    chosen = [name for name in PREFERRED if name in curves] or curves[:2]
    finished = [card.name for card in cards if card.state == "finished"]
    return (under_way + (chosen or finished[:2]))[:SLOTS]


def _growing(run: RunCard | Shipped) -> bool:
    return isinstance(run, RunCard) and run.state in ("running", "elsewhere")


def _course(run: RunCard | Shipped) -> Course:
    path = run.metrics if isinstance(run, Shipped) else runs.metrics(run.name)
    return Course(run.name, runs.history(path), run.recipe.epochs)
