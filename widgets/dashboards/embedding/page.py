"""The page Embeddings: where images lie before the last layer, and where an attack moves them. Na et al. 2018."""

from pathlib import Path

from traitlets import Bunch

from lab.catalogue import models
from lab.engine import Engine
from lab.errors import SpecError
from lab.results import EmbeddingsResult
from lab.specs import Embeddings, Spec, params
from lab.specs.spec import default_of, title_of
from lab.specs.threat import radius
from widgets.controls import Choice, Option, Radius, Toggle
from widgets.dashboards.embedding.cards import followed_cards, followed_note, pointed, tip
from widgets.dashboards.embedding.plots import PLOTS, EmbeddingsLook
from widgets.figures.embedding.view import AS_IT_IS, PROJECTIONS
from widgets.loop import OnLoop
from widgets.parts.choices import DataChoice, ModelChoice, PositionChoice
from widgets.parts.engine import PageEngine
from widgets.parts.entry import Entry
from widgets.parts.forms import Form
from widgets.parts.gallery import Gallery
from widgets.parts.guide import Guide
from widgets.parts.image_choice import ImageChoice
from widgets.parts.links import Follow, Link, LinkBar
from widgets.parts.page import Page
from widgets.parts.run_bar import RunBar
from widgets.plain import Box

QUESTION = "In which direction does an attack push an image?"
SOURCE = "Na et al. 2018, Figures 4 and 7"
SHOWS = (
    "Dots are test images in the model's last layer, coloured by label; arrows trace the followed images as ε grows, "
    "coloured by the predicted class."
)
TRIES = (
    "Press play. Click a dot: its path is drawn, too, it gets a ring, and the buttons below and the other pages use "
    "it. Choose the plane of its two classes.",
)
FLAT = ("flat-standard", "flat-kurakin", "flat-pivot")
"""The networks of a two-dimensional embedding, as the paper's; without them, others are shown by PCA."""

OTHERS = ("standard", "pgd-trained")
DEFAULT = Embeddings(images=(3, 7, 0, 14, 5, 15, 2, 4, 1, 6), averaged=64)
FOLLOWED = 12
GROUPS = {
    "Data and models": ("data", "models"),
    "Threat model": ("ball", "levels"),
    "Attack": ("attack", "seed"),
    "Other images": ("count", "averaged", "t_sne"),
}


class EmbeddingsPage(Page[Embeddings, EmbeddingsResult, EmbeddingsLook]):
    """The page. Its parts: ``form`` (what is computed), ``look`` (how it is drawn), ``bar``, ``views``, ``pictures``.

    It opens with the default settings already asked for. The slider over eps, the projection and the scales only
    repaint. The chosen image, one of the followed ones, is what travels to other pages, where ``links`` lead, too.
    """

    images: ImageChoice
    look: Form[EmbeddingsLook]
    links: LinkBar
    plots = PLOTS
    strip = ("images", "attack.kind", "ball.fields")
    title = "embeddings"
    drawing = (
        'from widgets.figures.embedding import embedding_plane\nembedding_plane(result, "as it is", spec.levels).show()'
    )

    def __init__(self, engine: PageEngine | None = None, follow: Follow | None = None) -> None:
        engine = engine or Engine.connect()
        self.result: EmbeddingsResult | None = None
        self.data = DataChoice()
        present = {card.name for card in models()}
        self.models = ModelChoice(tuple(name for name in FLAT if name in present) or OTHERS, most=3)
        self.images = ImageChoice(engine, value=list(DEFAULT.images), most=FOLLOWED)
        self.form = self._form()
        self.look = self._look()
        self.views = {name: self._view(name) for name in PLOTS}
        self.pictures = Gallery("The followed images", "lab-gallery-small")
        self.links = LinkBar(follow)
        self.bar = RunBar(engine, self.form.spec, self.show)
        self._hover: object = None
        self._clicked_last: int | None = None
        self._point = OnLoop(self._show_pointed, 0.03)
        self.begin()

    def show(self, result: EmbeddingsResult) -> None:
        """Draw a result, complete or partial, instead of the present one."""
        before, self.result = self.result, result
        self.image.offer(_followed_names(result))
        if self._clicked_last is not None:
            self.choose(self._clicked_last)
        self.player.offer(before.spec.eps if before else DEFAULT.eps, result.spec.eps)
        self._paint()

    def watch(self, image: int) -> None:
        """Follow a test image, too, and run; of too many, the first one is given up."""
        chosen = self.images.value if isinstance(self.images.value, list | tuple) else []
        if image not in chosen:
            self.images.value = [*chosen, image][-FOLLOWED:]
            self.bar.run()

    def choose(self, image: int) -> None:
        """Make a test image the chosen one; one that is not followed yet is from then on, and chosen once it is."""
        followed = self.result.spec.images if self.result is not None else ()
        if image in followed:
            self._clicked_last = None
            self.image.write(followed.index(image))
        else:
            self._clicked_last = image
            self.watch(image)

    def carried(self) -> Spec:
        """The settings with the chosen image instead of all followed ones, once a person has chosen any."""
        spec = self.form.spec()
        chosen = spec.images[min(self.look.spec().image, len(spec.images) - 1)]
        unchanged = spec.images == DEFAULT.images and chosen == DEFAULT.images[0]
        return spec if unchanged else spec.replace(images=(chosen,))

    def _form(self) -> Form[Embeddings]:
        t_sne = Toggle(value=False, label="Compute t-SNE", help="Preserves neighbours; some seconds per model.")
        given = {"data": self.data, "models": self.models, "images": self.images, "t_sne": t_sne}
        return Form(DEFAULT, groups=GROUPS, given=given)

    def _look(self) -> Form[EmbeddingsLook]:
        self.player = Radius(DEFAULT.eps, "Radius of the threat model. Play goes from 0 to the largest.")
        self.image = _chosen_image()
        toggles = {name: _toggle(name, label) for name, label in _TOGGLES.items()}
        given = {"level": self.player, "projection": _projections(), "image": self.image}
        return Form(EmbeddingsLook(), given=given | toggles)

    def _content(self) -> Box:
        self.look.add_class("lab-look")
        self.guide = Guide(QUESTION, SOURCE, SHOWS, TRIES)
        plane, *curves = self.views.values()
        return Box(
            [self.guide, self.look, Box([plane, self.links, self.pictures, *curves], "lab-figures")], "lab-content"
        )

    def _listen(self) -> None:
        super()._listen()
        self.views["plane"].observe(self._hovered, "hovered")
        self.views["plane"].observe(self._clicked, "clicked")

    def _paint_beside(self, look: EmbeddingsLook) -> None:
        if self.result is not None:
            self.pictures.show(followed_cards(self.result, look.level), followed_note(self.result, look.level))
            self.links.offer(links(self.result, look.image, look.level))

    def _hovered(self, change: Bunch) -> None:
        self._hover = change["new"]
        self._point()

    def _show_pointed(self) -> None:
        where = pointed(self._hover, self.result)
        try:
            level = self.look.spec().level
        except SpecError:
            where = None  # the form says it at the field
        self.views["plane"].tip = tip(self.result, where, level) if self.result and where else None

    def _clicked(self, change: Bunch) -> None:
        where = pointed(change["new"], self.result)
        if where is not None and self.result is not None:
            self.choose(int(self.result.positions[where.image]))
            self.views["plane"].clicked = None  # so that the same dot can be clicked again


