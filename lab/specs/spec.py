"""Specs: frozen descriptions of what to compute, with no behaviour and no PyTorch.

A spec is a frozen dataclass whose fields are declared with :func:`param`. The same declaration feeds the
form on a page, the options of the command line, the JSON record of a run and, hashed, the key of a result.
"""

import hashlib
import json
import math
from dataclasses import Field, dataclass, field, fields
from types import UnionType
from typing import Any, Self, TypeVar, Union, get_args, get_origin, get_type_hints

from lab.errors import SpecError

_PARAM = "param"
S = TypeVar("S", bound="Spec")


@dataclass(frozen=True)
class Param:
    """What is known about one field of a spec besides its type and default.

    ``low`` and ``high`` are hard limits: no spec outside them can be made. ``usual`` is the part of that range
    a slider offers. ``step`` is the distance between admissible whole numbers, from ``low`` on. ``choices`` lists the
    admissible values of a text field. ``unit`` is what a person reads behind the number. ``log`` says that the quantity
    is multiplicative.
    """

    meaning: str
    low: float | None = None
    high: float | None = None
    usual: tuple[float, float] | None = None
    choices: tuple[str, ...] | None = None
    unit: str = ""
    log: bool = False
    step: int = 1


def param(default: Any, low: Any = None, high: Any = None, meaning: str = "", **more: Any) -> Any:
    """Declare a field of a spec: default, hard limits, meaning (and what else :class:`Param` has)."""
    return field(default=default, metadata={_PARAM: Param(meaning, low, high, **more)})


@dataclass(frozen=True)
class Spec:
    """A frozen description of something to compute; its values are checked when it is made.

    Raises :class:`SpecError` with the field, its limits and its meaning when a value is not admissible.
    """

    def __post_init__(self) -> None:
        hints = _hints(type(self))
        for each in fields(self):
            value = _checked(type(self), each, hints[each.name], getattr(self, each.name))
            object.__setattr__(self, each.name, value)

    def replace(self, **changes: Any) -> Self:
        """The same spec with some fields changed; an unknown name is refused with the known ones listed."""
        known = [each.name for each in fields(self)]
        for name in changes:
            if name not in known:
                raise SpecError(f"{type(self).__name__} has no field '{name}'; it has {', '.join(known) or 'none'}.")
        return type(self)(**{each: getattr(self, each) for each in known} | changes)


def params(spec: Spec | type[Spec]) -> dict[str, Param]:
    """Every field of a spec by name, with its range and meaning."""
    return {each.name: each.metadata.get(_PARAM, Param("")) for each in fields(spec)}


def default_of(spec: type[Spec], name: str) -> Any:
    """The default of one field."""
    [found] = [each for each in fields(spec) if each.name == name]
    return found.default


def to_dict(spec: Spec) -> dict[str, Any]:
    """A spec as plain JSON values; its type stands under ``"spec"``."""
    return {"spec": type(spec).__name__} | {each.name: _plain(getattr(spec, each.name)) for each in fields(spec)}


def from_dict(record: dict[str, Any]) -> Any:
    """The spec that :func:`to_dict` described. Raises :class:`SpecError` on unknown types, fields or values."""
    if not isinstance(record, dict) or "spec" not in record:
        raise SpecError('A spec is a JSON object with its type under "spec".')
    known = {each.__name__: each for each in _subclasses(Spec)}
    kind = known.get(record["spec"]) if isinstance(record["spec"], str) else None
    if kind is None:
        raise SpecError(f"There is no spec called '{record['spec']}'.")
    names = {each.name for each in fields(kind)}
    unknown = sorted(set(record) - names - {"spec"})
    if unknown:
        raise SpecError(f"{kind.__name__} has no field '{unknown[0]}'; it has {', '.join(sorted(names)) or 'none'}.")
    return kind(**{name: _revived(value) for name, value in record.items() if name != "spec"})


def to_json(spec: Spec) -> str:
    """A spec as one line of JSON with sorted keys: equal specs give equal text."""
    return json.dumps(to_dict(spec), sort_keys=True, allow_nan=False)


def from_json(text: str) -> Any:
    """The spec that :func:`to_json` wrote."""
    try:
        record = json.loads(text)
    except json.JSONDecodeError as error:
        raise SpecError(f"This is not JSON ({error.msg} at character {error.pos}).") from None
    return from_dict(record)


