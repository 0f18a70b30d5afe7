"""The page PGD restarts: where many random starts end. Madry et al. 2017, §3.1, Figures 1 and 2."""

from pathlib import Path

from lab.engine import Engine
from lab.results import RestartsResult
from lab.specs import PGD, Restarts
from lab.specs.spec import title_of
from widgets.dashboards.restarts.plots import PLOTS, RestartsLook
from widgets.parts.choices import DataChoice, ModelChoice, PositionChoice
from widgets.parts.engine import PageEngine
from widgets.parts.entry import Entry
from widgets.parts.forms import Form
from widgets.parts.guide import Guide
from widgets.parts.image_choice import ImageChoice
from widgets.parts.page import Page
from widgets.parts.run_bar import RunBar
from widgets.plain import Box

QUESTION = "Where does PGD end from many random starts?"
SOURCE = "Madry et al. 2017, §3.1, Figures 1 and 2"
SHOWS = (
    "PGD starts at many random points of the ball around an image; the histogram shows the loss at which each start "
    "ends. Losses that lie close together suggest that gradients find nothing much worse."
)
TRIES = ("Give PGD too few steps to cross the ball, 40 of 0.005 for example. Do the losses still concentrate?",)
DEFAULT = Restarts(attack=PGD(restarts=50))
PREFERRED = ("standard", "pgd-trained")
GROUPS = {
    "Data and models": ("data", "models"),
    "Attack": ("attack", "seed"),
    "Threat model": ("ball",),
}
_RESTARTS = (1.0, 1000.0)  # the slider's range on this page; an ordinary attack has fewer


class RestartsPage(Page[Restarts, RestartsResult, RestartsLook]):
    """The page. Its parts: ``form`` (what is computed), ``look`` (how it is drawn), ``bar``, ``views`` by name.

    It opens with the default settings already asked for, so the first picture needs no click.
    """

    images: ImageChoice
    look: Form[RestartsLook]
    plots = PLOTS
    strip = ("images", "ball.fields")
    title = "restarts"
    drawing = "from widgets.figures.restarts import final_losses_by_image\nfinal_losses_by_image(result).show()"

    def __init__(self, engine: PageEngine | None = None) -> None:
        engine = engine or Engine.connect()
        self.result: RestartsResult | None = None
        self.data = DataChoice()
        self.models = ModelChoice(PREFERRED)
        self.images = ImageChoice(engine, value=list(DEFAULT.images))
        self.form = self._form()
        self.image = PositionChoice("Image shown")
        self.look = Form(RestartsLook(), given={"image": self.image})
        self.views = {name: self._view(name) for name in PLOTS}
        self.bar = RunBar(engine, self.form.spec, self.show)
        self.begin()

    def show(self, result: RestartsResult) -> None:
        """Draw a result, complete or partial, instead of the present one."""
        labels = [result.class_names[label] for label in result.y]
        images = result.spec.images[: len(labels)]
        hints = [f"image {image}: {label}" for image, label in zip(images, labels, strict=True)]
        self.image.offer(list(map(str, images)), hints)
        super().show(result)

    def _form(self) -> Form[Restarts]:
        attack = Form(DEFAULT.attack, skip=("random_start",), usual={"restarts": _RESTARTS})
        given = {"data": self.data, "models": self.models, "images": self.images, "attack": attack}
        return Form(DEFAULT, groups=GROUPS, given=given)

    def _content(self) -> Box:
        self.look.add_class("lab-look")
        self.guide = Guide(QUESTION, SOURCE, SHOWS, TRIES)
        return Box([self.guide, self.look, Box(self.views.values(), "lab-figures")], "lab-content")


ENTRY = Entry(
    "pgd-restarts",
    title_of(Restarts),
    "Madry et al. 2017 · Figures 1 and 2",
    "Start PGD from many random points of the ball. Do all of them end at the same loss, and how far apart?",
    RestartsPage,
    asks=Restarts,
    sketch=Path(__file__).with_name("sketch.svg"),
    position=10,
)
