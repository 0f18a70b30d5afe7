"""Guide above a page's first figure: its question, source, explanation, and what to try."""

from collections.abc import Sequence
from pathlib import Path

import traitlets as t

from widgets.plain import Plain


class Guide(Plain):
    """The page's question as its heading, its ``source`` in the papers, one sentence, and things to try."""

    _esm = Path(__file__).with_name("guide.js")
    _css = Path(__file__).with_name("guide.css")

    question = t.Unicode().tag(sync=True)
    source = t.Unicode().tag(sync=True)
    sentence = t.Unicode().tag(sync=True)
    tries = t.List(t.Unicode()).tag(sync=True)

    def __init__(self, question: str, source: str, sentence: str, tries: Sequence[str]) -> None:
        super().__init__(question=question, source=source, sentence=sentence, tries=list(tries))
        self.add_class("lab-guide")
