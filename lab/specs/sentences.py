"""Sentences of errors as pages show them: with the label of a field instead of its name in code."""

from lab.errors import LabError
from lab.specs.spec import Spec, label_of, params


def labelled(error: LabError, label: str = "") -> str:
    """Return the sentence of an error with the label of its field; ``label`` where a form has one of its own for it."""
    return error.worded(lambda kind, field: label or _label(kind, field))


def _label(kind: str, field: str) -> str:
    found = next((each for each in _kinds(Spec) if each.__name__ == kind and field in params(each)), None)
    return label_of(found, field) if found else field.replace("_", " ").capitalize()


def _kinds(family: type[Spec]) -> list[type[Spec]]:
    return [found for each in family.__subclasses__() for found in (each, *_kinds(each))]
