"""The page Attack explorer: one image, one attack, looked at closely, and every other attack beside it."""

from contextlib import suppress
from pathlib import Path

from lab import datafiles
from lab.engine import Engine
from lab.errors import LabError, SpecError
from lab.results import ExploreResult
from lab.specs import PGD, AttackSpec, Explore
from lab.specs.sentences import labelled
from lab.specs.spec import title_of
from widgets.dashboards.explore.cards import attack_cards, attack_note, model_cards, model_note, needs, waiting
from widgets.dashboards.explore.finding import success_by_scale
from widgets.figures.explore import scale
from widgets.figures.explore.attack import path, path_frame, probabilities, probabilities_frame
from widgets.parts.choices import DataChoice, ModelChoice
from widgets.parts.engine import PageEngine
from widgets.parts.entry import Entry
from widgets.parts.forms import Form
from widgets.parts.gallery import Gallery
from widgets.parts.guide import Guide
from widgets.parts.image_choice import OneImage
from widgets.parts.page import LivePage, Plot, of_result
from widgets.parts.run_bar import RunBar
from widgets.parts.sketch import Sketch
from widgets.plain import Box

QUESTION = "What does an attack do to one image?"
SOURCE = "Every attack of the four papers"
SHOWS = (
    "One image before and after the attack, what each model predicts, and how the attack got there. Every change of a "
    "setting is computed at once: drag ε and watch."
)
TRIES = (
    "Raise ε until you notice the perturbation. At which ε was each model fooled, if at all?",
    "Choose Step-LL, then Iter-LL: does one step reach the least likely class, or does it take several?",
)
DEFAULT = Explore(attack=PGD(steps=20))
PREFERRED = ("standard", "pgd-trained")
GROUPS = {
    "Data and models": ("data", "models"),
    "Threat model": ("ball", "logit_scale"),
    "Attack": ("attack", "seed"),
}
_FRAME = 0.02  # seconds between two redraws: as fast as results come


PLOTS: dict[str, Plot[ExploreResult, None]] = {
    "probabilities": Plot(
        "Class probabilities",
        of_result(probabilities),
        of_result(probabilities_frame),
        note="before and after the attack",
    ),
    "path": Plot("Loss and margin", of_result(path), of_result(path_frame), note="along the steps of the attack"),
    "success-by-scale": Plot(
        "Success over the scale of the logits",
        of_result(scale.success_by_scale),
        of_result(scale.scale_frame),
        note="A factor changes no prediction of the model. Does PGD still fool it?",
    ),
    "loss-by-scale": Plot(
        "Loss over the scale of the logits",
        of_result(scale.loss_by_scale),
        of_result(scale.scale_frame),
        note="The plain gradient of a saturated softmax is zero in float32; our direction is not.",
    ),
}


