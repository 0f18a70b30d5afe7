"""Families of tests that ask the same of every member: a few stand for all in the default run."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest

_PARAMETERS = type(pytest.param())


def family(members: Iterable[Any], by_default: Callable[..., bool]) -> list[Any]:
    """Return the members as parameters, those slow that do not run by default.

    A member of several values is a tuple or a ``pytest.param``; ``by_default`` is asked with its values.
    """
    return [_marked(each, by_default) for each in members]


def _marked(member: Any, by_default: Callable[..., bool]) -> Any:
    if not isinstance(member, _PARAMETERS):
        member = pytest.param(*(member if isinstance(member, tuple) else (member,)))
    if by_default(*member.values):
        return member
    return pytest.param(*member.values, id=member.id, marks=(*member.marks, pytest.mark.slow))


def firsts(members: Iterable[Any], kind: Callable[[Any], Any]) -> set[Any]:
    """Return the first member of each kind."""
    found: dict[Any, Any] = {}
    for each in members:
        found.setdefault(kind(each), each)
    return set(found.values())
