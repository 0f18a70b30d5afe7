"""Specs as Python: the lines a user would write to make them."""

from dataclasses import fields

from lab import specs
from lab.specs.spec import Spec

_WIDTH = 100


def code(spec: Spec, indent: int = 0) -> str:
    """A call that makes the spec, without the fields that have their defaults."""
    given = [f"{name}={_written(value, indent + 4)}" for name, value in _changed(spec).items()]
    return _call(type(spec).__name__ + "(", given, ")", indent)


def imports(spec: Spec) -> list[str]:
    """The lines that import what :func:`code` uses: from ``lab.specs``, and what it does not offer from its module."""
    found = _kinds(spec)
    ours = [each.__name__ for each in found if _is_offered(each)]
    lines = [f"from lab.specs import {', '.join(sorted(ours))}"] if ours else []
    return lines + sorted(f"from {each.__module__} import {each.__name__}" for each in found if not _is_offered(each))


def _is_offered(kind: type[Spec]) -> bool:
    return getattr(specs, kind.__name__, None) is kind


def _kinds(spec: Spec) -> set[type[Spec]]:
    found = {type(spec)}
    for value in _changed(spec).values():
        for part in value if isinstance(value, tuple) else (value,):
            found |= _kinds(part) if isinstance(part, Spec) else set()
    return found


def _changed(spec: Spec) -> dict[str, object]:
    return {each.name: value for each in fields(spec) if (value := getattr(spec, each.name)) != each.default}


def _written(value: object, indent: int) -> str:
    if isinstance(value, Spec):
        return code(value, indent)
    if isinstance(value, tuple):
        return _call("(", [_written(each, indent + 4) for each in value], ",)" if len(value) == 1 else ")", indent)
    return repr(value)


def _call(opening: str, parts: list[str], closing: str, indent: int) -> str:
    line = opening + ", ".join(parts) + closing
    if len(line) + indent <= _WIDTH:
        return line
    space = "\n" + " " * (indent + 4)
    return opening + "".join(f"{space}{part}," for part in parts) + "\n" + " " * indent + closing.lstrip(",")
