"""The glossary on a page: its terms, wherever they are written, and folds that list them."""

from collections.abc import Iterable
from pathlib import Path

import traitlets as t

from lab.glossary import TERMS, terms_in
from widgets.plain import Plain


def _script(name: str) -> str:
    return Path(__file__).with_name(name).read_text("utf-8")


WITH_TERMS = _script("terms.js")
"""The script for widgets that write sentences whose terms open what they mean."""

WITH_FOLD = "\n".join((WITH_TERMS, _script("terms_fold.js")))
"""The same for those that have a fold of terms, too."""


class Glossary(Plain):
    """All ``terms``, once for all pages of a kernel: each with ``name``, ``meaning``, ``source`` and ``forms``.

    A page that holds it explains the terms in its sentences; on one without, they are plain words.
    """

    _esm = "\n".join((_script("one_stop.js"), _script("popup.js"), WITH_TERMS, _script("glossary.js")))
    _css = _script("glossary.css")

    terms = t.List(t.Dict()).tag(sync=True)

    def __init__(self) -> None:
        fields = ("name", "meaning", "source", "forms")
        super().__init__(terms=[{field: getattr(each, field) for field in fields} for each in TERMS])


class Explained(Plain):
    """A widget with a fold of the terms that are ``used``, by their names, before all others."""

    used = t.List(t.Unicode()).tag(sync=True)

    def explain(self, texts: Iterable[str]) -> None:
        """List the terms that these texts use first."""
        self.used = [each.name for each in terms_in(texts)]


class WholeGlossary(Explained):
    """A fold of all terms."""

    _esm = "\n".join(
        (
            WITH_FOLD,
            """
            export default {
              render({ model, el }) {
                const { fold, show } = glossaryFold("");
                show(model.get("used"));
                el.append(fold);
              },
            };
            """,
        )
    )

    def __init__(self) -> None:
        super().__init__(used=[each.name for each in TERMS])
