"""The page Evaluation: how robust is a model, and can the number be trusted? Croce & Hein 2020; Carlini et al. 2019."""

from pathlib import Path

from traitlets import Bunch

from lab.engine import Engine
from lab.errors import LabError, SpecError
from lab.pairing import names_on, unmarked
from lab.reports.adversarial import adversarial_npz
from lab.reports.tables import csv
from lab.results import EvaluationResult
from lab.specs import Evaluation
from lab.specs.evaluation import MOST_MODELS
from lab.specs.models import names_of
from lab.specs.spec import title_of
from widgets.dashboards.evaluation.affordable import Affordable
from widgets.dashboards.evaluation.cards import (
    check_columns,
    check_note,
    check_rows,
    checks_frame,
    verdict_cards,
    verdict_note,
)
from widgets.dashboards.evaluation.checks import CheckTable
from widgets.dashboards.evaluation.downloads import Downloads
from widgets.dashboards.evaluation.images import (
    ImageOf,
    deciding,
    deciding_words,
    image_card,
    image_links,
    within,
)
from widgets.dashboards.evaluation.plots import PLOTS, ChosenImage, EvaluationLook
from widgets.dashboards.evaluation.report import FILES, report_text
from widgets.parts.choices import DataChoice, ModelChoice, PositionChoice
from widgets.parts.engine import PageEngine
from widgets.parts.entry import Entry
from widgets.parts.forms import Form
from widgets.parts.gallery import Gallery
from widgets.parts.guide import Guide
from widgets.parts.links import Follow, LinkBar
from widgets.parts.page import Page
from widgets.parts.pictures import Pictures
from widgets.parts.run_bar import RunBar
from widgets.plain import Box

QUESTION = "How robust is a model, and can the number be trusted?"
SOURCE = "Croce & Hein 2020 · Carlini et al. 2019 · Tramèr et al. 2020 · Athalye et al. 2018, §3.1"
SENTENCE = (
    "Attacks that need no tuning run one after the other, each on the images that earlier ones did not break. What "
    "withstands them all is the robust accuracy; the sanity checks tell whether it can be trusted."
)
TRIES = (
    "Which attack breaks most of standard, and how many images are left for the attacks after it?",
    "Compare FGSM on the page Masking with the worst case here: how far apart are they for fgsm-trained, and which "
    "check says so?",
    "Choose the standard budget and run again: how many more images does it break on each model than quick does?",
    "Lower ε to 0.1: which verdict changes? Then look at the image that decides, and see the attack that broke it.",
)
DEFAULT = Evaluation(images=200)
PREFERRED = ("standard", "fgsm-trained", "pgd-trained")
GROUPS = {
    "Data and models": ("data", "models"),
    "Threat model": ("ball",),
    "Attacks": ("budget", "seed"),
}
EXAMPLES = ("adversarial.npz",)
WAITING = "Nothing computed yet"


