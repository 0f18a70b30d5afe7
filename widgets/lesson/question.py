"""Questions of a lesson: a person answers, and the answer is checked against what the lesson measured."""

import math
from collections.abc import Sequence
from pathlib import Path

import traitlets as t

from widgets.parts.page import Style
from widgets.plain import Plain, shared


class Question(Plain):
    """A prompt with an answer; ``verdict`` is empty, right or wrong, ``words`` what is said about it.

    A wrong answer is met with the hint and may be mended; a right one with the reason.
    """

    _esm = Path(__file__).with_name("question.js")
    _css = Path(__file__).with_name("question.css")

    prompt = t.Unicode().tag(sync=True)
    options = t.List(t.Unicode()).tag(sync=True)
    unit = t.Unicode().tag(sync=True)
    answer = t.Any(None).tag(sync=True, heard=True)
    verdict = t.Enum(["", "right", "wrong"], "").tag(sync=True)
    words = t.Unicode().tag(sync=True)

    def __init__(self, prompt: str, hint: str, why: str, **traits: object) -> None:
        super().__init__(prompt=prompt, **traits)
        self.style = shared(Style)
        self.add_class("lab")
        self.add_class("lab-question")
        self._hint = hint
        self._why = why
        self.observe(self._judge, "answer")

    def is_right(self, answer: object) -> bool:
        """Return whether this answers the question."""
        raise NotImplementedError

    def _judge(self, _: object) -> None:
        right = self.is_right(self.answer)
        with self.hold_sync():
            self.verdict = "right" if right else "wrong"
            self.words = f"Right. {self._why}" if right else f"Not quite. {self._hint}"


class Choose(Question):
    """One of some options is right: the one that the lesson's own numbers say."""

    def __init__(self, prompt: str, options: Sequence[str], right: str, hint: str = "", why: str = "") -> None:
        if right not in options:
            raise ValueError(f"'{right}' is not among the options.")
        super().__init__(prompt, hint or "Look at the numbers above again.", why, options=list(options))
        self._right = right

    def is_right(self, answer: object) -> bool:
        """Return whether the option is the right one."""
        return bool(answer == self._right)


class Estimate(Question):
    """A number is asked for; what lies ``within`` a distance of the measured one is right."""

    def __init__(
        self, prompt: str, measured: float, within: float, unit: str = "", hint: str = "", why: str = ""
    ) -> None:
        said = f"Measured here: {measured:.4g}{' ' if unit else ''}{unit}. {why}".strip()
        missed = f"It is more than {within:g} away from what is measured here."
        super().__init__(prompt, hint or missed, said, unit=unit)
        self._measured = float(measured)
        self._within = within

    def is_right(self, answer: object) -> bool:
        """Return whether the number is close enough."""
        if not isinstance(answer, int | float | str):
            return False
        try:
            number = float(answer)
        except ValueError:
            return False
        return math.isfinite(number) and abs(number - self._measured) <= self._within
