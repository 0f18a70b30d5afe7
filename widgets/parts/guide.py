"""Guide above a page's first figure: its question, source, explanation, what to try, and the words it uses."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import traitlets as t

from widgets.glossary import WITH_FOLD, Explained


class Guide(Explained):
    """The page's question as its heading, its ``source`` in the papers, one sentence, things to try, and the glossary.

    A page may be without a sentence and without things to try.
    """

    _esm = "\n".join((WITH_FOLD, Path(__file__).with_name("guide.js").read_text("utf-8")))
    _css = Path(__file__).with_name("guide.css")

    question = t.Unicode().tag(sync=True)
    source = t.Unicode().tag(sync=True)
    sentence = t.Unicode().tag(sync=True)
    tries = t.List(t.Unicode()).tag(sync=True)

    def __init__(self, question: str, source: str, sentence: str = "", tries: Sequence[str] = ()) -> None:
        super().__init__(question=question, source=source, sentence=sentence, tries=list(tries))
        self.add_class("lab-guide")
        self.explain(())

    def explain(self, texts: Iterable[str]) -> None:
        """Explain the terms that these texts use, too, such as a page's headings and labels."""
        super().explain([self.question, self.sentence, *self.tries, *texts])
