"""Finished runs that differ in one setting only: size, or the weight of the pivot loss. Read from their cards."""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import takewhile

from lab.catalogue import ModelCard
from lab.specs import Pivot, to_dict
from widgets.figures.curves.sweep import MOST_SWEEPS, Sweep, SweepPoint

Split = Callable[[dict[str, object]], list[tuple[float, dict[str, object]]]]
"""A recipe without a setting, and the setting's value, once for each sweep it belongs to; [] without that setting."""

_SIZES = ("width", "scale")
"""What architectures call their size; ``scale`` is the ρ of Kurakin et al. 2017, §4.3."""


@dataclass(frozen=True)
class Sweeps:
    """Finished runs on some data that differ in their size only, and those that do in the weight of the pivot loss."""

    data: str = "digits"
    widths: tuple[Sweep, ...] = ()
    pivots: tuple[Sweep, ...] = ()

    @classmethod
    def of(cls, cards: Sequence[ModelCard], data: str) -> "Sweeps":
        """Those among the cards of all models."""
        return cls(data, widths(cards, data), pivot_weights(cards, data))

    def shown(self) -> dict[str, tuple[Sweep, ...]]:
        """Return the runs of each figure over a setting, by the figure's name."""
        return {"pivots": self.pivots, "widths": self.widths, "ratios": self.widths}


def widths(cards: Sequence[ModelCard], data: str) -> tuple[Sweep, ...]:
    """Networks of one recipe and several sizes. Kurakin et al. 2017, Figure 1; Madry et al. 2017, Figure 3."""
    return _largest(cards, data, _by_width)


def pivot_weights(cards: Sequence[ModelCard], data: str) -> tuple[Sweep, ...]:
    """Networks of one recipe and several weights λ₂ of the pivot loss, 0 without it. Na et al. 2018, Figure 5."""
    known = [_similarity(card.recipe) for card in cards if card.recipe]
    forms = {json.dumps(form, sort_keys=True): form for weight, form in filter(None, known) if weight is not None}
    return _largest(cards, data, partial(_by_pivot, list(forms.values())))


def _largest(cards: Sequence[ModelCard], data: str, split: Split) -> tuple[Sweep, ...]:
    """Of the groups of networks on these data that differ in this setting only, the largest; none of one value."""
    groups: dict[str, list[SweepPoint]] = defaultdict(list)
    for card in cards:
        for value, rest in split(card.recipe) if card.recipe and card.data == data else ():
            key = json.dumps({name: each for name, each in rest.items() if name != "seed"}, sort_keys=True)
            groups[key].append(SweepPoint(card.name, value, card.measured))
    several = [runs for runs in groups.values() if len({each.value for each in runs}) > 1]
    largest = sorted(several, key=len, reverse=True)[:MOST_SWEEPS]
    return tuple(Sweep(_name(runs), tuple(sorted(runs, key=lambda each: each.value))) for runs in largest)


def _name(runs: Sequence[SweepPoint]) -> str:
    """Return the common prefix of the runs' names; where they have none, all of them."""
    names = [each.name for each in runs]
    shared = "".join(letters[0] for letters in takewhile(lambda each: len(set(each)) == 1, zip(*names, strict=False)))
    return re.sub(rf"[-_.]*({'|'.join((*_SIZES, 'weight'))})?[-_.]*$", "", shared) or ", ".join(names)


def _by_width(recipe: dict[str, object]) -> list[tuple[float, dict[str, object]]]:
    architecture = recipe.get("architecture")
    if not isinstance(architecture, dict):
        return []
    size = next((name for name in _SIZES if isinstance(architecture.get(name), int | float)), None)
    if size is None:
        return []
    rest = {name: each for name, each in architecture.items() if name != size}
    return [(float(architecture[size]), recipe | {"architecture": rest})]


def _by_pivot(forms: Sequence[dict[str, object]], recipe: dict[str, object]) -> list[tuple[float, dict[str, object]]]:
    """A run with the pivot loss by its weight; one without it has weight 0 beside every form that others have."""
    found = _similarity(recipe)
    if found is None:
        return []
    weight, form = found
    return [(weight or 0.0, recipe | {"similarity": each}) for each in ([form] if weight is not None else forms)]


def _similarity(recipe: dict[str, object]) -> tuple[float | None, dict[str, object]] | None:
    """The weight and the other settings of a recipe's pivot loss; the weight None without the loss."""
    similarity = recipe.get("similarity")
    if not isinstance(similarity, dict) or similarity.get("spec") not in ("Pivot", "NoSimilarity"):
        return None
    if similarity["spec"] == "NoSimilarity":
        return None, {}
    weight = similarity.get("weight", Pivot().weight)
    if not isinstance(weight, int | float):
        return None
    return float(weight), to_dict(Pivot()) | similarity | {"weight": None}