class EvaluationPage(Page[Evaluation, EvaluationResult, ChosenImage]):
    """The page. Its parts: ``form`` (what is computed), ``look`` (whose images are shown, and which one), ``bar``,
    ``verdicts``, ``checks``, ``views`` by name, ``gallery`` with the chosen image, ``links`` to other pages,
    ``downloads`` of reports, ``examples`` (the adversarial ones as a file), ``affordable`` (what to run instead of
    what this lab does not allow).

    It opens with the default settings already asked for. ``follow`` is called with a :class:`Link` when a user wants
    to see the chosen image elsewhere; without it there are no such buttons.
    """

    look: Form[EvaluationLook]
    links: LinkBar
    plots = PLOTS
    strip = ("images", "ball.fields")
    title = "evaluation"
    drawing = "from widgets.figures.evaluation import waterfall\nwaterfall(result).show()"

    def __init__(self, engine: PageEngine | None = None, follow: Follow | None = None) -> None:
        engine = engine or Engine.connect()
        self.result: EvaluationResult | None = None
        self.names: tuple[str, ...] = ()  # of all models that were asked for, known or still to come
        self.data, self.models = DataChoice(), ModelChoice(PREFERRED, most=MOST_MODELS)
        self.form = Form(DEFAULT, groups=GROUPS, given={"data": self.data, "models": self.models})
        self.place, self.image = PositionChoice("Images of", 2), ImageOf()
        self.look = Form(EvaluationLook(model=2), given={"model": self.place, "image": self.image})
        self.views = {name: self._view(name) for name in PLOTS}
        self.verdicts = Gallery("Verdict", "lab-gallery-large", "lab-verdicts", "lab-narrow")
        self.checks = CheckTable("Sanity checks", self._checks_csv)
        self.gallery = Gallery("The chosen image", "lab-gallery-large")
        self.links = LinkBar(follow)
        self.downloads = Downloads("Report", FILES, self._report)
        self.examples = Downloads("Adversarial examples of this model", EXAMPLES, self._examples)
        self.pictures = Pictures(engine, self._show_image)
        self.affordable = Affordable(self.ask)
        self.bar = RunBar(engine, self.form.spec, self.show)
        self.begin()

    def drawn_as(self) -> ChosenImage:
        """The model and the image that are looked at, by their positions."""
        look = self.look.spec()
        name = self.names[look.model] if look.model < len(self.names) else ""
        return within(self.result, name, look.image)

    def show(self, result: EvaluationResult) -> None:
        """Draw a result, complete or partial, instead of the present one."""
        self.result = result
        self.names = names_of(result.spec.models)
        self.place.offer(names_on(result.spec.models, result.spec.data))
        self._paint()

    def _content(self) -> Box:
        self.look.add_class("lab-look")
        waterfall, images = self.views.values()
        self.top = Box([waterfall, self.verdicts, self.checks, self.downloads], "lab-figures")
        below = Box([images, self.gallery, self.examples, self.links], "lab-figures")
        self.guide = Guide(QUESTION, SOURCE, SENTENCE, TRIES)
        return Box([self.guide, self.affordable, self.top, self.look, below], "lab-content")

    def _listen(self) -> None:
        super()._listen()
        self.views["waterfall"].observe(self._clicked_line, "clicked")
        self.views["images"].observe(self._clicked_image, "clicked")
        self._settings_changed(None)

    def _settings_changed(self, _: object) -> None:
        super()._settings_changed(_)
        try:
            self.affordable.judge(self.form.spec())
        except SpecError:
            return  # the form says it at the field

    def _clicked_line(self, change: Bunch) -> None:
        """A click on a model's line shows its images; what a browser sends may be anything."""
        model = change["new"].get("trace") if isinstance(change["new"], dict) else None
        if self.result is not None and type(model) is int and 0 <= model < len(self.result.models):
            self.place.write(self.names.index(unmarked(self.result.models[model].model)))
            self.views["waterfall"].clicked = None  # so that the same line can be clicked again

    def _clicked_image(self, change: Bunch) -> None:
        """A click on a column of the matrix chooses its image."""
        image = change["new"].get("customdata") if isinstance(change["new"], dict) else None
        if self.result is None or not self.result.models or type(image) is not int:
            return
        if 0 <= image < len(self.result.models[0].y):
            self.image.write(image)
            self.views["images"].clicked = None  # so that the same image can be clicked again

    def _paint_beside(self, chosen: ChosenImage) -> None:
        result = self.result
        if result is None or not result.models:
            self.verdicts.show([], WAITING)
            self.checks.show([], [], WAITING)
            self.gallery.show([], WAITING)
            return
        self.verdicts.show(verdict_cards(result), verdict_note(result))
        self.checks.show(check_columns(result), check_rows(result), check_note(result))
        model = result.models[chosen.model]
        self.image.offer(deciding(model), deciding_words(model))
        self.links.offer(image_links(result, chosen))
        self._show_image()

    def _show_image(self) -> None:
        """Show the chosen image, as soon as its picture is there."""
        if self.result is None or not self.result.models:
            return
        try:
            chosen = self.drawn_as()
        except SpecError:
            return  # the form says it at the field
        clean = self.pictures.source(self.result.spec.data, chosen.image)
        self.gallery.show([image_card(self.result, chosen, clean)], "")

    def _report(self, file: str) -> bytes:
        if self.result is None or not self.result.models:
            raise LabError(self.no_numbers)
        return report_text(self.result, file).encode()

    def _examples(self, _: str) -> bytes:
        if self.result is None or not self.result.models:
            raise LabError(self.no_numbers)
        return adversarial_npz(self.result.spec, self.result.models[self.drawn_as().model])

    def _checks_csv(self) -> str:
        if self.result is None:
            raise LabError(self.no_numbers)
        return csv(checks_frame(self.result))


ENTRY = Entry(
    "evaluation",
    title_of(Evaluation),
    "Croce & Hein 2020 · Carlini et al. 2019",
    "How robust is a model under attacks that need no tuning, and what casts doubt on the number?",
    EvaluationPage,
    asks=Evaluation,
    sketch=Path(__file__).with_name("sketch.svg"),
    position=30,
)
