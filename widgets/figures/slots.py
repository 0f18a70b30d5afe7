"""As many traces whatever there is to draw: what is missing up to the most of a figure is an empty slot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Generic, Protocol, TypeVar

from widgets.theme import INK, model_colour


class Named(Protocol):
    """What belongs to a model, whose name it holds."""

    @property
    def model(self) -> str:
        """The model's name."""


T = TypeVar("T")
M = TypeVar("M", bound=Named)


@dataclass(frozen=True, eq=False)
class Slot(Generic[M]):
    """The slot of a model: its name, safe to draw, its colour on every page, and what is drawn of it, if anything."""

    name: str = ""
    colour: str = INK
    shown: M | None = None


def padded(found: Sequence[T], most: int) -> list[T | None]:
    """The first ``most`` of what was found, and None for each that is missing."""
    return [*found[:most], *[None] * (most - len(found))]


def slots(found: Sequence[M | None], most: int) -> list[Slot[M]]:
    """A slot for each of the first ``most`` models, and an empty one for each that is missing."""
    return [
        Slot() if each is None else Slot(escape(each.model), model_colour(each.model), each)
        for each in padded(found, most)
    ]
