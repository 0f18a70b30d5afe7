"""The page Transfer: whose adversarial images fool whom. Kurakin et al. 2017, §4.4; Tramèr et al. 2018, §4.1."""

from dataclasses import replace
from pathlib import Path

from traitlets import Bunch

from lab.engine import Engine
from lab.results import TransferResult
from lab.specs import SourceGradient, TransferMatrix
from lab.specs.attacks import attack_titles
from lab.specs.spec import title_of
from widgets.dashboards.transfer.examples import example_cards, example_note, example_tip, examples
from widgets.dashboards.transfer.plots import PLOTS, TransferLook
from widgets.figures.transfer.matrix import FEW, Cell
from widgets.parts.attacks import Attacks, EpsText, SourcesAndTargets
from widgets.parts.choices import DataChoice, PositionChoice
from widgets.parts.engine import PageEngine
from widgets.parts.entry import Entry
from widgets.parts.forms import Form
from widgets.parts.gallery import Gallery
from widgets.parts.guide import Guide
from widgets.parts.links import Follow, Link, LinkBar
from widgets.parts.page import Page
from widgets.parts.run_bar import RunBar
from widgets.plain import Box

QUESTION = "Do adversarial examples made on one model fool another?"
SOURCE = "Kurakin et al. 2017, Tables 4 and 6 · Tramèr et al. 2018, Tables 1, 7 and 8 · Na et al. 2018, Figures 1 and 6"
SENTENCE = (
    "Each row is a model on which adversarial examples were made, each column one that classifies them: the "
    "stronger a cell's colour, the better attacks on the row's model transfer to the column's."
)
TRIES = (
    "Click a cell: examples that transferred appear below, beside it the same two models over ε.",
    "Choose the error rate and PGD: how often does it fool the model it was made on, and how often another?",
    "Add another PGD with fewer steps. Does the weaker attack transfer better, as Kurakin et al. 2017, §4.4, suspect?",
)
DEFAULT = TransferMatrix()
WIDE = {"lab-several": 3, "lab-many": FEW}
"""The most models whose matrix fits beside the curves: of several on a wide screen only, of many on none."""
PREFERRED = ("standard", "standard-b", "fgsm-trained", "pgd-trained")
GROUPS = {
    "Data and models": ("data", "models"),
    "Attacks": ("attacks", "seed"),
    "Threat model": ("ball", "eps"),
}


