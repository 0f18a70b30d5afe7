"""The Attack explorer's pictures and what is said about them."""

from itertools import groupby

import numpy as np

from lab.results import ExploreResult, Health, ModelExplored, Tried
from lab.specs import AttackSpec, crossing
from widgets.dashboards.gallery import Badge, Card, Picture
from widgets.figures.explore import softmax
from widgets.figures.mosaic import difference, in_words, picture, png
from widgets.theme import model_colour
from widgets.words import called, plainly

LARGEST_SIDE = 160
"""Larger images are shown with every k-th pixel only."""


def model_cards(result: ExploreResult) -> list[Card]:
    """A card for each model: clean, adversarial and difference, what it reads, how far the change goes."""
    return [_model_card(result, each, scale(result)) for each in result.models]


def model_note(result: ExploreResult) -> str:
    """Which image, which attack, how large a change has the strongest colour."""
    spec = result.spec
    factor = f" · logits × {spec.logit_scale:,.6g}" if spec.logit_scale != 1 else ""
    limit = scale(result)
    magnified = f", magnified × {1 / limit:.2g}" if limit else ""
    return (
        f"image {spec.image}, label {result.class_names[result.y]} · {called(spec.attack)}, "
        f"{called(spec.ball)} ε {spec.ball.eps:.3g}{factor} · {in_words(limit, len(result.x))}{magnified}"
    )


def scale(result: ExploreResult) -> float:
    """The change that gets the strongest colour: the largest one of any model."""
    return max((float(np.abs(each.x_adv - result.x).max()) for each in result.models), default=0.0)


def attack_cards(result: ExploreResult) -> list[Card]:
    """A card for each attack, with a picture for each model; the sentence of one that could not be run."""
    return [
        _attack_card(result, attack, list(tried)) for attack, tried in groupby(result.tried, lambda each: each.attack)
    ]


def waiting(cards: list[Card], before: list[Card], result: ExploreResult) -> list[Card]:
    """The cards of a partial result, and pale those that are still to come, as they were before."""
    if result.done == 1:
        return cards
    return cards + [each | {"pale": True} for each in before[len(cards) :]]


def attack_note(result: ExploreResult) -> str:
    """How the attacks are set, and how many are still to come."""
    models = len(result.spec.models)
    still = len(result.spec.compared) - len(result.tried) // models
    coming = f" · {still} still to come" if still else ""
    order = f" · pictures from left to right: {', '.join(each.model for each in result.models)}" if models > 1 else ""
    return f"usual settings, long attacks shortened; the chosen attack, underlined, as it is set{order}{coming}"


def _model_card(result: ExploreResult, model: ModelExplored, limit: float) -> Card:
    read, now = softmax(model.clean), softmax(model.adversarial)
    pictures: list[Picture] = [
        _picture(result.x, "clean", _reads(result, read), fooled=int(read.argmax()) != result.y),
        _picture(model.x_adv, "adversarial", _reads(result, now), fooled=int(now.argmax()) != result.y),
        {"source": png(difference(_thin(model.x_adv - result.x), limit)), "title": "difference"},
    ]
    card: Card = {"title": model.model, "colour": model_colour(model.model), "pictures": pictures}
    if model.error:
        return card | {"error": plainly(model.error)}
    linf, l2, l0 = result.distances(model)
    size = result.x[0].size
    facts = [
        f"L∞ {linf:.3f} · L2 {l2:.2f} · L0 {l0:,} of {size:,} pixels",
        f"loss {_change(model.loss)} nats · margin {_change(model.margin)}",
    ]
    return card | {"facts": facts, "badges": badges(model.health, crossing(result.spec.attack, result.spec.ball))}


def badges(health: Health | None, short: str = "") -> list[Badge]:
    """Whether the outcome can be trusted, in words about this image; ``short`` says that the steps are too short."""
    if health is None:
        return []
    warnings = [*([short] if short else []), *health.warnings]
    if not warnings:
        return [
            {"words": "Health: no complaint. The gradient is not zero and the softmax not saturated.", "good": True}
        ]
    return [{"words": _of_one_image(each), "good": False} for each in warnings]


def _of_one_image(words: str) -> str:
    for many in ("100% of the images", "100.0% of the images"):
        words = words.replace(many, "this image")
    return words.replace(", and the robust accuracy is lower than this", "")


def _attack_card(result: ExploreResult, attack: AttackSpec, tried: list[Tried]) -> Card:
    shown: list[Picture] = [
        {
            "source": png(picture(each.picture / 255)),
            "title": "",
            "words": f"→ {_short(result.class_names[each.prediction])}" if _fooled(result, each) else "holds",
            "fooled": _fooled(result, each),
        }
        for each in tried
        if not each.error
    ]
    card: Card = {"title": called(attack), "chosen": attack == result.spec.attack, "pictures": shown}
    wrong = [each.error for each in tried if each.error]
    if wrong:
        return card | {"error": plainly(wrong[0])}
    return card | {"facts": [f"L∞ {_span([each.linf for each in tried])}", f"L2 {_span([each.l2 for each in tried])}"]}


def _picture(image: np.ndarray, title: str, said: str, fooled: bool) -> Picture:
    return {"source": png(picture(_thin(image))), "title": title, "words": said, "fooled": fooled}


def _thin(image: np.ndarray) -> np.ndarray:
    step = -(-max(image.shape[1:]) // LARGEST_SIDE)
    return image[:, ::step, ::step]


def _reads(result: ExploreResult, probability: np.ndarray) -> str:
    top = int(probability.argmax())
    return f"reads {_short(result.class_names[top])} · {probability[top]:.1%}"


def _change(values: np.ndarray) -> str:
    """From the start of the attack to its end."""
    return f"{_number(values[0])} → {_number(values[-1])}"


def _number(value: float) -> str:
    size = f"{abs(value):.2f}" if abs(value) < 100 else f"{abs(value):,.0f}"
    return f"−{size}" if value < 0 and float(size.replace(",", "")) > 0 else size


def _fooled(result: ExploreResult, tried: Tried) -> bool:
    return tried.prediction != result.y


def _span(values: list[float]) -> str:
    low, high = min(values), max(values)
    return f"{low:.2g}" if f"{low:.2g}" == f"{high:.2g}" else f"{low:.2g}–{high:.2g}"


def _short(name: str, most: int = 14) -> str:
    return name if len(name) <= most else name[: most - 1] + "…"
