"""The page Robustness curves: accuracy over eps, what it costs, and how near the nearest adversarial images are."""

from functools import partial
from pathlib import Path

from traitlets import Bunch

from lab.engine import Engine
from lab.errors import SpecError
from lab.pairing import unmarked
from lab.results import CurvesResult
from lab.specs import RobustnessCurves, Trained
from lab.specs.attacks import attack_titles
from lab.specs.curves import MOST_ATTACKS, MOST_MODELS
from lab.specs.spec import title_of
from widgets.controls import Radius, Toggle
from widgets.dashboards.curves.links import (
    clicked_link,
    clicked_point,
    distance_link,
    point_links,
    training_links,
    varying_links,
)
from widgets.dashboards.curves.plots import PLOTS, CurvesDisplay, CurvesLook, invitations
from widgets.dashboards.curves.sweeps import Sweeps
from widgets.parts.attacks import Attacks
from widgets.parts.choices import DataChoice, ModelChoice, PositionChoice
from widgets.parts.engine import PageEngine
from widgets.parts.entry import Entry
from widgets.parts.forms import Form
from widgets.parts.guide import Guide
from widgets.parts.links import Follow, Link, LinkBar
from widgets.parts.page import Page
from widgets.parts.run_bar import RunBar
from widgets.plain import Box

QUESTION = "How robust is a model, and at which ε?"
SOURCE = "Kurakin et al. 2017, Figures 1 and 3 · Madry et al. 2017, Figure 3 · Na et al. 2018, Figures 5 and 9"
SENTENCE = (
    "How does accuracy decrease as ε grows? Where it rises again with ε, the attack fails (a masked "
    "gradient, or a label that leaks): the model has not become robust."
)
TRIES = (
    "Click any point: the page opens that explains it, with the point's model, attack and ε.",
    "Add another attack, or a model that you trained yourself.",
)
PREFERRED = ("standard", "fgsm-trained", "pgd-trained")
DEFAULT = RobustnessCurves(models=tuple(Trained(name) for name in PREFERRED))
GROUPS = {
    "Data and models": ("data", "models", "searched"),
    "Threat model": ("ball", "levels"),
    "Attacks": ("attacks", "seed"),
}