class TransferPage(Page[TransferMatrix, TransferResult, Cell]):
    """The page. Its parts: ``form`` (what is computed), ``look`` (how it is drawn), ``bar``, ``views`` by name,
    ``gallery`` of images that transferred, ``links`` to other pages.

    It opens with the default settings already asked for. ``follow`` is called with a :class:`Link` when a person
    wants to go on from the chosen cell; without it there are no such buttons.
    """

    look: Form[TransferLook]
    links: LinkBar
    plots = PLOTS
    strip = ("images", "ball.fields")
    title = "transfer"
    drawing = (
        "from widgets.dashboards.transfer.plots import TransferLook\n"
        "from widgets.figures.transfer import transfer_matrix\n"
        "transfer_matrix(result, TransferLook().cell).show()"
    )

    def __init__(self, engine: PageEngine | None = None, follow: Follow | None = None) -> None:
        engine = engine or Engine.connect()
        self.result: TransferResult | None = None
        self.data, self.models = DataChoice(), SourcesAndTargets(PREFERRED)
        self.attacks, self.radii = Attacks(DEFAULT, repeats=True), EpsText(DEFAULT.eps)
        given = {"data": self.data, "models": self.models, "attacks": self.attacks, "eps": self.radii}
        self.form = Form(DEFAULT, groups=GROUPS, given=given)
        self.radii.follow(self.form)
        self.places = {
            "attack": PositionChoice("Attack"),
            "source": PositionChoice("Source"),
            "target": PositionChoice("Target", 2),
        }
        self.look = Form(TransferLook(), given=self.places)
        self.views = {name: self._view(name) for name in PLOTS}
        self.gallery = Gallery("Images of the chosen cell", "lab-gallery-small", "lab-transferred", press=self._open)
        self.links = LinkBar(follow)
        self._cell = TransferLook().cell  # what is drawn; the settings may be wrong for a moment
        self.bar = RunBar(engine, self.settings, self.show)
        self.begin()

    def settings(self) -> TransferMatrix:
        """Return the settings of the page: enough to open the same page again. Raises :class:`SpecError` in words."""
        return self.radii.judged(self.form.spec())

    def drawn_as(self) -> Cell:
        """The chosen cell, and what is shown of it."""
        return self.look.spec().cell

    def show(self, result: TransferResult) -> None:
        """Draw a result, complete or partial, instead of the present one."""
        names = {"attack": attack_titles(result.spec.attacks), "source": result.models, "target": result.models}
        for name, place in self.places.items():
            place.offer(names[name])
        for name, most in WIDE.items():
            (self.figures.add_class if len(result.models) > most else self.figures.remove_class)(name)
        super().show(result)

    def _content(self) -> Box:
        self.look.add_class("lab-look")
        matrix, curve, *lower = self.views.values()
        self.figures = Box([matrix, curve, self.gallery, self.links, *lower], "lab-figures")
        self.guide = Guide(QUESTION, SOURCE, SENTENCE, TRIES)
        return Box([self.guide, self.look, self.figures], "lab-content")

    def _listen(self) -> None:
        super()._listen()
        self.views["matrix"].observe(self._clicked, "clicked")
        self.views["matrix"].observe(self._hovered, "hovered")

    def _clicked(self, change: Bunch) -> None:
        """A click on a cell of the matrix chooses its source and target."""
        place = place_of(change["new"], self.result)
        if place is not None:
            for name, position in zip(("source", "target"), place, strict=True):
                self.places[name].write(position)
            self.views["matrix"].clicked = None  # so that the same cell can be clicked again

    def _hovered(self, change: Bunch) -> None:
        """The first of a cell's images stands beside the pointer."""
        place = place_of(change["new"], self.result)
        tip = None
        if self.result is not None and place is not None:
            source, target = place
            tip = example_tip(self.result, replace(self._cell, source=source, target=target))
        self.views["matrix"].tip = tip

    def _open(self, card: int) -> None:
        """A press on an image of the gallery opens it in the attack explorer."""
        if self.result is None or self.links.follow is None:
            return
        for each in examples(self.result, self._cell)[card : card + 1]:
            self.links.follow(explored(self.result, self._cell, each.image))

    def _paint_beside(self, cell: Cell) -> None:
        self._cell = cell
        if self.result is None:
            self.gallery.show([], "Nothing computed yet")
        else:
            self.gallery.show(example_cards(self.result, cell), example_note(self.result, cell))
            self.links.offer(links(self.result, cell))


def place_of(event: object, result: TransferResult | None) -> tuple[int, int] | None:
    """Source and target of the cell one points at; None for nothing that a browser of ours would send."""
    place = event if isinstance(event, dict) else {}
    count = len(result.models) if result else 0
    source, target = _position(place.get("y"), count), _position(place.get("x"), count)
    return None if source is None or target is None else (source, target)


def _position(value: object, count: int) -> int | None:
    return int(value) if isinstance(value, int | float) and value in range(count) else None


def links(result: TransferResult, cell: Cell) -> list[Link]:
    """Return the links of the chosen cell: the target's surface along the source's gradient, and its first example."""
    cell, spec = cell.within(result), result.spec
    source, target = spec.models[cell.source], spec.models[cell.target]
    shown = examples(result, cell)
    found = []
    if source != target:
        names = (result.models[cell.source], result.models[cell.target])
        label = f"Open the loss surface of {names[1]}, with the gradient of {names[0]} as g⊥"
        settings = {"data": spec.data, "image": shown[0].image if shown else 0, "ball": spec.ball}
        settings |= {"models": (target,), "source": source, "across": SourceGradient()}
        found.append(Link(label, "loss-surface", settings))
    return found + [explored(result, cell, each.image) for each in shown[:1]]


def explored(result: TransferResult, cell: Cell, image: int) -> Link:
    """An image in the attack explorer, under the cell's attack on its source and its target."""
    cell, spec = cell.within(result), result.spec
    models = tuple(dict.fromkeys((spec.models[cell.source], spec.models[cell.target])))
    settings = {"data": spec.data, "image": image, "ball": spec.ball}
    settings |= {"models": models, "attack": spec.attacks[cell.attack]}
    return Link(f"Look at image {image} in the attack explorer", "attack-explorer", settings)


ENTRY = Entry(
    "transfer",
    title_of(TransferMatrix),
    "Kurakin et al. 2017 · Tables 4 and 6",
    "Evaluate adversarial examples of one model on another: which models' examples transfer to which?",
    TransferPage,
    asks=TransferMatrix,
    sketch=Path(__file__).with_name("sketch.svg"),
    position=60,
)
