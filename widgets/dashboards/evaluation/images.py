"""The images on which a model's robust accuracy hangs: the last ones broken and the narrowest survivors."""

from collections.abc import Sequence
from html import unescape

import numpy as np

from lab.errors import SpecError
from lab.pairing import unmarked
from lab.results import EvaluationResult, ModelEvaluation
from lab.results.evaluation import CLEAN, UNBROKEN
from lab.results.prediction import class_in_words
from lab.specs import Restarts
from lab.specs.attacks import AttackSpec
from lab.specs.models import names_of
from widgets.controls import Choice, Option
from widgets.dashboards.evaluation.plots import CLOSEST, ChosenImage
from widgets.figures.evaluation.images import in_order, in_words
from widgets.figures.mosaic import picture, png
from widgets.parts.gallery import Card, Picture
from widgets.parts.links import Link
from widgets.theme import model_paint

FEW = 4
"""So many images of each kind are offered: broken last, and surviving by the smallest margin."""

RESTARTS = 50
"""Random starts of a PGD whose restarts are looked at."""


class ImageOf(Choice):
    """One of the images that decide, by its position in the data; another one that was clicked is offered, too."""

    def __init__(self, **traits: object) -> None:
        super().__init__(value=str(CLOSEST), label="Image", **traits)
        self._labels: dict[str, str] = {}
        self.offer((), ())

    def offer(self, images: Sequence[int], words: Sequence[str]) -> None:
        """Offer these images, the first as the closest call; the chosen one stays."""
        closest = f"closest: {words[0]}" if words else "the closest call"
        labels = {str(CLOSEST): closest} | {str(i): each for i, each in zip(images[1:], words[1:], strict=True)}
        chosen = str(self.value)[:9]
        if chosen.isdecimal():
            labels.setdefault(chosen, f"image {chosen}")
        self._show(labels)

    def _show(self, labels: dict[str, str]) -> None:
        self._labels = labels
        self.options = [Option(value=value, label=label) for value, label in labels.items()]

    def read(self) -> int:
        """The chosen image. Raises :class:`SpecError` when it is none that is offered."""
        value = self.chosen()
        try:
            return int(value)
        except ValueError:
            raise SpecError(f"{self.label} must be one of those offered.") from None

    def write(self, value: int) -> None:
        """Choose this image; it is offered, if it was not."""
        if str(value) not in self._labels:
            self._show(self._labels | {str(value): f"image {value}"})
        super().write(str(value))


def deciding(model: ModelEvaluation) -> tuple[int, ...]:
    """Images on which the number hangs: survivors by their margin, then those broken last, the last one first."""
    order = in_order(model)
    survivors = [int(image) for image in order if model.broken_by[image] == UNBROKEN][:FEW]
    broken = [int(image) for image in order[::-1] if model.broken_by[image] > CLEAN][:FEW]
    return (*survivors, *broken)


def deciding_words(model: ModelEvaluation) -> tuple[str, ...]:
    """Why each of :func:`deciding` decides."""
    return tuple(_why(model, image) for image in deciding(model))


def within(result: EvaluationResult | None, name: str, image: int) -> ChosenImage:
    """Return the look as far as the result has it: another model while the named one is still to come.

    Instead of :data:`CLOSEST` the first image that decides.
    """
    if result is None or not result.models:
        return ChosenImage(0, image)
    known = [unmarked(each.model) for each in result.models]
    model = known.index(name) if name in known else len(known) - 1
    found = result.models[model]
    if image == CLOSEST:
        image = next(iter(deciding(found)), 0)
    return ChosenImage(model, max(0, min(image, found.n - 1)))


def image_card(result: EvaluationResult, chosen: ChosenImage, clean: str) -> Card:
    """The chosen image before and after the attack that broke it; ``clean`` is its picture, once it has come."""
    model = result.models[chosen.model]
    pictures: list[Picture] = []
    if clean:
        missed = model.broken_by[chosen.image] == CLEAN
        pictures.append(_picture(result, clean, "clean", model.clean[chosen.image], bool(missed)))
    adversarial = adversarial_example(model, chosen.image)
    if adversarial is not None:
        source = png(picture(adversarial))
        pictures.append(_picture(result, source, "adversarial", model.adversarial[chosen.image], fooled=True))
    return {
        "title": f"{model.model}: {unescape(in_words(result, model, chosen.image))}",
        "colour": model_paint(model.model),
        "pictures": pictures,
    }


def adversarial_example(model: ModelEvaluation, image: int) -> np.ndarray | None:
    """(C, H, W) the adversarial example that was found for an image, if there is one and it was kept."""
    broken = np.flatnonzero(model.broken_by >= 0)
    place = int(np.searchsorted(broken, image))
    kept = place < min(len(broken), len(model.x_adv)) and broken[place] == image
    return model.x_adv[place] if kept else None


def image_links(result: EvaluationResult, chosen: ChosenImage) -> list[Link]:
    """The chosen image in the explorer under the attack that decided it, its loss surface, PGD's restarts on it."""
    spec, model, image = result.spec, result.models[chosen.model], chosen.image
    mine = spec.models[names_of(spec.models).index(unmarked(model.model))]
    about = {"data": spec.data, "models": (mine,), "image": image, "ball": spec.ball, "seed": spec.seed}
    attack = _attack(model, image)
    restarts = about | {"attack": Restarts().attack.replace(restarts=RESTARTS)}
    links = [
        Link(f"The loss surface of {model.model} around image {image}", "loss-surface", about),
        Link(f"PGD from {RESTARTS} random starts on image {image}", "pgd-restarts", restarts),
        Link(f"Does {model.model} mask its gradient?", "masking", about),
    ]
    if attack is not None:
        label = f"Image {image} in the attack explorer"
        links.insert(0, Link(label, "attack-explorer", about | {"attack": attack}))
    return links


def _attack(model: ModelEvaluation, image: int) -> AttackSpec | None:
    """Return the attack that broke an image; of one that nothing broke, the last attack that ran on it."""
    if model.broken_by[image] >= 0:
        return model.stages[int(model.broken_by[image])].attack
    ran = [stage.attack for stage in model.stages if stage.attacked[image]]
    return ran[-1] if ran else None


def _why(model: ModelEvaluation, image: int) -> str:
    if model.broken_by[image] == UNBROKEN:
        return f"{image}, withstands, margin {model.margin[image]:.3g}"
    return f"{image}, broken: {model.stages[int(model.broken_by[image])].name}"


def _picture(result: EvaluationResult, source: str, title: str, prediction: float, fooled: bool) -> Picture:
    number = int(np.nan_to_num(prediction, nan=-1))
    words = f"classified as {class_in_words(number, result.class_names)}"
    return {"source": source, "title": title, "words": words, "fooled": fooled}
