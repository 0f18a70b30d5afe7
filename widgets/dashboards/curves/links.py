"""From a point of the page Robustness curves to the page that explains it."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from lab.catalogue import ModelCard
from lab.errors import LabError
from lab.results import CurvesResult
from lab.specs import PGD, DataSpec, SmallCNN, fgsm_training, pivot_training
from lab.specs.attacks import attack_titles
from lab.specs.spec import from_dict
from widgets.dashboards.curves.sweeps import Sweeps
from widgets.figures.curves.robustness import Point, point_at
from widgets.parts.links import Link

RESTARTS = 100
"""Random starts of a PGD whose restarts are looked at."""


@dataclass(frozen=True)
class Fate:
    """An image that tells why the accuracy at a point is what it is: its position, and what becomes of it there."""

    image: int
    words: str


def fate(right: np.ndarray, level: int) -> Fate | None:
    """Of (L + 1, n) verdicts the first image that is broken at this level; else one broken before, or that withstands.

    None where there are no images.
    """
    now, before, clean = right[level], right[max(level - 1, 0)], right[0]
    cases = (
        (before & ~now, "is broken at this ε"),
        (clean & ~now, "is broken at a smaller ε"),
        (~now, "is misclassified without an attack"),
        (now, "withstands this ε"),
    )
    return next((Fate(int(found.argmax()), words) for found, words in cases if found.any()), None)


def point_links(result: CurvesResult, point: Point) -> list[Link]:
    """Return the links of a point: one of its images under the attack, restarts, surface, masking and evaluation."""
    right = point.right(result)
    found = fate(right, point.level) if right is not None else None
    if found is None:
        return []
    spec, attack = result.spec, result.spec.attacks[point.attack]
    name, model = result.models[point.model].model, spec.models[point.model]
    ball = spec.ball.replace(eps=spec.eps[max(point.level, 1)])  # nothing can be looked at in a ball of radius 0
    about = {"data": spec.data, "models": (model,), "image": found.image, "ball": ball, "seed": spec.seed}
    kind = attack_titles(spec.attacks)[point.attack]
    explorer = f"Look at image {found.image}, which {found.words}: {kind} on {name}"
    links = [Link(explorer, "attack-explorer", about | {"attack": attack})]
    if isinstance(attack, PGD):
        restarted = about | {"attack": attack.replace(restarts=RESTARTS)}
        links.append(Link(f"Restart {kind} on it from {RESTARTS} random starts", "pgd-restarts", restarted))
    links.append(Link(f"See the loss surface of {name} around it", "loss-surface", about))
    links.append(masking_link(result, point.model))
    links.append(evaluation_link(result, point))
    return links


def masking_link(result: CurvesResult, place: int) -> Link:
    """From a model's robustness to the signs that it only looks so."""
    spec = result.spec
    about = {"data": spec.data, "models": (spec.models[place],), "ball": spec.ball}
    return Link(f"Find out whether {result.models[place].model} masks its gradient", "masking", about)


def evaluation_link(result: CurvesResult, point: Point) -> Link:
    """From a model's accuracy under one attack to its worst case over attacks that need no tuning."""
    spec = result.spec
    ball = spec.ball.replace(eps=spec.eps[max(point.level, 1)])
    about = {"data": spec.data, "models": (spec.models[point.model],), "ball": ball}
    return Link(f"Evaluate {result.models[point.model].model} under the strongest attacks", "evaluation", about)


def distance_link(result: CurvesResult, place: int, image: int | None = None) -> Link | None:
    """From a nearest adversarial image to the attack that found it; by default the image of the median distance."""
    spec, model = result.spec, result.models[place]
    if not np.isfinite(model.distance).any():
        return None
    order = np.argsort(model.distance)[: np.isfinite(model.distance).sum()]
    image = int(order[len(order) // 2]) if image is None else image
    about = {"data": spec.data, "models": (spec.models[place],), "image": image, "ball": spec.ball}
    label = f"Nearest adversarial example of image {image} on {model.model}"
    return Link(label, "attack-explorer", about | {"attack": spec.search, "seed": spec.seed})


def training_links(cards: Sequence[ModelCard]) -> dict[str, Link]:
    """From each network whose recipe is known, by its name, to how it was trained."""
    links = {}
    for card in cards:
        with suppress(LabError):  # a recipe that cannot be read leads nowhere
            settings = {"name": card.name, "recipe": from_dict(card.recipe or {})}
            links[card.name] = Link(f"See the training of {card.name}", "training-studio", settings)
    return links


def varying_links(sweeps: Sweeps, data: DataSpec) -> list[Link]:
    """Into the studio, where the models are trained that the figures over a setting still lack."""
    links: list[Link] = []
    if not sweeps.widths:
        recipe = fgsm_training(data=data, architecture=SmallCNN(width=8))
        settings = {"name": "width-8", "recipe": recipe}
        links.append(Link("Train another width", "training-studio", settings))
    if not sweeps.pivots:
        recipe = pivot_training(data=data)
        recipe = recipe.replace(similarity=recipe.similarity.replace(weight=0.01))
        settings = {"name": "pivot-weight-0.01", "recipe": recipe}
        links.append(Link("Train another weight of the pivot loss", "training-studio", settings))
    return links


def clicked_point(event: object, result: CurvesResult | None) -> Point | None:
    """The point of a curve that an event means; None for nothing, or nothing that a browser of ours would send."""
    trace, level = _place(event)
    if result is None or trace is None or level is None or not 0 <= level <= result.spec.levels:
        return None
    point = point_at(trace, level)
    known = 0 <= point.model < len(result.models)
    return point if known and point.right(result) is not None else None


def clicked_link(name: str, event: object, result: CurvesResult | None) -> Link | None:
    """Return the link of an event in the trade-off or the distances; None where it leads nowhere."""
    model, _ = _place(event)
    if result is None or model is None or not model < len(result.models):
        return None
    if name == "trade-off":
        return masking_link(result, model)
    image = event.get("customdata") if isinstance(event, dict) else None
    searched = len(result.models[model].distance)
    return distance_link(result, model, image) if type(image) is int and 0 <= image < searched else None


def _place(event: object) -> tuple[int | None, int | None]:
    """Trace and point of an event, as far as they are whole numbers."""
    values = [event.get(name) if isinstance(event, dict) else None for name in ("trace", "point")]
    trace, point = (each if type(each) is int and each >= 0 else None for each in values)
    return trace, point
