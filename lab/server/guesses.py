"""The guesses of a class in the stories: counted without names, one of each visitor, for the teacher alone.

They are kept by this process and by nothing else, and end with it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from lab.server.access import Access

TEACHER, GUESSABLE = "LAB_TEACHER", "LAB_GUESSABLE"
"""Environment variables: what the teacher's link holds, and as JSON what can be guessed, by the addresses of the steps.

Of each step the least guess, the largest, and how far apart two are, 0 for no matter.
"""

MOST = 1000
"""Visitors of whom a step keeps the guesses."""


class Guesses:
    """What the visitors guess: the last guess of each in each step, if it is one that can be made there."""

    def __init__(self, guessable: Mapping[str, Sequence[float]], teacher: Access) -> None:
        self.teacher = teacher
        self._guessable = guessable
        self._made: dict[str, dict[str, float]] = {step: {} for step in guessable}

    def make(self, step: str, visitor: str, guess: str) -> bool:
        """Count a guess, in the place of the visitor's earlier one; False for what is none, or one too many."""
        made, value = self._made.get(step), _number(guess)
        if made is None or value is None or (len(made) >= MOST and visitor not in made):
            return False
        least, most, apart = self._guessable[step]
        if not least <= value <= most or (apart and (value - least) % apart):
            return False
        made[visitor] = value
        return True

    def counts(self, step: str) -> dict[float, int] | None:
        """How many have made each guess, the least first; None for a step that there is not."""
        made = self._made.get(step)
        return None if made is None else dict(sorted(Counter(made.values()).items()))

    def forget(self, step: str) -> None:
        """Begin anew with a step, as for the next class."""
        self._made.get(step, {}).clear()


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
