"""The card above the pages that tells a story: the question, the guesses, and what the numbers say."""

import os
from collections.abc import Callable
from pathlib import Path

import traitlets as t

from lab.stories import Amount, Telling
from widgets.glossary import WITH_FOLD, Explained


def _script(name: str) -> str:
    return Path(__file__).with_name(name).read_text("utf-8")


PROGRESS = _script("progress.js")
"""The script that keeps the progress in the browser, for every widget that shows or changes it."""


class StoryCard(Explained):
    """The step that is ``told``, or nothing; what is ``said`` about it, once its page is computed.

    ``guessed``: there is no guess to make any more. ``veiled``: the figures wait for the guess. ``stale``: the page has
    other settings than the step. What a browser sends goes to ``pressed``; where the guesses of a class are collected,
    it tells the server, too, which alone knows who is the teacher.
    """

    _esm = "\n".join((WITH_FOLD, PROGRESS, *map(_script, ("class_guesses.js", "story_card.js"))))
    _css = Path(__file__).with_name("story_card.css")

    told = t.Dict().tag(sync=True)
    said = t.Dict().tag(sync=True)
    guessed = t.Bool(False).tag(sync=True)
    veiled = t.Bool(False).tag(sync=True)
    stale = t.Bool(False).tag(sync=True)

    def __init__(self, pressed: Callable[[object], None]) -> None:
        super().__init__()
        self.add_class("lab-story")
        self.on_msg(lambda _, content, __: pressed(content))

    def show(self, telling: Telling | None) -> None:
        """Show a step that nobody has guessed yet, or no story."""
        with self.hold_sync():
            self.told = {} if telling is None else _told(telling)
            self.said, self.guessed, self.stale, self.veiled = {}, False, False, telling is not None
            self._explain()

    def say(self, words: str, state: str) -> None:
        """Say something below the question: a reply that is ``right`` or ``wrong``, a ``note``, or an ``error``."""
        self.said = {"words": words, "state": state}
        self._explain()

    def _explain(self) -> None:
        texts = [self.told.get("question", ""), *self.told.get("options", []), self.said.get("words", "")]
        self.explain(texts)


def _told(telling: Telling) -> dict[str, object]:
    story, step = telling.story, telling.step
    guess = step.guess
    amount = {"unit": guess.unit, "least": guess.least, "most": guess.most} if isinstance(guess, Amount) else None
    return {
        "story": story.name,
        "title": story.title,
        "step": step.name,
        "position": telling.position,
        "count": len(story.steps),
        "question": step.question,
        "options": [] if isinstance(guess, Amount) else list(guess),
        "amount": amount,
        "lesson": story.lesson,
        "guess_first": telling.guess_first,
        "without_settings": telling.without_settings,
        "collected": bool(os.environ.get("LAB_GUESSABLE")),
    }
