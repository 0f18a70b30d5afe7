"""The Attack explorer's pictures and what is said about them."""

from collections.abc import Callable
from itertools import groupby

import numpy as np

from lab import datafiles
from lab.counts import percent
from lab.results import ExploreResult, Health, ModelExplored, Tried
from lab.results.prediction import NO_CLASS, class_in_words, predictions
from lab.results.thumbnails import sparse
from lab.specs import AttackSpec, Ball, Drawn, Explore, crossing, longer_than_all
from lab.specs.pace import pace_in_words
from lab.specs.spec import title_of
from lab.specs.threat import length, threat
from widgets.figures.explore.attack import softmax
from widgets.figures.mosaic import difference, in_words, picture, png, times
from widgets.parts.gallery import LARGEST_SIDE, Badge, Card, Picture
from widgets.theme import model_paint


def model_cards(result: ExploreResult) -> list[Card]:
    """A card for each model: clean, adversarial and difference, what it reads, how far the change goes."""
    return [_model_card(result, each, scale(result)) for each in result.models]


def model_note(result: ExploreResult) -> str:
    """Word the image, the attack, and how large a change has the strongest colour."""
    spec = result.spec
    factor = f" · logits × {spec.logit_scale:,.6g}" if spec.logit_scale != 1 else ""
    limit = scale(result)
    grey = len(result.x) == 1  # in colour the factor is part of the words
    magnified = f", magnified × {times(1 / limit)}" if limit and grey else ""
    attack = ", ".join(filter(None, (title_of(spec.attack), pace_in_words(spec.attack, spec.ball))))
    return (
        f"{_image(spec)}, label {result.class_names[result.y]} · {attack}, "
        f"{threat(spec.ball)}{factor} · {in_words(limit, len(result.x))}{magnified}"
    )


def _image(spec: Explore) -> str:
    drawn = isinstance(spec.data, Drawn) and spec.image == datafiles.drawing_at(spec.data)
    return "your drawing" if drawn else f"image {spec.image}"


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
    """Word how the attacks are set, and how many are still to come."""
    models = len(result.spec.models)
    still = len(result.spec.compared) - len(result.tried) // models
    coming = f" · {still} still to come" if still else ""
    order = f" · pictures from left to right: {', '.join(each.model for each in result.models)}" if models > 1 else ""
    return (
        "usual settings, long attacks shortened; the chosen attack, underlined, as it is set"
        f"{order} · → fooled, ✓ withstands{coming}"
    )


def _model_card(result: ExploreResult, model: ModelExplored, limit: float) -> Card:
    misclassified, fooled = (int(predictions(each)) != result.y for each in (model.clean, model.adversarial))
    clean = _picture(result.x, "clean", _predicted(result, model.clean), fooled=misclassified)
    card: Card = {"title": model.model, "colour": model_paint(model.model), "pictures": [clean]}
    if model.error:
        return card | {"error": model.error} | mending(result.spec.attack, result.spec.ball)
    title = "adversarial" if fooled and not misclassified else "attacked"  # the former had to succeed
    card["pictures"] += [
        _picture(model.x_adv, title, _predicted(result, model.adversarial), fooled=fooled),
        {"source": png(difference(sparse(model.x_adv - result.x, LARGEST_SIDE), limit)), "title": "difference"},
    ]
    linf, l2, l0 = result.distances(model)
    size = result.x[0].size
    loss, margin = map(_change, result.before(model), (model.loss[-1], model.margin[-1]))
    facts = [
        f"L∞ {length(linf, result.spec.ball)} · L2 {l2:.2f} · L0 {l0:,} of {size:,} pixels",
        f"loss {loss} nats · margin {margin}",
        *(["misclassified before any attack"] if misclassified else []),
    ]
    return card | {"facts": facts, "badges": badges(model.health, _about_steps(result.spec))}


def _about_steps(spec: Explore) -> str:
    """A sentence when the attack's steps are too short for its ball, or too long for any image."""
    return crossing(spec.attack, spec.ball) or longer_than_all(spec.attack, spec.ball)


def badges(health: Health | None, steps: str = "") -> list[Badge]:
    """Word whether the outcome can be trusted, for this image; ``steps`` says what is wrong with the steps."""
    if health is None:
        return []
    warnings = [*([steps] if steps else []), *(each.sentence(alone=True) for each in health.findings)]
    if not warnings:
        return [
            {"words": "Health: no warnings. The gradient is not zero and the softmax is not saturated.", "good": True}
        ]
    return [{"words": each, "good": False} for each in warnings]


def _attack_card(result: ExploreResult, attack: AttackSpec, tried: list[Tried]) -> Card:
    shown: list[Picture] = [
        {
            "source": png(picture(each.picture / 255)),
            "title": "",
            "words": f"{'→' if _fooled(result, each) else '✓'} "
            f"{_short(class_in_words(each.prediction, result.class_names))}",
            "fooled": _fooled(result, each),
        }
        for each in tried
        if not each.error
    ]
    card: Card = {"title": title_of(attack), "chosen": attack == result.spec.attack, "pictures": shown}
    wrong = [each.error for each in tried if each.error]
    if wrong:
        return card | {"error": wrong[0]} | mending(attack, result.spec.ball)
    linf = _span([each.linf for each in tried], lambda value: length(value, result.spec.ball))
    return card | {"facts": [f"L∞ {linf}", f"L2 {_span([each.l2 for each in tried], lambda value: f'{value:.2g}')}"]}


def mending(attack: AttackSpec, ball: Ball) -> Card:
    """The button for the threat model that an attack needs, where this ball is none of its own."""
    needed = needs(attack, ball)
    return Card(fixes=f"{title_of(attack)} in {title_of(needed)}") if needed is not None else Card()  # type: ignore[typeddict-item]


def needs(attack: AttackSpec, ball: Ball) -> Ball | None:
    """The first threat model that an attack finds images in, if it finds none in this ball."""
    return None if isinstance(ball, attack.balls) else attack.balls[0]()


def _picture(image: np.ndarray, title: str, said: str, fooled: bool) -> Picture:
    return {"source": png(picture(sparse(image, LARGEST_SIDE))), "title": title, "words": said, "fooled": fooled}


def _predicted(result: ExploreResult, logits: np.ndarray) -> str:
    top = int(predictions(logits))
    if top == NO_CLASS:
        return class_in_words(top, result.class_names)
    return f"predicted {_short(result.class_names[top], 32)}\n({percent(softmax(logits)[top], 1)})"


def _change(before: float, after: float) -> str:
    return f"{_number(before)} → {_number(after)}"


def _number(value: float) -> str:
    size = f"{abs(value):.2f}" if abs(value) < 100 else f"{abs(value):,.0f}"
    return f"−{size}" if value < 0 and float(size.replace(",", "")) > 0 else size


def _fooled(result: ExploreResult, tried: Tried) -> bool:
    return tried.prediction != result.y


def _span(values: list[float], in_words: Callable[[float], str]) -> str:
    low, high = in_words(min(values)), in_words(max(values))
    return low if low == high else f"{low}–{high}"


def _short(name: str, most: int = 14) -> str:
    return name if len(name) <= most else name[: most - 1] + "…"