def links(result: EmbeddingsResult, image: int, level: int) -> list[Link]:
    """Return the links of the followed image of this index, at this level of ε: into the attack, and the loss there."""
    spec = result.spec
    position = spec.images[min(image, len(spec.images) - 1)]
    eps = spec.eps[max(level, 1)]  # nothing can be looked at in a ball of radius 0
    about = {"data": spec.data, "image": position, "ball": spec.ball.replace(eps=eps)}
    explored = about | {"models": spec.models, "attack": spec.attack, "seed": spec.seed}
    surface = about | {"models": spec.models[:2]}
    return [
        Link(f"Look at image {position} in the attack explorer, ε {radius(eps)}", "attack-explorer", explored),
        Link(f"See the loss surface around image {position}, ε {radius(eps)}", "loss-surface", surface),
    ]


def _chosen_image() -> PositionChoice:
    """Return which of the followed images is the chosen one."""
    place = PositionChoice("Chosen image")
    place.help = (
        "It has a ring, and other pages show it. In the plane of two classes the axes are the logits of its label "
        "and of the class it is pushed toward."
    )
    return place


def _followed_names(result: EmbeddingsResult) -> list[str]:
    """The followed images, each with its label."""
    followed = zip(result.spec.images, result.followed, strict=True)
    return [f"{image}: {result.class_names[result.y[place]]}" for image, place in followed]


_TOGGLES = {"common": "Same scale", "relative": "Relative distances"}


def _toggle(name: str, label: str) -> Toggle:
    meaning = f"{params(EmbeddingsLook)[name].meaning}.".capitalize()
    return Toggle(value=default_of(EmbeddingsLook, name), label=label, help=meaning)


def _projections() -> Choice:
    help_ = (
        "As is: the embedding itself if it has 2 dimensions, else PCA. PCA: the two directions in which the clean "
        "embeddings of a model differ most. Two classes: the logits of an image's label and of the class it is pushed "
        "toward. t-SNE preserves neighbours only: distances between clusters mean nothing."
    )
    labels = ("as is", *PROJECTIONS[1:])
    options = [Option(value=name, label=label) for name, label in zip(PROJECTIONS, labels, strict=True)]
    return Choice(value=AS_IT_IS, label="Plane", help=help_, options=options)


ENTRY = Entry(
    "embeddings",
    title_of(Embeddings),
    "Na et al. 2018 · Figures 4 and 7",
    "See where images lie in the last layer, and watch an attack push them across the decision boundary.",
    EmbeddingsPage,
    asks=Embeddings,
    sketch=Path(__file__).with_name("sketch.svg"),
    position=70,
)
