"""Finding test images by their label, or by what models make of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from lab.results import ScreeningResult
from lab.specs.balls import Ball
from lab.specs.threat import threat
from widgets.controls import Option

ALL = "all"
AS_STORED = "stored"
ORDERS = (
    Option(value=AS_STORED, label="as they are stored"),
    Option(value="least", label="least margin first"),
    Option(value="largest", label="largest margin first"),
)
_FEW = 20  # classes, up to which the predictions of every model are offered, too


@dataclass(frozen=True)
class Search:
    """Which images are looked for, as the names of :func:`criteria` and ``ORDERS`` say."""

    criterion: str = ALL
    order: str = AS_STORED

    @property
    def asks_models(self) -> bool:
        """Whether what models make of the images decides; otherwise all images are shown as they are."""
        return self != Search()

    def positions(self, result: ScreeningResult) -> np.ndarray:
        """The images that are so, in the order that is asked for; by the margin of the first model, or of the named.

        Raises :class:`IndexError` for a model that is not there yet.
        """
        kind, *numbers = self.criterion.split(" ")
        model = result.models[int(numbers[0]) if kind in _OF_MODEL else 0]
        fits: dict[str, Callable[[], np.ndarray]] = {
            ALL: lambda: np.ones(len(result.y), bool),
            "label": lambda: result.y == int(numbers[0]),
            "predicted": lambda: model.clean == int(numbers[1]),
            "misclassified": lambda: result.misclassified(model),
            "fooled": lambda: result.fooled(model),
            "survives": lambda: result.survives(model),
        }
        found = np.flatnonzero(fits[kind]())
        if self.order == AS_STORED:
            return found
        by_margin = np.argsort(model.margin[found], kind="stable")
        return found[by_margin if self.order == "least" else by_margin[::-1]]


_OF_MODEL = ("misclassified", "fooled", "survives", "predicted")


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
