"""How long a training will take, by how long others of the same architecture took."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from math import log2

from lab import datafiles
from lab.cost import passes_of_image, training_steps
from lab.counts import counted
from lab.errors import LabError
from lab.specs import Recipe


@dataclass(frozen=True)
class Known:
    """A training whose length is known: the model's name, its recipe, and the seconds that this ``fraction`` took."""

    name: str
    recipe: Recipe
    seconds: float
    fraction: float = 1.0

    @property
    def pace(self) -> float:
        """Gradient steps of single images in a second; 0 where its data are gone, or nothing is done yet."""
        try:
            return self.fraction * training_steps(self.recipe) / self.seconds if self.seconds else 0.0
        except LabError:
            return 0.0

    def like(self, recipe: Recipe) -> bool:
        """Whether a gradient step of the recipe takes as long: of one architecture on images of one shape."""
        return self.recipe.architecture == recipe.architecture and _shape(self.recipe) == _shape(recipe)


def expected(recipe: Recipe, own: Iterable[Known], shipped: Iterable[Known]) -> str:
    """About how long a training will take, in words, and by which other one; empty where none is like it.

    By the newest of this lab's ``own``; else by one of the ``shipped`` with about as many passes for an image, whose
    steps have as much beside them, and of these by the quickest, which other programs disturbed least.
    """

    def unlike(known: Known) -> tuple[int, float]:
        more = passes_of_image(known.recipe) / passes_of_image(recipe)
        return round(abs(log2(more))), -known.pace

    ours = (each for each in own if each.like(recipe) and each.pace)
    theirs = sorted((each for each in shipped if each.like(recipe) and each.pace), key=unlike)
    model = next(chain(ours, theirs), None)
    return f"about {in_words(training_steps(recipe) / model.pace)} at the pace of {model.name}" if model else ""


def in_words(seconds: float) -> str:
    """A length of time in seconds, minutes or hours: "40 seconds", "3 minutes", "2.5 hours"."""
    if seconds < 90:
        return counted(max(1, round(seconds)), "second")
    minutes = seconds / 60
    if minutes < 90:
        return counted(round(minutes), "minute")
    hours = minutes / 60
    return f"{hours:.1f} hours" if hours < 10 else f"{hours:,.0f} hours"


def _shape(recipe: Recipe) -> tuple[int, int, int] | None:
    try:
        return datafiles.outline(recipe.data).shape
    except LabError:  # its data are gone
        return None
