"""What a story is: steps on the lab's pages, each with a question and an outcome computed from the page's result."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from lab.results.result import Result
from lab.specs.analyses import Analysis

R = TypeVar("R", bound=Result)


@dataclass(frozen=True)
class Amount:
    """A guess that is a number: its unit, its range, and how far from the truth it may be to be right."""

    unit: str
    least: float
    most: float
    within: float

    def said(self, number: float) -> str:
        """The number with its unit."""
        return f"{number:g}{self.unit}"


@dataclass(frozen=True)
class StoryOutcome:
    """What a result says about a step's question: the finding in ``words``, and the ``right`` guess.

    That is the position of an option, or the number that an :class:`Amount` estimates.
    """

    words: str
    right: float


@dataclass(frozen=True)
class Reply:
    """A guess beside the outcome: whether it is ``right``, and both in ``words``."""

    right: bool
    words: str


def complete(result: Result) -> bool:
    """Return whether a result is no partial one."""
    return getattr(result, "done", 1) == 1


@dataclass(frozen=True)
class StoryStep(Generic[R]):
    """A step on the page with that name in the address: what the page computes there, and what is to be guessed.

    ``guess`` are two to four options, or an amount. ``outcome`` computes from the page's result what came out, for any
    numbers: which option is right is never known beforehand. ``enough``: of a partial result, whether it has what the
    outcome needs. ``look`` are fields of how the page draws it that matter.
    """

    name: str
    page: str
    asked: Analysis
    question: str
    guess: tuple[str, ...] | Amount
    outcome: Callable[[R], StoryOutcome]
    enough: Callable[[R], bool] = complete
    look: Mapping[str, object] = field(default_factory=dict, hash=False)

    def admits(self, guess: object) -> bool:
        """Return whether that can be a guess: it may be anything that a browser sends."""
        if isinstance(self.guess, Amount):
            return type(guess) in (int, float) and self.guess.least <= guess <= self.guess.most  # type: ignore[operator]
        return type(guess) is int and 0 <= guess < len(self.guess)

    def reply(self, guess: float | None, result: R) -> Reply:
        """What came out, beside a guess that :meth:`admits` admits, or beside none."""
        found = self.outcome(result)
        if guess is None:
            return Reply(False, found.words)
        if isinstance(self.guess, Amount):
            right = abs(guess - found.right) <= self.guess.within + 1e-9
            verdict = "close enough" if right else "too high" if guess > found.right else "too low"
            return Reply(right, f"{found.words} You guessed {self.guess.said(guess)}: {verdict}.")
        right = guess == found.right
        told = "right" if right else f"the numbers say “{self.guess[int(found.right)]}”"
        return Reply(right, f"{found.words} You guessed “{self.guess[int(guess)]}”: {told}.")


@dataclass(frozen=True)
class Story:
    """A guided story: its steps in their order, and the file of the ``lesson`` that tells the same as a notebook."""

    name: str
    title: str
    about: str
    lesson: str
    steps: tuple[StoryStep, ...]  # type: ignore[type-arg]

    def position(self, step: str) -> int | None:
        """The position of the step with that name; None without one."""
        return next((i for i, each in enumerate(self.steps) if each.name == step), None)
