"""The pictures of the page Embeddings: the followed images at the shown eps, and the image one points at."""

from dataclasses import dataclass

from lab.results import EmbeddingsResult
from lab.results.prediction import class_in_words, predictions
from lab.specs.threat import radius
from widgets.figures.embedding.plane import TRACES
from widgets.figures.mosaic import picture, png
from widgets.parts.gallery import Card, Picture


@dataclass(frozen=True)
class PanelImage:
    """An image of a panel: the model's position in the result, and the image's place among the clean ones."""

    model: int
    image: int


def pointed(event: object, result: EmbeddingsResult | None) -> PanelImage | None:
    """Return the image of a hover or click; None for no image, or nothing that a browser of ours would send."""
    if result is None or not isinstance(event, dict) or type(event.get("trace")) is not int:
        return None
    model, image = event["trace"] // TRACES, event.get("customdata")
    if type(image) is not int or not 0 <= image < len(result.positions) or not 0 <= model < len(result.models):
        return None
    return PanelImage(model, image)


def tip(result: EmbeddingsResult, where: PanelImage, level: int) -> dict[str, object]:
    """The picture beside the pointer: the clean image and, of a followed one, what it is at this level of eps."""
    model = result.models[where.model]
    label = result.class_names[result.y[where.image]]
    pictures = [png(picture(result.x[where.image] / 255))]
    words = f"image {result.positions[where.image]}, label {label}"
    places = result.followed.tolist()
    if where.image in places:
        followed, level = places.index(where.image), model.reached(level)
        pictures.append(png(picture(model.pictures[level, followed] / 255)))
        read = class_in_words(int(predictions(model.way_logits[level, followed])), result.class_names)
        return {
            "pictures": pictures,
            "words": f"{words}; at ε {radius(result.spec.eps[level])} {model.model} predicts {read}",
        }
    read = class_in_words(int(predictions(model.logits[where.image])), result.class_names)
    return {"pictures": pictures, "words": f"{words}; {model.model} predicts {read}"}


def followed_cards(result: EmbeddingsResult, level: int) -> list[Card]:
    """A card for each followed image: what each model sees at this level of eps, and what it reads."""
    cards: list[Card] = []
    for i, place in enumerate(result.followed):
        label = int(result.y[place])
        shown: list[Picture] = []
        for model in result.models:
            now = model.reached(level)
            read = int(predictions(model.way_logits[now, i]))
            words = _short(class_in_words(read, result.class_names))
            shown.append(
                {
                    "source": png(picture(model.pictures[now, i] / 255)),
                    "title": "",
                    "words": words if read == label else f"→ {words}",
                    "fooled": read != label,
                }
            )
        cards.append(
            {"title": f"image {result.positions[place]}: {_short(result.class_names[label])}", "pictures": shown}
        )
    return cards


def followed_note(result: EmbeddingsResult, level: int) -> str:
    """Word the ε and the models of the pictures."""
    names = ", ".join(each.model for each in result.models)
    order = f" · pictures from left to right: {names}" if len(result.models) > 1 else f" · {names}"
    eps = result.spec.eps[min(each.reached(level) for each in result.models)]
    return f"at ε {radius(eps)}{order} · the words are the predictions"


def _short(name: str, most: int = 12) -> str:
    return name if len(name) <= most else name[: most - 1] + "…"
