"""Images that transferred: what the source and the target read in each."""

import numpy as np

from lab.counts import counted
from lab.results import Example, TransferResult
from lab.results.prediction import class_in_words
from lab.specs.attacks import attack_titles
from lab.specs.threat import threat
from widgets.figures.mosaic import picture, png
from widgets.figures.transfer.matrix import Cell
from widgets.parts.gallery import Card, Picture

MOST = 6


def examples(result: TransferResult, cell: Cell) -> list[Example]:
    """Up to six images that the chosen source classifies correctly, whose examples fool it and the target."""
    cell = cell.within(result)
    shown = cell.shown(result)
    if shown is None or len(shown.examples) <= cell.source:
        return []
    return [each for each in shown.examples[cell.source] if _fooled(result, each, cell)][:MOST]


def example_cards(result: TransferResult, cell: Cell) -> list[Card]:
    """A card for each example: the clean and the adversarial image, and what is read in the latter."""
    cell = cell.within(result)
    return [_card(result, cell, each) for each in examples(result, cell)]


def example_note(result: TransferResult, cell: Cell) -> str:
    """Word whose images they are, or why there are none."""
    cell = cell.within(result)
    source, target = result.models[cell.source], result.models[cell.target]
    shown = cell.shown(result)
    if shown is None or len(shown.rank) <= cell.source:
        return "Not computed yet"
    made = f"{attack_titles(result.spec.attacks)[cell.attack]} on {source}, {threat(result.spec.ball)}"
    fooled = f"fool {source}" if source == target else f"fool {source} and also {target}"
    if not examples(result, cell):
        return f"{made}: none of the {counted(len(result.y), 'image')} {fooled}"
    return f"{made}: images that {fooled}; {source} classifies them correctly when they are clean"


def example_tip(result: TransferResult, cell: Cell) -> dict[str, object] | None:
    """The first example, to stand beside the pointer; None without any."""
    cell = cell.within(result)
    for each in examples(result, cell)[:1]:
        said = ", ".join(_predictions(result, cell, each))
        words = f"image {each.image}, label {result.class_names[result.y[each.image]]}: {said}"
        return {"pictures": [png(picture(pixels / 255)) for pixels in (each.x, each.x_adv)], "words": words}
    return None


def _fooled(result: TransferResult, example: Example, cell: Cell) -> bool:
    label = result.y[example.image]
    return bool(example.prediction[cell.source] != label and example.prediction[cell.target] != label)


def _card(result: TransferResult, cell: Cell, example: Example) -> Card:
    label = result.class_names[result.y[example.image]]
    shown: list[Picture] = [_picture(example.x, "clean"), _picture(example.x_adv, "adversarial")]
    title = f"Image {example.image}, label {label}"
    opens = "Open it in the attack explorer"
    return {"title": title, "opens": opens, "pictures": shown, "facts": _predictions(result, cell, example)}


def _predictions(result: TransferResult, cell: Cell, example: Example) -> list[str]:
    models = dict.fromkeys((cell.source, cell.target))
    return [f"{result.models[i]} predicts {class_in_words(example.prediction[i], result.class_names)}" for i in models]


def _picture(image: np.ndarray, title: str) -> Picture:
    return {"source": png(picture(image / 255)), "title": title}
