"""The page Masking: is the gradient masked? Tramèr et al. 2018, §4.1; Na et al. 2018, App. D."""

from functools import partial
from pathlib import Path

from traitlets import Bunch

from lab.engine import Engine
from lab.pairing import names_on
from lab.results import MaskingResult
from lab.specs import Masking, SourceGradient, Square
from lab.specs.masking import MOST_MODELS
from lab.specs.spec import title_of
from widgets.dashboards.masking.cards import verdict_cards, verdict_note
from widgets.dashboards.masking.images import IMAGES_IN, explored, pointed
from widgets.dashboards.masking.plots import PLOTS, MaskingLook
from widgets.figures.masking.curves import chosen
from widgets.parts.attacks import EpsText, SourcesAndTargets
from widgets.parts.choices import DataChoice, PositionChoice
from widgets.parts.engine import PageEngine
from widgets.parts.entry import Entry
from widgets.parts.forms import Form
from widgets.parts.gallery import Gallery
from widgets.parts.guide import Guide
from widgets.parts.links import Follow, Link, LinkBar
from widgets.parts.page import Page
from widgets.parts.pictures import Pictures
from widgets.parts.run_bar import RunBar
from widgets.plain import Box

QUESTION = "Is the gradient masked?"
SOURCE = "Tramèr et al. 2018, §4.1, Tables 1, 2 and 6, Figure 2 · Na et al. 2018, Figure 8 · Kurakin et al. 2017, §4.2"
SENTENCE = (
    "A model that withstands single-step attacks may be robust, or may only mask its gradient; here are the signs that "
    "tell the two apart, and a verdict with its reasons."
)
TRIES = (
    "Look at each model's accuracy under FGSM over ε: does it rise again where attacks are larger? A sound measure of "
    "robustness cannot.",
    "Show pgd-trained over ε: do one step and many agree, and is PGD below chance at ε 0.5? Set ε to 0.3 and run: "
    "what do PGD and the evaluation leave then, and which attack broke the rest?",
)
DEFAULT = Masking()
PREFERRED = ("standard", "fgsm-trained", "pgd-trained")
GROUPS = {
    "Data and models": ("data", "models"),
    "Threat model": ("ball", "eps"),
    "Attack": ("steps", "restarts", "alpha", "seed"),
}


