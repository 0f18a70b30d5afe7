"""Finished runs that differ in one setting only: size, or the weight of the pivot loss. Read from their cards."""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from lab.catalogue import ModelCard
from lab.specs import Pivot
from widgets.figures.curves.sweep import MOST_SWEEPS, Run, Sweep

Split = Callable[[dict[str, Any]], tuple[float, dict[str, Any]] | None]
"""A recipe without a setting, and the setting's value; None for a recipe that has no such setting."""

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


def widths(cards: Sequence[ModelCard], data: str) -> tuple[Sweep, ...]:
    """Networks of one recipe and several sizes. Kurakin et al. 2017, Figure 1; Madry et al. 2017, Figure 3."""
    return _largest(cards, data, _by_width)


def pivot_weights(cards: Sequence[ModelCard], data: str) -> tuple[Sweep, ...]:
    """Networks of one recipe and several weights λ₂ of the pivot loss, 0 without it. Na et al. 2018, Figure 5."""
    return _largest(cards, data, _by_pivot)


def _largest(cards: Sequence[ModelCard], data: str, split: Split) -> tuple[Sweep, ...]:
    """Of the groups of networks on these data that differ in this setting only, the largest; none of one value."""
    groups: dict[str, list[Run]] = defaultdict(list)
    for card in cards:
        found = split(card.recipe) if card.recipe and card.data == data else None
        if found is not None:
            value, rest = found
            key = json.dumps({name: each for name, each in rest.items() if name != "seed"}, sort_keys=True)
            groups[key].append(Run(card.name, value, card.measured))
    several = [runs for runs in groups.values() if len({each.value for each in runs}) > 1]
    largest = sorted(several, key=len, reverse=True)[:MOST_SWEEPS]
    return tuple(Sweep(_name(runs), tuple(sorted(runs, key=lambda each: each.value))) for runs in largest)


def _name(runs: Sequence[Run]) -> str:
    """Return the common prefix of the runs' names; where they have none, all of them."""
    names = [each.name for each in runs]
    shared = "".join(letters[0] for letters in takewhile(lambda each: len(set(each)) == 1, zip(*names, strict=False)))
    return re.sub(rf"[-_.]*({'|'.join((*_SIZES, 'weight'))})?[-_.]*$", "", shared) or ", ".join(names)


def _by_width(recipe: dict[str, Any]) -> tuple[float, dict[str, Any]] | None:
    architecture = recipe.get("architecture")
    if not isinstance(architecture, dict):
        return None
    size = next((name for name in _SIZES if isinstance(architecture.get(name), int | float)), None)
    if size is None:
        return None
    rest = {name: each for name, each in architecture.items() if name != size}
    return float(architecture[size]), recipe | {"architecture": rest}


def _by_pivot(recipe: dict[str, Any]) -> tuple[float, dict[str, Any]] | None:
    similarity = recipe.get("similarity")
    if not isinstance(similarity, dict) or similarity.get("spec") not in ("Pivot", "NoSimilarity"):
        return None
    weight = similarity.get("weight", 0.0)
    if not isinstance(weight, int | float):
        return None
    usual = Pivot()  # what a run without the loss is compared with
    distance = {name: similarity.get(name, getattr(usual, name)) for name in ("norm", "layer")}
    return float(weight), recipe | {"similarity": distance}
