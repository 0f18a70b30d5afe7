"""Which finished runs differ in one setting only: width, or the weight of the pivot loss. Read off their cards."""

import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from lab.catalogue import ModelCard
from widgets.figures.curves_sweep import Run

Split = Callable[[dict[str, Any]], tuple[float, dict[str, Any]] | None]
"""A recipe without a setting, and the setting's value; None for a recipe that has no such setting."""


def widths(cards: Sequence[ModelCard], data: str) -> list[Run]:
    """Networks of one recipe and several widths. Kurakin et al. 2017, Figure 1; Madry et al. 2017, Figure 3."""
    return _largest(cards, data, _by_width)


def pivot_weights(cards: Sequence[ModelCard], data: str) -> list[Run]:
    """Networks of one recipe and several weights λ₂ of the pivot loss, 0 without it. Na et al. 2018, Figure 5."""
    return _largest(cards, data, _by_pivot)


def _largest(cards: Sequence[ModelCard], data: str, split: Split) -> list[Run]:
    """Of the groups of networks on these data that differ in this setting only, the largest; none of one value."""
    groups: dict[str, list[Run]] = defaultdict(list)
    for card in cards:
        found = split(card.recipe) if card.recipe and card.data == data else None
        if found is not None:
            value, rest = found
            key = json.dumps({name: each for name, each in rest.items() if name != "seed"}, sort_keys=True)
            groups[key].append(Run(card.name, value, card.measured))
    several: list[list[Run]] = [runs for runs in groups.values() if len({each.value for each in runs}) > 1]
    largest: list[Run] = max(several, key=len) if several else []
    return sorted(largest, key=lambda each: each.value)


def _by_width(recipe: dict[str, Any]) -> tuple[float, dict[str, Any]] | None:
    architecture = recipe.get("architecture")
    if not isinstance(architecture, dict) or not isinstance(architecture.get("width"), int | float):
        return None
    rest = {name: each for name, each in architecture.items() if name != "width"}
    return float(architecture["width"]), recipe | {"architecture": rest}


def _by_pivot(recipe: dict[str, Any]) -> tuple[float, dict[str, Any]] | None:
    similarity = recipe.get("similarity")
    kind = similarity.get("spec") if isinstance(similarity, dict) else None
    if kind not in ("Pivot", "NoSimilarity"):
        return None
    rest = {name: each for name, each in recipe.items() if name != "similarity"}
    return float(similarity.get("weight", 0.0)), rest  # type: ignore[union-attr]