class MaskingPage(Page[Masking, MaskingResult, int]):
    """The page. Its parts: ``form`` (what is computed), ``look`` (which model the curves show), ``bar``, ``verdicts``,
    ``views`` by name, ``links`` to other pages.

    It opens with the default settings already asked for. ``follow`` is called with a :class:`Link` when a person
    wants to see the chosen model's loss surface or the whole transfer matrix; without it there are no such buttons.
    """

    look: Form[MaskingLook]
    links: LinkBar
    plots = PLOTS
    strip = ("images", "ball.fields")
    title = "masking"
    drawing = "from widgets.figures.masking import error_rates\nerror_rates(result).show()"

    def __init__(self, engine: PageEngine | None = None, follow: Follow | None = None) -> None:
        engine = engine or Engine.connect()
        self.result: MaskingResult | None = None
        self.data, self.models = DataChoice(), SourcesAndTargets(PREFERRED, MOST_MODELS)
        self.radii, self.place = EpsText(DEFAULT.eps), PositionChoice("Curves of", 1)
        given = {"data": self.data, "models": self.models, "eps": self.radii}
        self.form = Form(DEFAULT, groups=GROUPS, given=given)
        self.radii.follow(self.form)
        self.look = Form(MaskingLook(), given={"model": self.place})
        self.views = {name: self._view(name) for name in PLOTS}
        self.verdicts = Gallery("Verdict", "lab-gallery-large")
        self.links = LinkBar(follow)
        self.pictures = Pictures(engine, self._show_tip)
        self._hover: tuple[str, object] = (IMAGES_IN[0], None)
        self.bar = RunBar(engine, self.settings, self.show)
        self.begin()

    def settings(self) -> Masking:
        """Return the settings of the page: enough to open the same page again. Raises :class:`SpecError` in words."""
        return self.radii.judged(self.form.spec())

    def drawn_as(self) -> int:
        """The place of the model that the curves show."""
        return self.look.spec().model

    def show(self, result: MaskingResult) -> None:
        """Draw a result, complete or partial, instead of the present one."""
        self.place.offer(names_on(result.spec.models, result.spec.data))
        super().show(result)

    def _content(self) -> Box:
        self.look.add_class("lab-look")
        first, *rest = self.views.values()
        figures = Box([first, self.verdicts], "lab-figures")
        curves = Box([self.links, *rest], "lab-figures")
        self.guide = Guide(QUESTION, SOURCE, SENTENCE, TRIES)
        return Box([self.guide, figures, self.look, curves], "lab-content")

    def _listen(self) -> None:
        super()._listen()
        self.views["errors"].observe(self._clicked_bar, "clicked")
        for name in IMAGES_IN:
            self.views[name].observe(partial(self._clicked_image, name), "clicked")
            self.views[name].observe(partial(self._hovered, name), "hovered")

    def _clicked_bar(self, change: Bunch) -> None:
        """A click on a model's bar shows its curves; what a browser sends may be anything."""
        model = change["new"].get("trace") if isinstance(change["new"], dict) else None
        if self.result is not None and type(model) is int and 0 <= model < len(self.result.models):
            self.place.write(model)
            self.views["errors"].clicked = None  # so that the same bar can be clicked again

    def _clicked_image(self, name: str, change: Bunch) -> None:
        where = pointed(change["new"], self.result, name)
        if self.result is not None and where is not None and self.links.follow is not None:
            self.views[name].clicked = None  # so that the same image can be clicked again
            self.links.follow(explored(self.result, where))

    def _hovered(self, name: str, change: Bunch) -> None:
        self._hover = (name, change["new"])
        self._show_tip()

    def _show_tip(self) -> None:
        """Show the image one points at, as soon as its picture is there."""
        name, event = self._hover
        where = pointed(event, self.result, name)
        if self.result is None or where is None:
            self.views[name].tip = None
        else:
            self.views[name].tip = self.pictures.tip(self.result.spec.data, where.image)

    def _paint_beside(self, place: int) -> None:
        if self.result is None:
            self.verdicts.show([], "Nothing computed yet")
        else:
            self.verdicts.show(verdict_cards(self.result), verdict_note(self.result))
            self.links.offer(links(self.result, place))


def links(result: MaskingResult, place: int) -> list[Link]:
    """Return the analyses that would settle the verdict on the chosen model, each ready to run there."""
    spec, model = result.spec, chosen(result, place)
    if model is None:
        return []
    mine = spec.models[result.models.index(model)]
    others = [each for each in spec.models if each != mine]
    *_, pgd = spec.white_box
    standing = [int(image) for image in (~result.wrong(model, "PGD")).nonzero()[0]] or [0]
    every = {"data": spec.data, "ball": spec.ball, "models": spec.models}
    alone = every | {"models": (mine,)}
    restarts = {"attack": pgd.replace(restarts=50), "images": tuple(standing[:4])}
    square = {"attacks": (pgd, Square(queries=500)), "images": min(len(result.y), 50), "levels": 4, "searched": 0}
    second = {"source": others[0], "across": SourceGradient()} if others else {}
    return [
        Link(f"Many restarts of PGD on {model.model}", "pgd-restarts", alone | restarts),
        Link(f"Square, without gradient, on {model.model}", "robustness-curves", alone | square),
        Link(f"The loss surface of {model.model}", "loss-surface", alone | {"image": standing[0]} | second),
        Link("The transfer matrix of these models", "transfer", every),
        Link("How robust these models are in the worst case", "evaluation", every),
    ]


ENTRY = Entry(
    "masking",
    title_of(Masking),
    "Tramèr et al. 2018 · Section 4.1",
    "Single-step attacks fail on a model: is it robust, or is its gradient masked? A verdict with its reasons.",
    MaskingPage,
    asks=Masking,
    sketch=Path(__file__).with_name("sketch.svg"),
    position=50,
)
