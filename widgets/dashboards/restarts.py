"""The page PGD restarts: where many random starts end. Madry et al. 2017, §3.1, Figures 1 and 2."""

from functools import partial
from typing import Any

from lab.engine import Engine
from lab.errors import LabError, SpecError
from lab.results import RestartsResult
from lab.specs import PGD, Restarts
from widgets.controls import Choice, Option
from widgets.dashboards.choices import DataChoice, ImageChoice, ModelChoice
from widgets.dashboards.guide import Guide
from widgets.dashboards.page import Page, Style
from widgets.dashboards.restarts_plots import PLOTS, RestartsLook
from widgets.forms import Form
from widgets.plain import Box, shared
from widgets.plot import PlotView
from widgets.run_bar import RunBar

QUESTION = "Where does PGD end from many random starts?"
SOURCE = "Madry et al. 2017, §3.1, Figures 1 and 2"
SHOWS = (
    "PGD starts at many random points of the ball around an image; the histogram shows the loss at which each start "
    "ends. Losses that lie close together suggest that little worse can be found by gradients."
)
TRIES = (
    "Compare the two networks: training with PGD lowers the losses at which its attacks end.",
    "Give PGD too few steps to cross the ball, 40 of 0.005 for example. Do the losses still concentrate?",
    "Look at distances and angles: the maxima lie apart although their losses are alike.",
)
DEFAULT = Restarts(attack=PGD(restarts=50))
PREFERRED = ("standard", "pgd-trained")
GROUPS = {
    "Data and models": ("data", "models"),
    "Images": ("images",),
    "Attack": ("attack", "seed"),
    "Threat model": ("ball",),
}
_RESTARTS = (1.0, 1000.0)  # the slider's range on this page; an ordinary attack has fewer


class RestartsPage(Page):
    """The page. Its parts: ``form`` (what is computed), ``look`` (how it is drawn), ``bar``, ``views`` by name.

    It opens with the default settings already asked for, so the first picture needs no click.
    """

    look: Form
    drawing = "from widgets.figures.final_losses import final_losses_by_image\nfinal_losses_by_image(result).show()"

    def __init__(self, engine: Any = None) -> None:
        engine = engine or Engine.connect()
        self.result: RestartsResult | None = None
        self.data = DataChoice()
        self.models = ModelChoice(PREFERRED)
        self.images = ImageChoice(engine, value=list(DEFAULT.images))
        self.form = self._form()
        self.image = ShownImage(label="Image shown")
        self.look = Form(RestartsLook(), given={"image": self.image})
        self.views = {name: self._view(name) for name in PLOTS}
        self.bar = RunBar(engine, self.form.spec, self.show)
        self.content = self._content()
        super().__init__([shared(Style), self.panel([self.form]), self.content], "lab", "lab-page")
        self._offer()
        self._listen()
        self.bar.run()
        if self.result is None:
            self._paint()

    def show(self, result: RestartsResult) -> None:
        """Draw a result, complete or partial, instead of the present one."""
        self.result = result
        self.image.offer(result)
        self._paint()

    def _form(self) -> Form:
        attack = Form(DEFAULT.attack, skip=("random_start",), usual={"restarts": _RESTARTS})
        given = {"data": self.data, "models": self.models, "images": self.images, "attack": attack}
        return Form(DEFAULT, groups=GROUPS, given=given)

    def _view(self, name: str) -> PlotView:
        plot = PLOTS[name]
        view = PlotView(plot.heading, csv=partial(self._csv, name), name=f"restarts-{name}", height=plot.height)
        for place in plot.place.split():
            view.add_class(place)
        return view

    def _content(self) -> Box:
        self.look.add_class("lab-look")
        return Box(
            [Guide(QUESTION, SOURCE, SHOWS, TRIES), self.look, Box(self.views.values(), "lab-figures")], "lab-content"
        )

    def _listen(self) -> None:
        self.data.observe(self._offer, "value")
        self.form.observe(lambda _: self.bar.settings_changed(), "changes")
        self.look.observe(self._paint, "changes")
        self.bar.observe(self.mark_stale, "stale")

    def _offer(self, _: Any = None) -> None:
        """Offer what fits the chosen data set."""
        try:
            card = self.data.card
        except SpecError:
            return  # the form says it at the field
        self.models.offer(card)
        self.images.offer(card.spec)

    def _paint(self, _: Any = None) -> None:
        """Draw all figures as they should look; nothing is computed."""
        try:
            look = self.look.spec()
        except SpecError:
            return  # the form says it at the field
        provisional = self.result is not None and self.result.done < 1
        for name, view in self.views.items():
            view.draw(PLOTS[name].draw(self.result, look), provisional)

    def _csv(self, name: str) -> str:
        if self.result is None:
            raise LabError("There are no numbers yet: run it first.")
        return PLOTS[name].frame(self.result, self.look.spec()).to_csv(index=False)


class ShownImage(Choice):
    """Which of the result's images the figures of one image show."""

    def __init__(self, **traits: Any) -> None:
        super().__init__(value="0", options=[Option(value="0", label="first")], **traits)

    def offer(self, result: RestartsResult) -> None:
        """Offer the images of a result; the place in the row stays."""
        names = [result.class_names[label] for label in result.y]
        options: list[Any] = [
            Option(value=str(i), label=str(image), help=f"image {image}: {name}")
            for i, (image, name) in enumerate(zip(result.spec.images, names, strict=False))
        ]
        if options != self.options:
            self.options = options
            if self.value not in [option["value"] for option in options]:
                self.value = "0"

    def read(self) -> int:
        """The position among the result's images."""
        return int(super().read())

    def write(self, value: int) -> None:
        """Show the image at this position among the result's."""
        super().write(str(value))
