"""The page Training studio: pick a recipe, change it, start it, and watch several runs side by side."""

from contextlib import suppress
from pathlib import Path

from lab import datafiles, runs
from lab.catalogue import require_listed
from lab.cost import training_steps
from lab.engine import Engine
from lab.errors import LabError, SpecError
from lab.limits import require_modest
from lab.results.result import pack
from lab.results.run import Run
from lab.runs import RunCard, visitors
from lab.specs import Recipe, Spec, TrainingRun
from lab.specs.code import code, imports
from lab.specs.data import OpeningValues
from lab.specs.opening import trained_on
from lab.specs.sentences import labelled
from widgets.controls import Control
from widgets.dashboards.studio.form import Recipes
from widgets.dashboards.studio.length import Known, expected
from widgets.dashboards.studio.origin import Origin, StartFrom, of_run, of_trial
from widgets.dashboards.studio.plots import PLOTS
from widgets.dashboards.studio.runs import RunList, Shipped, actions, run_row, shipped, shipped_row
from widgets.dashboards.studio.start import TRIALS, Starter, Trial, Trials
from widgets.figures.studio import SLOTS, Course
from widgets.loop import Every, OnLoop
from widgets.parts.engine import PageEngine, PageJob
from widgets.parts.entry import Entry
from widgets.parts.forms import Form
from widgets.parts.guide import Guide
from widgets.parts.page import Page
from widgets.plain import Box

QUESTION = "How does a model become robust, and when does it only look so?"
SOURCE = (
    "Every recipe of the four papers, trained while you watch: Kurakin et al. 2017, Madry et al. 2017, Tramèr et al. "
    "2018, Na et al. 2018"
)
PREFERRED = ("fgsm-trained", "pgd-trained")
"""The models that the list begins with; their curves are shown at first, when they are there."""

LONGEST_NAME = 255
"""Characters of what a browser calls itself."""

PAUSE = 1.0
"""Seconds between two looks at the runs."""


