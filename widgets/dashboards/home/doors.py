"""The three doors below the picture: learn, explore, evaluate."""

from pathlib import Path

import traitlets as t

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
    """The lessons and how to open them, a card for every page, and the way to evaluate a model.

    ``opened`` is the page whose card or link was pressed.
    """

    _esm = Path(__file__).with_name("doors.js")
    _css = Path(__file__).with_name("doors.css")

    lessons = t.List(t.Unicode(), list(LESSONS)).tag(sync=True)
    cards = t.List(t.Dict()).tag(sync=True)
    opened = t.Any("").tag(sync=True, heard=True)