class ExplorePage(LivePage[Explore, ExploreResult, None]):
    """The page. Its parts: ``form`` (what is computed), ``sketch`` (draws an image), ``bar``, ``pictures``, ``row``,

    ``views`` by name.
    """

    plots = PLOTS
    strip = ("image", "attack.kind", "ball.fields")
    title = "explore"
    drawing = "from widgets.figures.explore import path\npath(result).show()"

    def __init__(self, engine: PageEngine | None = None) -> None:
        engine = engine or Engine.connect()
        self.result: ExploreResult | None = None
        self.data = DataChoice()
        self.models = ModelChoice(PREFERRED, most=3)
        self.images: OneImage = OneImage(engine, value=[DEFAULT.image])
        self.form = Form(DEFAULT, groups=GROUPS, given={"data": self.data, "models": self.models, "image": self.images})
        self.sketch = Sketch()
        self.pictures = Gallery("Clean, adversarial, difference", "lab-gallery-large", fix=self._fix_chosen)
        self._compared_among: tuple[str, ...] = ()  # the classes that the cards of every attack read
        self.row = Gallery("The same image, every attack", "lab-gallery-small", fix=self._fix_compared)
        self.views = {name: self._view(name) for name in PLOTS}
        self.bar = RunBar(engine, self.form.spec, self.show, interval=_FRAME)
        self.begin()
        self.sketch.observe(self._drawn, "value")
        self.images.observe(lambda change: setattr(self.sketch, "shown", change["new"] is True), "drawing")
        self.sketch.observe(lambda change: setattr(self.images, "drawing", change["new"] is True), "shown")

    def show(self, result: ExploreResult) -> None:
        """Draw a result, complete or partial, instead of the present one.

        What a partial result does not have yet stays as it is, so that the lower figures do not flash while a slider
        is dragged; but what was read as one of other classes is gone with the first card of these.
        """
        before, self.result = self.result, result
        if before is not None and before.spec != result.spec:
            before = None
        swept = (result.sweeps or result.done == 1) and not (before and before.sweeps)
        if before is None or swept:  # with the scales comes what a further random start found
            self.pictures.show(model_cards(result), model_note(result))
            self._draw("probabilities", "path")
        if before is None:
            self._earlier(True, self.compared, self.swept)
        if swept:
            self._draw("success-by-scale", "loss-by-scale")
            self._earlier(False, self.swept)
            self.views["success-by-scale"].note = success_by_scale(result) or PLOTS["success-by-scale"].note
        if result.tried:
            self._earlier(False, self.compared)
            earlier = self.row.cards if self._compared_among == result.class_names else []
            self._compared_among = result.class_names
            self.row.show(waiting(attack_cards(result), earlier, result), attack_note(result))

    def _drawn(self, _: object) -> None:
        """Look at what was drawn, as a test image."""
        try:
            self.data.write(drawing := self.sketch.drawing())
            self.images.write(datafiles.drawing_at(drawing))
            self.sketch.error = ""
        except LabError as error:
            self.sketch.error = labelled(error)

    def _offer(self, change: object = None) -> None:
        super()._offer(change)
        with suppress(SpecError):  # the form says it at the field
            self.sketch.offer(self.data.card)
        self.images.draws = bool(self.sketch.classes)

    def _fix_chosen(self, _: int) -> None:
        """Take the threat model that the chosen attack needs."""
        if self.result is not None:
            self._take(self.result.spec.attack)

    def _fix_compared(self, card: int) -> None:
        """Look at a compared attack in the threat model that it needs."""
        attacks = list(dict.fromkeys(each.attack for each in self.result.tried)) if self.result is not None else []
        for attack in attacks[card : card + 1]:
            self._take(attack)

    def _take(self, attack: AttackSpec) -> None:
        assert self.result is not None
        self.form.parts["attack"].write(attack)
        self.form.parts["ball"].write(needs(attack, self.result.spec.ball) or self.result.spec.ball)

    def _earlier(self, earlier: bool, *parts: Box) -> None:
        """Mark parts that a partial result does not have yet and that therefore show the settings before."""
        for each in parts:
            (each.add_class if earlier else each.remove_class)("lab-earlier")

    def _draw(self, *names: str) -> None:
        for name in names:
            self.views[name].draw(PLOTS[name].draw(self.result, None))

    def _content(self) -> Box:
        self.guide = Guide(QUESTION, SOURCE, SHOWS, TRIES)
        upper, lower = list(self.views.values())[:2], list(self.views.values())[2:]
        self.compared, self.swept = Box([self.row], "lab-part"), Box(lower, "lab-part")
        return Box(
            [self.guide, Box([self.sketch, self.pictures, *upper, self.compared, self.swept], "lab-figures")],
            "lab-content",
        )

    def _csv(self, name: str) -> str:
        if self.result is None or (not self.result.sweeps and name.endswith("scale")):
            raise LabError(self.no_numbers)
        return super()._csv(name)


ENTRY = Entry(
    "attack-explorer",
    title_of(Explore),
    "Every attack of the four papers",
    "Take one image and drag ε. See what an attack changes, what the model then predicts, and whether to trust it.",
    ExplorePage,
    asks=Explore,
    sketch=Path(__file__).with_name("sketch.svg"),
    position=20,
)
