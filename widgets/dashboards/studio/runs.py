"""The list of runs: what each is, how far, how good, and what can be done with it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

import traitlets as t

from lab.catalogue import ModelCard, models
from lab.errors import LabError
from lab.pairing import usable
from lab.runs import RunCard
from lab.specs import FGSM, Recipe, Source, params
from lab.specs.attacks import attacks_in
from lab.specs.sentences import labelled
from lab.specs.spec import from_dict, title_of
from lab.specs.threat import threat
from widgets.plain import Plain
from widgets.theme import model_paint

ACTIONS = {
    "waiting": ["pause"],
    "running": ["pause"],
    "elsewhere": [],
    "paused": ["resume", "discard"],
    "failed": ["resume", "discard"],
    "finished": ["discard"],
}
"""What can be done with a run in each state; any can be cloned. Who trains elsewhere stops there."""

MEASURED = ("clean", "fgsm", "pgd", "evaluation")


class RunRow(TypedDict):
    """A run as the list shows it."""

    name: str
    colour: str
    shown: bool
    summary: str
    state: str
    fraction: float
    left: float | None
    accuracies: list[str]
    error: str
    actions: list[str]


class RunList(Plain):
    """The rows, and buttons that call ``on(action, name)``; a :class:`LabError` of that is said below the list.

    Whether the action is one, and whether this visitor may take it, is for ``on`` to judge.
    """

    _esm = Path(__file__).with_name("runs.js")
    _css = Path(__file__).with_name("page.css")

    rows = t.List[RunRow]().tag(sync=True)
    problems = t.List(t.Unicode()).tag(sync=True)
    message = t.Unicode().tag(sync=True)
    visitor = t.Any("").tag(sync=True, heard=True)
    """What this browser calls itself, the same each time it comes back; nobody else is told."""

    def __init__(self, on: Callable[[str, str], None]) -> None:
        super().__init__()
        for name in ("lab-figure", "lab-full", "lab-runs"):
            self.add_class(name)
        self._on = on
        self.on_msg(self._pressed)

    def show(self, rows: list[RunRow], problems: list[str]) -> None:
        """Show these rows; nothing is sent when they are the present ones."""
        with self.hold_sync():
            self.rows = rows
            self.problems = problems

    def _pressed(self, _: object, content: object, __: object) -> None:
        action, name = (content.get(each) for each in ("action", "name")) if isinstance(content, dict) else (None, None)
        if not isinstance(action, str) or not isinstance(name, str):
            return
        try:
            self._on(action, name)
            self.message = ""
        except LabError as error:
            self.message = labelled(error)


def actions(card: RunCard, steered: bool) -> list[str]:
    """Return what a visitor may do with a run now, who pauses, resumes and discards it only if it is ``steered``."""
    return [each for each in ACTIONS[card.state] if steered and (each != "discard" or card.ours)]


def run_row(card: RunCard, shown: bool, steered: bool, error: str = "") -> RunRow:
    """The row of a run, which this visitor may pause, resume and discard if it is ``steered``."""
    return RunRow(
        name=card.name,
        colour=model_paint(card.name),
        shown=shown,
        summary=summary(card.recipe),
        state=card.state,
        fraction=round(card.fraction, 3),
        left=_rounded(card.seconds_left),
        accuracies=accuracies(card.measured),
        error=error or card.error,
        actions=actions(card, steered),
    )


@dataclass(frozen=True)
class Shipped:
    """A network that comes with the lab: how it was trained, how good it is, and the file of its curves, if any.

    ``seconds`` its training took on another machine; 0 where its card does not say.
    """

    name: str
    recipe: Recipe
    measured: dict[str, float]
    metrics: Path
    seconds: float = 0.0


def shipped() -> list[Shipped]:
    """The networks of the zoo whose recipe is known, and whose data are here."""
    found = [(card, _recipe(card)) for card in usable(models()) if card.origin == "zoo" and card.weights is not None]
    return [
        Shipped(card.name, recipe, card.measured, card.weights.with_name(f"{card.name}.metrics.jsonl"), card.seconds)
        for card, recipe in found
        if recipe is not None and card.weights is not None
    ]


def shipped_row(network: Shipped, shown: bool) -> RunRow:
    """The row of a network that comes with the lab."""
    return RunRow(
        name=network.name,
        colour=model_paint(network.name),
        shown=shown,
        summary=summary(network.recipe),
        state="shipped",
        fraction=1.0,
        left=None,
        accuracies=accuracies(network.measured),
        error="",
        actions=[],
    )


def accuracies(measured: dict[str, float]) -> list[str]:
    """Clean, FGSM, PGD and robust accuracy in percent; empty where there is none."""
    return [f"{100 * measured[name]:.0f}%" if name in measured else "" for name in MEASURED]


def summary(recipe: Recipe) -> str:
    """A recipe in a line: the attack it trains on, against what, which network, how long."""
    length = f"{recipe.epochs} epoch" + "s" * (recipe.epochs != 1)
    parts = [_method(recipe), _against(recipe), title_of(recipe.architecture), length]
    return " · ".join(filter(None, parts))


def _method(recipe: Recipe) -> str:
    source = next((value for name in params(recipe) if isinstance(value := getattr(recipe, name), Source)), None)
    if source is None:
        return title_of(recipe)
    attack = attacks_in(source)[0]
    labels = f"({attack.labels} labels)" if isinstance(attack, FGSM) else ""
    return " ".join(filter(None, (source.short, title_of(attack), labels)))


def _against(recipe: Recipe) -> str:
    ball = recipe.trained_against
    return threat(ball) if ball else ""


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds)


def _recipe(card: ModelCard) -> Recipe | None:
    try:
        recipe = from_dict(card.recipe or {})
    except LabError:  # of an older lab
        return None
    return recipe if isinstance(recipe, Recipe) else None
