"""What the lab says by the names in its code, said in the titles and labels that a page has for them."""

import re

from lab.errors import LONGEST, LabError, one_line
from lab.specs import AttackSpec, Ball, Spec, params
from lab.specs.spec import family_of, label_of, title_of


def plainly(sentence: str) -> str:
    """A sentence of the lab, with the titles of attacks and balls and the labels of fields for their names in code.

    These are longer than the names: what was as short as a :class:`LabError` is cut in its middle to stay so.
    """
    fields = _FIELD.sub(lambda found: _label(found[1], found[2] or found[0]), sentence)
    return one_line(_NAMED.sub(lambda found: _TITLES[found[0]], fields), max(LONGEST, len(sentence)))


def said(error: LabError, label: str = "") -> str:
    """A refusal as a page says it: with the label of the field, ``label`` if the form has one of its own for it."""
    return plainly(error.worded(lambda kind, field: label or _label(kind, field)))


def _label(kind: str | None, name: str) -> str:
    """What a form calls the field, if need be without knowing of which kind of spec."""
    known = _KINDS[kind] if kind in _KINDS and name in params(_KINDS[kind]) else _FIELDS.get(name)
    return label_of(known, name) if known else name.replace("_", " ").capitalize()


def _every(kind: type[Spec]) -> list[type[Spec]]:
    return [found for each in kind.__subclasses__() for found in (each, *_every(each))]


_KINDS = {kind.__name__: kind for kind in _every(Spec)}
_FIELDS = {name: kind for kind in _every(Spec) for name in params(kind)}
_TITLES = {kind.__name__: title_of(kind) for family in (AttackSpec, Ball) for kind in family_of(family)}
_UNMISTAKABLE = "|".join(sorted({"eps", *(name for name in _FIELDS if "_" in name)}))
_FIELD = re.compile(rf"\b({'|'.join(_KINDS)})\.([a-z]\w*)|\b(?:{_UNMISTAKABLE})\b")
_NAMED = re.compile(rf"\b(?:{'|'.join(_TITLES)})\b(?!\.\w)")
