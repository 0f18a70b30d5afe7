"""The home page: what the lab is, and a card for every page."""

from pathlib import Path

import traitlets as t

from widgets.plain import Plain

TITLE = "Adversarial Lab"

_WELCOME = (
    "A change too small to matter to you can make a model misclassify a digit. Here you can attack models, follow the "
    "attack step by step, and find out which defences withstand it and which only seem to: the page Evaluation gives "
    "each model's robust accuracy, and tells whether it can be trusted.",
    "Every page is one experiment of a paper, on real data and trained models. Change a setting, press Run, and "
    "compare. Results are stored, so what was computed before appears at once.",
)


class Home(Plain):
    """A few words, and a card for every page. ``opened`` is the page whose card was pressed."""

    _esm = "\n".join(Path(__file__).with_name(f"{each}.js").read_text("utf-8") for each in ("pictures", "page"))

    title = t.Unicode(TITLE).tag(sync=True)
    paragraphs = t.List(t.Unicode(), list(_WELCOME)).tag(sync=True)
    cards = t.List(t.Dict()).tag(sync=True)
    opened = t.Any("").tag(sync=True, heard=True)
