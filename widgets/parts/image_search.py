"""Finding test images by their label, or by what models make of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from lab.counts import counted
from lab.results import ModelScreening, ScreeningResult
from lab.specs.balls import Ball
from lab.specs.screening import ATTACKED, DISTANCES, EXTENTS, LABELS, PREDICTIONS
from lab.specs.spec import title_of
from lab.specs.threat import threat
from widgets.controls import Option

ALL = "all"
AS_STORED = "stored"
_FEW = 20  # classes, up to which the predictions of every model are offered, too
_ORDERS: dict[str, tuple[str, Callable[[ModelScreening], np.ndarray]]] = {
    "least": (PREDICTIONS, lambda model: model.margin),
    "largest": (PREDICTIONS, lambda model: -model.margin),
    "nearest": (DISTANCES, lambda model: model.distance),
    "farthest": (DISTANCES, lambda model: -model.distance),
}
"""The extent that each order needs, and the numbers of which the smallest comes first."""
_DISTANCES = [name for name, (extent, _) in _ORDERS.items() if extent == DISTANCES]
_EXTENTS = {ALL: LABELS, "label": LABELS, "fooled": ATTACKED, "survives": ATTACKED}
_OF_MODEL = ("misclassified", "fooled", "survives", "predicted")


@dataclass(frozen=True)
class Search:
    """Which images are looked for, as the names of :func:`criteria` and :func:`orders` say."""

    criterion: str = ALL
    order: str = AS_STORED

    @property
    def is_for_all(self) -> bool:
        """Whether all images are shown as they are stored, for which nothing has to be known of them."""
        return self == Search()

    @property
    def extent(self) -> str:
        """How far images have to be examined for it."""
        ordered = _ORDERS[self.order][0] if self.order in _ORDERS else LABELS
        return max(_EXTENTS.get(self.criterion.split(" ")[0], PREDICTIONS), ordered, key=EXTENTS.index)

    def positions(self, result: ScreeningResult) -> np.ndarray:
        """The images that are so, in the order that is asked for, which is that of the first model, or of the named.

        Raises :class:`IndexError` for a model that is not there yet.
        """
        (kind, *numbers), number = self.criterion.split(" "), self._number
        if kind == ALL:
            fits = np.ones(len(result.y), bool)
        elif kind == "label":
            fits = result.y == int(numbers[0])
        elif kind == "predicted":
            fits = result.models[number].clean == int(numbers[1])
        else:
            fits = getattr(result, kind)(result.models[number])
        found = np.flatnonzero(fits)
        if self.order == AS_STORED:
            return found
        return found[np.argsort(_ORDERS[self.order][1](result.models[number])[found], kind="stable")]

    def said_of(self, found: int, result: ScreeningResult, available: int) -> str:
        """How many images are so, of how many, of which model, and by which attack, if one was needed."""
        spec, screened = result.spec, counted(len(result.y), "image")
        search = f"{title_of(spec.search)} with {counted(spec.search.steps, 'step')}"
        words = f"{found:,} of {screened if len(result.y) == available else f'the first {screened}'}"
        kind = self.criterion.split(" ")[0]
        if kind in _OF_MODEL:
            words += f" · {result.models[self._number].model}"
        if kind in ("fooled", "survives"):
            words += f", {threat(spec.ball)}, PGD with {counted(spec.attack.steps, 'step')}"
        if self.order in _DISTANCES:
            words += f" · nearest adversarial examples of {result.models[self._number].model} by {search}"
        elif self.order in _ORDERS and len(result.models) > 1 and kind not in _OF_MODEL:
            words += f" · margin of {result.models[0].model}"
        return words

    @property
    def _number(self) -> int:
        """The position of the model whose mistakes or predictions are looked for; else that of the first."""
        kind, *numbers = self.criterion.split(" ")
        return int(numbers[0]) if kind in _OF_MODEL else 0


def criteria(class_names: Sequence[str], models: Sequence[str], ball: Ball | None) -> list[Option]:
    """What can be looked for: a label, and of every model its mistakes, what PGD makes of it, and its predictions."""
    found = [Option(value=ALL, label="all images")]
    found += [Option(value=f"label {i}", label=name, group="Label") for i, name in enumerate(class_names)]
    for i, model in enumerate(models):
        found.append(Option(value=f"misclassified {i}", label="misclassified", group=model))
        if ball is not None:
            attacked = f"{model}, {threat(ball)}"
            found.append(Option(value=f"fooled {i}", label="fooled by PGD", group=attacked))
            found.append(Option(value=f"survives {i}", label="withstands PGD", group=attacked))
        if len(class_names) <= _FEW:
            found += [
                Option(value=f"predicted {i} {k}", label=f"predicted {name}", group=model)
                for k, name in enumerate(class_names)
            ]
    return found


def orders(models: Sequence[str], ball: Ball | None) -> list[Option]:
    """The orders that can be asked for: by what a model says, where there is one; by distance in a norm."""
    found = [Option(value=AS_STORED, label="as they are stored")]
    if models:
        found += [
            Option(value="least", label="least margin first"),
            Option(value="largest", label="largest margin first"),
        ]
    if models and ball is not None:
        found += [
            Option(value="nearest", label="least distance first"),
            Option(value="farthest", label="largest distance first"),
        ]
    return found