def key(spec: Spec, *fingerprints: str) -> str:
    """A stable name for the result of a spec: a hash over the spec and whatever else determines the result."""
    text = "\n".join([to_json(spec), *fingerprints])
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def parse_field(kind: type[Spec], name: str, text: str) -> Any:
    """The value of a field from what a person typed, such as ``steps=40`` on the command line."""
    hints = _hints(kind)
    if name not in hints:
        raise SpecError(f"{kind.__name__} has no field '{name}'; it has {', '.join(hints) or 'none'}.")
    hint = hints[name]
    try:
        if hint is bool:
            return {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}[text.lower()]
        if hint in (int, float):
            return hint(text)
        if get_origin(hint) is tuple and (item := get_args(hint)[0]) in (int, float, str):
            return tuple(item(each) for each in text.split(","))
    except (ValueError, KeyError):
        raise SpecError(f"{kind.__name__}.{name} should be {_named(hint)}, not '{text}'.") from None
    if get_origin(hint) is tuple and text.lstrip().startswith("["):
        return getattr(from_json(f'{{"spec": "{kind.__name__}", "{name}": {text}}}'), name)
    if get_origin(hint) is tuple:
        return tuple(_by_name(get_args(hint)[0], each.strip())() for each in text.split(","))
    if isinstance(hint, type) and issubclass(hint, Spec):
        return from_json(text) if text.lstrip().startswith("{") else _by_name(hint, text)()
    return text


def spec_named(family: type[S], name: str) -> type[S]:
    """The member of a family of specs by its name, e.g. ``PGD`` among the attacks; case does not matter."""
    return _by_name(family, name)


def family_of(family: type[S]) -> list[type[S]]:
    """Every concrete spec of a family, in the order of definition."""
    return [each for each in _subclasses(family) if not _subclasses(each)]


def _by_name(family: type[S], name: str) -> type[S]:
    members = {each.__name__: each for each in family_of(family)}
    for known, member in members.items():
        if known.lower() == name.lower():
            return member
    raise SpecError(f"There is no {family.__name__} called '{name}'; there is {', '.join(members)}.")


def _subclasses(kind: type[S]) -> list[type[S]]:
    children: list[type[S]] = kind.__subclasses__()
    return [found for child in children for found in (child, *_subclasses(child))]


def _hints(kind: type[Spec]) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {each.name: hints[each.name] for each in fields(kind)}


def _plain(value: Any) -> Any:
    if isinstance(value, Spec):
        return to_dict(value)
    return [_plain(each) for each in value] if isinstance(value, tuple) else value


def _revived(value: Any) -> Any:
    if isinstance(value, dict):
        return from_dict(value)
    return tuple(_revived(each) for each in value) if isinstance(value, list) else value


def _checked(kind: type[Spec], each: "Field[Any]", hint: Any, value: Any) -> Any:
    """The value in the field's own type, or a sentence about why it cannot be."""
    about: Param = each.metadata.get(_PARAM, Param(""))
    where = f"{kind.__name__}.{each.name}"
    value = _typed(where, hint, value)
    numbers = value if isinstance(value, tuple) else (value,)
    for number in numbers:
        if isinstance(number, bool) or not isinstance(number, (int, float)):
            continue
        low = -math.inf if about.low is None else about.low
        high = math.inf if about.high is None else about.high
        if not low <= number <= high:  # also refuses NaN
            raise SpecError(f"{where} ({about.meaning}) must lie between {low:g} and {high:g}, but is {number!r}.")
        if about.step > 1 and (number - low) % about.step:
            raise SpecError(f"{where} ({about.meaning}) must be {low:g} or some {about.step} more, but is {number!r}.")
    if about.choices is not None and value not in about.choices:
        raise SpecError(f"{where} ({about.meaning}) must be one of {', '.join(about.choices)}, but is {value!r}.")
    return value


def _typed(where: str, hint: Any, value: Any) -> Any:
    if get_origin(hint) in (Union, UnionType):
        if value is None and type(None) in get_args(hint):
            return None
        [hint] = [each for each in get_args(hint) if each is not type(None)]
    if get_origin(hint) is tuple:
        [item, *_] = get_args(hint)
        if not isinstance(value, (tuple, list)):
            raise SpecError(f"{where} should be a list, not {value!r}.")
        return tuple(_typed(where, item, each) for each in value)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if hint is int and isinstance(value, float) and value.is_integer():
        return int(value)
    if not isinstance(value, hint) or (isinstance(value, bool) and hint is not bool):
        raise SpecError(f"{where} should be {_named(hint)}, not {value!r}.")
    return value


def _named(hint: Any) -> str:
    if get_origin(hint) is tuple:
        return f"a list with commas between, each {_named(get_args(hint)[0])}"
    words = {int: "a whole number", float: "a number", bool: "true or false", str: "a text"}
    return words.get(hint, getattr(hint, "__name__", str(hint)))
