"""The page Robustness curves: accuracy over eps, what it costs, and how near the nearest adversarial images are."""

from functools import partial
from typing import Any

from lab.catalogue import models
from lab.engine import Engine
from lab.errors import LabError, SpecError
from lab.results import CurvesResult
from lab.specs import RobustnessCurves, Trained
from lab.specs.curves import MOST_ATTACKS, MOST_MODELS
from widgets.controls import Radius, Toggle
from widgets.dashboards.choices import DataChoice, ModelChoice
from widgets.dashboards.curves_plots import PLOTS, CurvesLook, Sweeps
from widgets.dashboards.curves_sweeps import pivot_weights, widths
from widgets.dashboards.guide import Guide
from widgets.dashboards.page import Page, Style
from widgets.dashboards.transfer_controls import Attacks
from widgets.forms import Form
from widgets.plain import Box, shared
from widgets.plot import PlotView
from widgets.run_bar import RunBar

QUESTION = "How robust is a network, and at which ε?"
SOURCE = "Kurakin et al. 2017, Figures 1 and 3 · Madry et al. 2017, Figure 3 · Na et al. 2018, Figures 5 and 9"
SENTENCE = (
    "Accuracy falls as the attack may change more; where it rises again, the attack fails (a masked gradient, or a "
    "label that leaks), and the network has not become robust."
)
TRIES = (
    "Compare FGSM with PGD on fgsm-trained: the larger ε, the better it seems to resist FGSM. PGD tells the truth.",
    "Move ε: on the right, who pays how much clean accuracy for which robustness?",
    "Add another attack, or a network that you trained yourself.",
)
PREFERRED = ("standard", "fgsm-trained", "pgd-trained")
DEFAULT = RobustnessCurves(models=tuple(Trained(name) for name in PREFERRED))
GROUPS = {
    "Data and models": ("data", "models", "images", "searched"),
    "Threat model": ("ball", "levels"),
    "Attacks": ("attacks", "seed"),
}


class CurvesPage(Page):
    """The page. Its parts: ``form`` (what is computed), ``look`` (how it is drawn), ``bar``, ``views`` by name.

    It opens with the default settings already asked for. Runs that differ in one setting are read from their cards.
    """

    look: Form
    drawing = "from widgets.figures.curves import accuracy_over_eps\naccuracy_over_eps(result, spec.levels).show()"

    def __init__(self, engine: Any = None) -> None:
        engine = engine or Engine.connect()
        self.result: CurvesResult | None = None
        self.data, self.models = DataChoice(), ModelChoice(PREFERRED, most=MOST_MODELS)
        self.attacks = Attacks(DEFAULT.attacks)
        self.attacks.chosen.most = MOST_ATTACKS
        given = {"data": self.data, "models": self.models, "attacks": self.attacks}
        self.form = Form(DEFAULT, groups=GROUPS, given=given)
        self.player = Radius(DEFAULT.eps, "The ε at which robustness is compared with clean accuracy.")
        self.look = Form(
            CurvesLook(), given={"level": self.player, "intervals": Toggle(value=True, label="95 % intervals")}
        )
        self.sweeps = Sweeps()
        self.views = {name: self._view(name) for name in PLOTS}
        self.bar = RunBar(engine, self.form.spec, self.show)
        self.content = self._content()
        super().__init__([shared(Style), self.panel([self.form]), self.content], "lab", "lab-page")
        self._offer()
        self._listen()
        self.bar.run()
        if self.result is None:
            self._paint()

    def show(self, result: CurvesResult) -> None:
        """Draw a result, complete or partial, instead of the present one."""
        before, self.result = self.result, result
        self.player.offer(before.spec.eps if before else DEFAULT.eps, result.spec.eps)
        self._paint()

    def _view(self, name: str) -> PlotView:
        plot = PLOTS[name]
        view = PlotView(plot.heading, csv=partial(self._csv, name), name=f"curves-{name}", height=plot.height)
        view.note = plot.note
        for place in plot.place.split():
            view.add_class(place)
        return view

    def _content(self) -> Box:
        self.look.add_class("lab-look")
        guide = Guide(QUESTION, SOURCE, SENTENCE, TRIES)
        return Box([guide, self.look, Box(self.views.values(), "lab-figures")], "lab-content")

    def _listen(self) -> None:
        self.data.observe(self._offer, "value")
        self.form.observe(lambda _: self.bar.settings_changed(), "changes")
        self.look.observe(self._paint, "changes")
        self.bar.observe(self.mark_stale, "stale")

    def _offer(self, _: Any = None) -> None:
        """Offer the models that fit the chosen data set, and find the runs on it that differ in one setting."""
        try:
            card = self.data.card
        except SpecError:
            return  # the form says it at the field
        self.models.offer(card)
        cards = models()
        self.sweeps = Sweeps(widths(cards, card.name), pivot_weights(cards, card.name))

    def _paint(self, _: Any = None) -> None:
        """Draw all figures as they should look; nothing is computed."""
        try:
            look = self.look.spec()
        except SpecError:
            return  # the form says it at the field
        provisional = self.result is not None and self.result.done < 1
        for name, view in self.views.items():
            view.draw(PLOTS[name].draw(self.result, look, self.sweeps), provisional)

    def _csv(self, name: str) -> str:
        if self.result is None:
            raise LabError("There are no numbers yet: run it first.")
        text: str = PLOTS[name].frame(self.result, self.look.spec(), self.sweeps).to_csv(index=False)
        return text
