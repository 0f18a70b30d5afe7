"""Guide above a page's first figure: its question, source, explanation, what to try, and the words it uses."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import traitlets as t

from lab.glossary import TERMS, terms_in
from widgets.plain import Plain


class Guide(Plain):
    """The page's question as its heading, its ``source`` in the papers, one sentence, and things to try.

    ``terms`` are the words of the field that the page uses, ``others`` the rest of the glossary: each with ``name``,
    ``meaning`` and ``source``.
    """

    _esm = Path(__file__).with_name("guide.js")
    _css = Path(__file__).with_name("guide.css")

    question = t.Unicode().tag(sync=True)
    source = t.Unicode().tag(sync=True)
    sentence = t.Unicode().tag(sync=True)
    tries = t.List(t.Unicode()).tag(sync=True)
    terms = t.List(t.Dict()).tag(sync=True)
    others = t.List(t.Dict()).tag(sync=True)

    def __init__(self, question: str, source: str, sentence: str, tries: Sequence[str]) -> None:
        super().__init__(question=question, source=source, sentence=sentence, tries=list(tries))
        self.add_class("lab-guide")
        self.explain(())

    def explain(self, texts: Iterable[str]) -> None:
        """Explain the terms that these texts use, too, such as a page's headings and notes."""
        used = terms_in([self.question, self.sentence, *self.tries, *texts])
        self.terms, self.others = (
            [{"name": each.name, "meaning": each.meaning, "source": each.source} for each in some]
            for some in (used, [each for each in TERMS if each not in used])
        )
