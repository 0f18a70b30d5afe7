"""What the lab says by the names in its code, said in the titles and labels that a page has for them."""

import re
from dataclasses import dataclass
from functools import cache

from lab.errors import LONGEST, LabError, one_line
from lab.specs import AttackSpec, Ball, Spec, params
from lab.specs.spec import family_of, label_of, title_of


def plainly(sentence: str) -> str:
    """A sentence of the lab, with the titles of attacks and balls and the labels of fields for their names in code.

    These are longer than the names: what was as short as a :class:`LabError` is cut in its middle to stay so.
    """
    words = _vocabulary()
    fields = words.field.sub(lambda found: _label(found[1], found[2] or found[0]), sentence)
    return one_line(words.name.sub(lambda found: words.titles[found[0]], fields), max(LONGEST, len(sentence)))


def said(error: LabError, label: str = "") -> str:
    """A refusal as a page says it: with the label of the field, ``label`` if the form has one of its own for it."""
    return plainly(error.worded(lambda kind, field: label or _label(kind, field)))


def _label(kind: str | None, name: str) -> str:
    """What a form calls the field, if need be without knowing of which kind of spec."""
    words = _vocabulary()
    known = words.kinds[kind] if kind in words.kinds and name in params(words.kinds[kind]) else words.fields.get(name)
    return label_of(known, name) if known else name.replace("_", " ").capitalize()


def _every(kind: type[Spec]) -> list[type[Spec]]:
    return [found for each in kind.__subclasses__() for found in (each, *_every(each))]


@dataclass(frozen=True)
class Vocabulary:
    """Names in the code: kinds of spec, a kind for each field, titles; ``field`` and ``name`` find them in a text."""

    kinds: dict[str, type[Spec]]
    fields: dict[str, type[Spec]]
    titles: dict[str, str]
    field: re.Pattern[str]
    name: re.Pattern[str]


@cache
def _vocabulary() -> Vocabulary:
    """Collected when the first sentence is said, when plug-ins have been loaded."""
    every = _every(Spec)
    kinds = {kind.__name__: kind for kind in every}
    fields = {name: kind for kind in every for name in params(kind)}
    titles = {kind.__name__: title_of(kind) for family in (AttackSpec, Ball) for kind in family_of(family)}
    unmistakable = "|".join(sorted({"eps", *(name for name in fields if "_" in name)}))
    field = re.compile(rf"\b({'|'.join(kinds)})\.([a-z]\w*)|\b(?:{unmistakable})\b")
    return Vocabulary(kinds, fields, titles, field, re.compile(rf"\b(?:{'|'.join(titles)})\b(?!\.\w)"))