class StudioPage(Page[TrainingRun, list[Course], None]):
    """The page. Its parts: ``preset`` and ``form`` (what is trained), ``bar`` (starts it), ``list``, ``views`` by name.

    The runs are looked up in their folders again and again, so that everybody sees the same ones, also those that went
    on while no page was open.
    """

    bar: Starter
    plots = PLOTS
    title = "training"
    no_numbers = "There are no numbers yet: start a run, or show the curves of one."

    def __init__(self, engine: PageEngine | None = None) -> None:
        self._engine = engine or Engine.connect()
        self._jobs: dict[str, PageJob] = {}
        first = sorted(shipped(), key=lambda each: each.name not in PREFERRED)
        self._shipped = {each.name: each for each in first}
        self._shown: list[str] | None = None
        self._visitor = self._address = ""
        self.result: list[Course] | None = None
        self._drawn: object = None
        self._changed = OnLoop(self.refresh, PAUSE)
        self.preset = StartFrom()
        self.trials = Trials(self._try)
        self._origin = self.preset.presets[0]
        self._filling = False
        self._opening = OpeningValues()
        self.form = Form(TrainingRun(), given={"recipe": Recipes()})
        self.bar = Starter(self.start)
        self.list = RunList(self._act)
        self.views = {name: self._view(name) for name in PLOTS}
        self.content = self._content()
        self.lay_out([self.form], [self.preset], "lab-studio")
        self._fill(self._origin)
        self.preset.observe(self._picked, "value")
        self.form.observe(self._set_by_hand, "changes")
        self.refresh()
        self.list.observe(self._introduced, "visitor")
        self._every = Every(PAUSE, self.refresh)

    def settings(self) -> TrainingRun:
        """The run as it is set. Every complaint is shown at its field; the first one is raised."""
        spec = self.form.spec()
        try:
            runs.folder(spec.name)
        except LabError as error:
            self._name.error = labelled(error)
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
        self._fill(of_run(spec.name, spec.recipe))
        self._show_curves(spec.name)
        self.refresh()

    def code(self) -> str:
        """The lines of Python that train what is set, in the same folder."""
        spec = self.settings()
        return "\n".join(
            (
                "from lab.context import Context",
                "from lab.home import runs_folder",
                *imports(spec),
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
            self._begin(spec)
        except LabError as error:
            self.bar.refusal = labelled(error)
            return
        self._show_curves(spec.name)
        self._name.value = runs.free_name(_without_number(spec.name))
        self.bar.said = spec.name
        self.refresh()

    def leave(self) -> None:
        """Trainings go on while nobody looks."""

    def come_back(self) -> None:
        """Nothing was given up."""

    def refresh(self) -> None:
        """Show the runs as they are now."""
        cards = self._cards()
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

    def _introduced(self, _: object) -> None:
        """The browser says who it is; the first word counts, so that a page stays one visitor's."""
        said = self.list.visitor
        if not self._visitor and isinstance(said, str) and len(said) <= LONGEST_NAME:
            self._visitor, self._address = said, self.list.address
        self.refresh()

    def _cards(self) -> dict[str, RunCard]:
        return {card.name: card for card in runs.runs(self._engine.training())}

    def _steers(self, card: RunCard) -> bool:
        """Return whether this visitor may pause, resume and discard a run."""
        return visitors.steers(self._visitor, card)

    def _begin(self, spec: TrainingRun) -> None:
        """Begin a run, or resume the one of that name, for whoever may."""
        card = self._cards().get(spec.name)
        if card is not None and not self._steers(card):
            raise LabError(f"There is already a run called '{spec.name}': choose another name.")
        if card is None:
            visitors.require_turn(self._visitor, self._address)
        self._submit(spec)
        if card is None and self._visitor:
            runs.sign(spec.name, self._visitor, self._address)

    def _failure(self, card: RunCard) -> str:
        """Return the failure that this page heard of, but no folder holds: the worker died, or the engine is gone."""
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
        self._explain()

    def _act(self, action: str, name: str) -> None:
        """A button of the list was pressed, or somebody says so: what may be done is looked up now."""
        card = self._cards().get(name)
        may = ["show", "clone"] if card or name in self._shipped else []
        if action not in [*may, *(actions(card, self._steers(card)) if card else ())]:
            return
        if action == "show":
            self._toggle_curves(name)
        elif action == "pause":
            self._pause(name)
        elif action == "discard":
            runs.discard(name)
        else:
            recipe = self._recipe(name)
            if action == "clone":
                self._fill(of_run(name, recipe))
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

    def _picked(self, _: object) -> None:
        preset = self.preset.preset()
        if preset is not None and preset != self._origin:
            self._fill(preset)

    def _try(self, trial: Trial) -> None:
        self._fill(of_trial(trial))

    def _set_by_hand(self, _: object) -> None:
        """A field was changed: on data of another ε the recipe trains against that."""
        if self._filling:
            return
        with suppress(LabError):  # said at the field
            spec = self.form.spec()
            before, self._opening = self._opening, datafiles.opening(spec.recipe.data)
            recipe = trained_on(spec.recipe, before, self._opening)
            if recipe != spec.recipe:
                self._write(spec.replace(recipe=recipe))
        self._judge()

    def _write(self, spec: TrainingRun) -> None:
        self._filling = True  # what is half filled in is nobody's settings
        try:
            self.form.write(spec)
            self._opening = datafiles.opening(spec.recipe.data)
        finally:
            self._filling = False

    def _fill(self, origin: Origin) -> None:
        """Fill the form with a recipe, under a name that is free; if it cannot be, say why and leave all as it was."""
        before, kept = self._origin, self._set()
        self._origin, refusal = origin, ""
        try:
            self._write(TrainingRun(runs.free_name(_without_number(origin.name)), origin.recipe))
        except LabError as error:
            self._origin, refusal = before, labelled(error)
            self._write(kept)
        self._judge()
        if refusal:
            self.bar.cost, self.bar.refusal = "", refusal

    def _set(self) -> TrainingRun:
        """The run as it is set or, where that cannot be, as it was filled in."""
        try:
            return self.form.spec()
        except LabError:
            return TrainingRun(runs.free_name(_without_number(self._origin.name)), self._origin.recipe)

    def _judge(self) -> None:
        """Say what the run that is set would cost, or what is wrong with it."""
        self.bar.said = ""
        self._explain()
        try:
            spec = self.settings()
            require_modest(spec.recipe)
            steps = training_steps(spec.recipe)
        except LabError as error:
            self._say_origin(None)
            self.bar.cost, self.bar.refusal = "", labelled(error)
            return
        self._say_origin(spec.recipe)
        self.bar.refusal = ""
        own = (Known(each.name, each.recipe, each.seconds, each.fraction) for each in runs.runs())
        theirs = (Known(each.name, each.recipe, each.seconds) for each in self._shipped.values())
        length = expected(spec.recipe, own, theirs)
        self.bar.cost = " · ".join(filter(None, (length, f"{steps:,} gradient steps of single images")))

    def _say_origin(self, recipe: Recipe | None) -> None:
        """Say what the form was filled with; an experiment is one only while its recipe stands there unchanged."""
        self.preset.show(self._origin, recipe)
        tried = next((each for each in TRIALS if of_trial(each) == self._origin and each.recipe == recipe), None)
        self.trials.chosen = tried.name if tried else ""

    @property
    def _name(self) -> Control:
        name = self.form.parts["name"]
        assert isinstance(name, Control)
        return name

    def _content(self) -> Box:
        self.guide = Guide(QUESTION, SOURCE)
        return Box([self.guide, self.trials, Box([self.list, *self.views.values()], "lab-figures")], "lab-content")


def _without_number(name: str) -> str:
    """The name before the number that made it a free one."""
    start, _, number = name.rpartition("-")
    return start if start and number.isdecimal() else name


def _first_shown(cards: list[RunCard], zoo: list[Shipped]) -> list[str]:
    """Return the runs shown to a new visitor: runs under way, the zoo's with curves, else the newest runs."""
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


ENTRY = Entry(
    "training-studio",
    "Training studio",
    "Every training recipe of the four papers",
    "Train a model by a paper's recipe or your own, and watch whether it becomes robust or only looks so.",
    StudioPage,
    sketch=Path(__file__).with_name("sketch.svg"),
    position=90,
)