class CurvesPage(Page[RobustnessCurves, CurvesResult, CurvesDisplay]):
    """The page. Its parts: ``form`` (what is computed), ``look`` (how it is drawn), ``bar``, ``views`` by name.

    It opens with the default settings already asked for. Runs that differ in one setting are read from their cards.
    A click on any point goes where ``follow`` leads; the ``links`` lead there from the chosen one without a mouse.
    In the place of the figures over a setting for which there are no runs, ``missing`` leads to their training.
    """

    look: Form[CurvesLook]
    links: LinkBar
    plots = PLOTS
    strip = ("images", "ball.fields")
    title = "curves"
    drawing = "from widgets.figures.curves import accuracy_over_eps\naccuracy_over_eps(result, spec.levels).show()"

    def __init__(self, engine: PageEngine | None = None, follow: Follow | None = None) -> None:
        engine = engine or Engine.connect()
        self.result: CurvesResult | None = None
        self.data, self.models = DataChoice(), ModelChoice(PREFERRED, most=MOST_MODELS)
        self.attacks = Attacks(DEFAULT, repeats=True)
        self.attacks.chosen.most = MOST_ATTACKS
        given = {"data": self.data, "models": self.models, "attacks": self.attacks}
        self.form = Form(DEFAULT, groups=GROUPS, given=given)
        self.player = Radius(DEFAULT.eps, "The ε at which robustness is compared with clean accuracy.")
        self.places = {"model": PositionChoice("Model"), "attack": PositionChoice("Attack")}
        toggle = Toggle(value=True, label="95% intervals")
        self.look = Form(CurvesLook(), given={"level": self.player, "intervals": toggle, **self.places})
        self.sweeps, self.trainings = Sweeps(), dict[str, Link]()
        self.views = {name: self._view(name) for name in PLOTS}
        self.links, self.missing = LinkBar(follow), LinkBar(follow)
        self.missing.add_class("lab-figure")
        self.bar = RunBar(engine, self.form.spec, self.show)
        self.begin()

    def drawn_as(self) -> CurvesDisplay:
        """Return how the figures are drawn, and the runs that those over a setting show."""
        return CurvesDisplay(self.look.spec(), self.sweeps)

    def show(self, result: CurvesResult) -> None:
        """Draw a result, complete or partial, instead of the present one."""
        before, self.result = self.result, result
        self.player.offer(before.spec.eps if before else DEFAULT.eps, result.spec.eps)
        self.places["model"].offer([each.model for each in result.models])
        self.places["attack"].offer(attack_titles(result.spec.attacks))
        self._paint()

    def _content(self) -> Box:
        self.look.add_class("lab-look")
        self.guide = Guide(QUESTION, SOURCE, SENTENCE, TRIES)
        accuracy, trade_off, *others = self.views.values()
        figures = Box([accuracy, trade_off, self.links, *others, self.missing], "lab-figures")
        return Box([self.guide, self.look, figures], "lab-content")

    def lead(self, follow: Follow) -> None:
        """Give the links to other pages a handler, and so show their buttons."""
        super().lead(follow)
        self.missing.lead(follow)

    def _listen(self) -> None:
        super()._listen()
        self.models.observe(self._look_for_runs, "options")
        for name, view in self.views.items():
            view.observe(partial(self._clicked, name), "clicked")
            view.observe(partial(self._hovered, name), "hovered")

    def _offer(self, _: object = None) -> None:
        """Offer the models that fit the chosen data set, and show its runs."""
        super()._offer()
        self._look_for_runs()

    def _look_for_runs(self, _: object = None) -> None:
        """Find the runs on the chosen data that differ in one setting; also when a training has ended meanwhile."""
        try:
            data = self.data.card.name
        except SpecError:
            return  # the form says it at the field
        cards = list(self.models.cards.values())
        self.sweeps = Sweeps.of(cards, data)
        self.trainings = training_links(cards)
        self._paint()

    def _paint_beside(self, drawn: CurvesDisplay) -> None:
        self.links.offer(self._leads(drawn.look))
        for name, runs in drawn.sweeps.shown().items():
            (self.views[name].remove_class if runs else self.views[name].add_class)("lab-closed")
        self.missing.words = "\n\n".join(invitations(drawn.sweeps))
        self.missing.offer(self._to_train())

    def _to_train(self) -> list[Link]:
        """Return the links to train the models that the figures over a setting lack."""
        try:
            return varying_links(self.sweeps, self.data.card.spec)
        except SpecError:
            return []  # the form says it at the field

    def _leads(self, look: CurvesLook) -> list[Link]:
        """Return the links of the chosen point, its model's nearest adversarial example, and its training."""
        if self.result is None or look.model >= len(self.result.models):
            return []
        model = self.result.models[look.model].model
        others = (distance_link(self.result, look.model), self.trainings.get(unmarked(model)))
        return [*point_links(self.result, look.point), *[each for each in others if each]]

    def _clicked(self, name: str, change: Bunch) -> None:
        """A click on a curve chooses the point, and a click anywhere opens the page that explains what is there."""
        point = clicked_point(change["new"], self.result) if name == "accuracy" else None
        if point is not None:
            self.player.value = point.level
            self.places["model"].value, self.places["attack"].value = str(point.model), str(point.attack)
        link = self._link(name, change["new"])
        if link is not None and self.links.follow is not None:
            self.views[name].clicked = self.views[name].tip = None  # so that another click there is one again
            self.links.follow(link)

    def _hovered(self, name: str, change: Bunch) -> None:
        """Say beside the pointer where a click leads, if it leads anywhere."""
        link = self._link(name, change["new"]) if self.links.follow is not None else None
        self.views[name].tip = None if link is None else {"pictures": [], "words": f"Click: {link.label}"}

    def _link(self, name: str, event: object) -> Link | None:
        """Return the link of a click on a figure; None where it leads nowhere."""
        if name == "accuracy":
            point = clicked_point(event, self.result)
            found = point_links(self.result, point) if self.result is not None and point is not None else []
            return found[0] if found else None
        if name in ("trade-off", "distances"):
            return clicked_link(name, event, self.result)
        run = event.get("customdata") if isinstance(event, dict) else None
        return self.trainings.get(run) if isinstance(run, str) else None


ENTRY = Entry(
    "robustness-curves",
    title_of(RobustnessCurves),
    "Kurakin et al. 2017 · Figures 1 and 3",
    "Accuracy over ε for any models and attacks, what robustness costs, and the distance to the "
    "nearest adversarial example.",
    CurvesPage,
    asks=RobustnessCurves,
    sketch=Path(__file__).with_name("sketch.svg"),
    position=80,
)
