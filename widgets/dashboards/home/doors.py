"""The three doors below the picture: learn, explore, evaluate."""

from pathlib import Path

import traitlets as t

from lab.stories import STORIES
from widgets.parts.story_card import PROGRESS
from widgets.plain import Plain

LESSONS = (
    "What an adversarial example is",
    "Why one step is not enough",
    "PGD and the saddle point",
    "Transfer and black boxes",
    "Ensemble and cascade training",
    "How not to fool yourself",
)
"""The lessons in their order, as their notebooks are headed."""


class Doors(Plain):
    """The stories and the lessons, a card for every page, and the way to evaluate a model.

    ``opened`` is the page whose card or link was pressed, ``told`` the step of a story, as an address holds it.
    """

    _esm = PROGRESS + Path(__file__).with_name("doors.js").read_text("utf-8")
    _css = Path(__file__).with_name("doors.css")

    stories = t.List(t.Dict()).tag(sync=True)
    lessons = t.List(t.Unicode(), list(LESSONS)).tag(sync=True)
    cards = t.List(t.Dict()).tag(sync=True)
    opened = t.Any("").tag(sync=True, heard=True)
    told = t.Any("").tag(sync=True, heard=True)

    @t.default("stories")
    def _stories(self) -> list[dict[str, object]]:
        return [
            {"name": each.name, "title": each.title, "about": each.about, "steps": [step.name for step in each.steps]}
            for each in STORIES
        ]
