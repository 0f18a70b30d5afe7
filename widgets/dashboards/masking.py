"""The page Masking: is the gradient masked? Tramèr et al. 2018, §4.1; Na et al. 2018, App. D."""

from functools import partial
from typing import Any

from lab.engine import Engine
from lab.errors import LabError, SpecError
from lab.results import MaskingResult
from lab.specs import Masking
from lab.specs.masking import MOST_MODELS
from lab.specs.models import name_of
from widgets.dashboards.choices import DataChoice
from widgets.dashboards.gallery import Gallery
from widgets.dashboards.guide import Guide
from widgets.dashboards.links import Follow, Link, LinkBar
from widgets.dashboards.masking_cards import verdict_cards, verdict_note
from widgets.dashboards.masking_plots import PLOTS, MaskingLook
from widgets.dashboards.page import Page, Style
from widgets.dashboards.transfer_controls import Place, Radii, Sources
from widgets.figures.masking_curves import chosen
from widgets.forms import Form
from widgets.plain import Box, shared
from widgets.plot import PlotView
from widgets.run_bar import RunBar

QUESTION = "Is the gradient masked?"
SOURCE = "Tramèr et al. 2018, §4.1, Tables 1, 2 and 6, Figure 2 · Na et al. 2018, Figure 8 · Kurakin et al. 2017, §4.2"
SENTENCE = (
    "A network that one step cannot fool may be robust, or may only hide where its loss rises; here are the signs that "
    "tell the two apart, and a verdict with its reasons."
)
TRIES = (
    "Compare FGSM and R+FGSM on fgsm-trained: a random step first makes one step strong. On the other two it does not.",
    "Look at fgsm-trained under FGSM over ε: its accuracy rises again where attacks are larger, which no sound measure "
    "of robustness can.",
    "Show pgd-trained over ε: one step and many steps agree, and PGD ends below chance at ε 0.5. Set ε to 0.3 and run: "
    "what does the verdict say then, and is one sign enough?",
)
DEFAULT = Masking()
PREFERRED = ("standard", "fgsm-trained", "pgd-trained")
GROUPS = {
    "Data and models": ("data", "models", "images"),
    "Threat model": ("ball", "eps"),
    "Attack": ("steps", "restarts", "seed"),
}


class MaskingPage(Page):
    """The page. Its parts: ``form`` (what is computed), ``look`` (which model the curves show), ``bar``, ``verdicts``,
    ``views`` by name, ``links`` to other pages.

    It opens with the default settings already asked for. ``follow`` is called with a :class:`Link` when a person
    wants to see the chosen model's loss surface or the whole transfer matrix; without it there are no such buttons.
    """

    look: Form
    links: LinkBar
    drawing = "from widgets.figures.masking import error_rates\nerror_rates(result).show()"

    def __init__(self, engine: Any = None, follow: Follow | None = None) -> None:
        engine = engine or Engine.connect()
        self.result: MaskingResult | None = None
        self.data, self.models = DataChoice(), Sources(PREFERRED, MOST_MODELS)
        self.radii, self.place = Radii(DEFAULT.eps), Place("Curves of", 1)
        given = {"data": self.data, "models": self.models, "eps": self.radii}
        self.form = Form(DEFAULT, groups=GROUPS, given=given)
        self.look = Form(MaskingLook(), given={"model": self.place})
        self.views = {name: self._view(name) for name in PLOTS}
        self.verdicts = Gallery("Verdict", "lab-gallery-large")
        self.links = LinkBar(follow)
        self.bar = RunBar(engine, self.settings, self.show)
        self.content = self._content()
        super().__init__([shared(Style), self.panel([self.form]), self.content], "lab", "lab-page")
        self._offer()
        self._listen()
        self.bar.run()
        if self.result is None:
            self._paint()

    def settings(self) -> Masking:
        """What the page is set to: enough to open the same page again. Raises :class:`SpecError` in words."""
        spec: Masking = self.form.spec()
        try:
            spec.balls  # noqa: B018 - asked for its refusal: a form judges one field at a time, not radii by the norm
        except SpecError as error:
            self.radii.error = str(error)
            raise
        return spec

    def show(self, result: MaskingResult) -> None:
        """Draw a result, complete or partial, instead of the present one."""
        self.result = result
        self.place.offer([name_of(each) for each in result.spec.models])
        self._paint()

    def _view(self, name: str) -> PlotView:
        plot = PLOTS[name]
        view = PlotView(plot.heading, csv=partial(self._csv, name), name=f"masking-{name}", height=plot.height)
        for place in plot.place.split():
            view.add_class(place)
        return view

    def _content(self) -> Box:
        self.look.add_class("lab-look")
        first, *rest = self.views.values()
        figures = Box([first, self.verdicts], "lab-figures")
        curves = Box([self.links, *rest], "lab-figures")
        return Box([Guide(QUESTION, SOURCE, SENTENCE, TRIES), figures, self.look, curves], "lab-content")

    def _listen(self) -> None:
        self.data.observe(self._offer, "value")
        self.form.observe(lambda _: self.bar.settings_changed(), "changes")
        self.look.observe(self._paint, "changes")
        self.bar.observe(self.mark_stale, "stale")

    def _offer(self, _: Any = None) -> None:
        """Offer the models that fit the chosen data set."""
        try:
            self.models.offer(self.data.card)
        except SpecError:
            return  # the form says it at the field

    def _paint(self, _: Any = None) -> None:
        """Draw everything as it should look; nothing is computed."""
        try:
            place = self.look.spec().model
        except SpecError:
            return  # the form says it at the field
        provisional = self.result is not None and self.result.done < 1
        for name, view in self.views.items():
            view.draw(PLOTS[name].draw(self.result, place), provisional)
        if self.result is None:
            self.verdicts.show([], "Nothing computed yet")
        else:
            self.verdicts.show(verdict_cards(self.result), verdict_note(self.result))
            self.links.offer(links(self.result, place))

    def _csv(self, name: str) -> str:
        if self.result is None:
            raise LabError("There are no numbers yet: run it first.")
        text: str = PLOTS[name].frame(self.result).to_csv(index=False)
        return text


def links(result: MaskingResult, place: int) -> list[Link]:
    """Where the verdict leads: the surface of the chosen model's loss, where masking can be seen, and the transfer."""
    spec, model = result.spec, chosen(result, place)
    if model is None:
        return []
    about = {"data": spec.data, "models": (spec.models[result.models.index(model)],), "ball": spec.ball}
    every = about | {"models": spec.models}
    return [
        Link(f"Look at the loss surface of {model.model}", "loss-surface", about),
        Link("Open the transfer matrix of these models", "transfer", every),
    ]
