"""Specs: frozen descriptions of what to compute, with no behaviour and no PyTorch.

A spec is a frozen dataclass whose fields are declared with :func:`param`. The same declaration feeds the
form on a page, the options of the command line, the JSON record of a run and, hashed, the key of a result.
"""

import hashlib
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import Field, dataclass, field, fields
from functools import partial
from numbers import Integral, Real
from types import UnionType
from typing import ClassVar, Self, TypeVar, Union, get_args, get_origin, get_type_hints

from lab import outside_json
from lab.errors import FieldError, SpecError, no_such, quoted

_PARAM, _PRESET = "param", "preset"
S = TypeVar("S", bound="Spec")
T = TypeVar("T")
Build = TypeVar("Build", bound=Callable[..., object])


@dataclass(frozen=True)
class Param:
    """Facts about a field of a spec besides its type and default.

    ``low`` and ``high`` are hard limits: no spec outside them can be made. ``usual`` is the part of that range
    a slider offers. ``step`` is the distance between admissible whole numbers, from ``low`` on. ``choices`` lists the
    admissible values of a text field, or the kinds of spec that a field admits. ``unit`` is shown behind
    the number. ``log`` says that the quantity is multiplicative. ``zero`` says what 0 means where it is not a number
    but leaves the choice: "follows ε".
    ``pixels`` says that it is a distance between pixels, black to white being 1: the refusal of a larger one
    says how grey levels are written.
    ``label`` is what a form calls the field, where that is not the field's own name: see :func:`label_of`.
    ``brief`` is the most that one of many attacks takes where all are compared on an image.
    ``only_with`` names another field and the value with which alone this one counts: elsewhere it keeps its default,
    so that a value without effect is refused instead of ignored, and forms leave it out.
    """

    meaning: str
    low: float | None = None
    high: float | None = None
    usual: tuple[float, float] | None = None
    choices: tuple[str, ...] | None = None
    unit: str = ""
    log: bool = False
    step: int = 1
    zero: str = ""
    pixels: bool = False
    label: str = ""
    brief: int | None = None
    only_with: tuple[str, object] | None = None


def param(
    default: T,
    low: float | None = None,
    high: float | None = None,
    meaning: str = "",
    *,
    usual: tuple[float, float] | None = None,
    choices: Sequence[str | type["Spec"]] = (),
    unit: str = "",
    log: bool = False,
    step: int = 1,
    zero: str = "",
    pixels: bool = False,
    label: str = "",
    brief: int | None = None,
    only_with: tuple[str, object] | None = None,
) -> T:
    """Declare a field of a spec: default, hard limits, meaning (and what else :class:`Param` has).

    ``choices`` may be kinds of spec; they are kept by their names.
    """
    names = tuple(each if isinstance(each, str) else each.__name__ for each in choices) or None
    about = Param(meaning, low, high, usual, names, unit, log, step, zero, pixels, label, brief, only_with)
    return field(default=default, metadata={_PARAM: about})


@dataclass(frozen=True)
class Spec:
    """A frozen description of something to compute; its values are checked when it is made.

    What can be chosen has a ``title``, which a class states in its head: ``class BIM(Iterated, title="BIM")``.

    Raises :class:`SpecError` with the field, its limits and its meaning when a value is not admissible.
    """

    title: ClassVar[str] = ""
    wanted: ClassVar[str] = ""
    """What a field of this family takes, as a person would write it, where one of its kinds is not enough to say."""
    _types: ClassVar[dict[str, object]]

    def __init_subclass__(cls, title: str = "") -> None:
        super().__init_subclass__()
        cls.title = title  # no class is called what another one is, not even what it derives from

    def __post_init__(self) -> None:
        types = types_of(type(self))
        for each in fields(self):
            value = _checked(type(self), each, types[each.name], getattr(self, each.name))
            object.__setattr__(self, each.name, value)
        for each in fields(self):
            about = each.metadata.get(_PARAM)
            if about and about.only_with and getattr(self, each.name) != each.default:
                other, value = about.only_with
                if getattr(self, other) != value:
                    reason = f"counts only with {other.replace('_', ' ')} {value!r}."
                    raise FieldError(type(self).__name__, each.name, reason, about.meaning)

    def replace(self, **changes: object) -> Self:
        """The same spec with some fields changed; an unknown name is refused with the known ones listed."""
        known = [each.name for each in fields(self)]
        for name in changes:
            if name not in known:
                raise SpecError(_no_field(type(self), name))
        return type(self)(**{each: getattr(self, each) for each in known} | changes)


def preset(build: Build) -> Build:
    """Mark a class method that makes a spec with a paper's numbers; goes below ``@classmethod``."""
    setattr(build, _PRESET, True)
    return build


def presets(kind: type[S]) -> dict[str, Callable[[], S]]:
    """The presets of a spec, its own and inherited ones, by what they are called: ``PGD.madry_mnist``."""
    declared = {name: each for base in reversed(kind.__mro__) for name, each in vars(base).items()}
    marked = [name for name, each in declared.items() if hasattr(getattr(each, "__func__", None), _PRESET)]
    return {f"{kind.__name__}.{name}": getattr(kind, name) for name in marked}


def params(spec: Spec | type[Spec]) -> dict[str, Param]:
    """Every field of a spec by name, with its range and meaning."""
    return {each.name: each.metadata.get(_PARAM, Param("")) for each in fields(spec)}


def types_of(kind: type[Spec]) -> dict[str, object]:
    """The types of a spec's fields by name. The class keeps them, because each of its specs is checked against them."""
    if "_types" not in vars(kind):
        types = get_type_hints(kind)
        kind._types = {each.name: types[each.name] for each in fields(kind)}
    return kind._types


def title_of(spec: Spec | type[Spec]) -> str:
    """Display name of this kind of spec: "Iter-LL". Raises :class:`SpecError` where its class does not state it."""
    if not spec.title:
        name = (spec if isinstance(spec, type) else type(spec)).__name__
        raise SpecError(f'{name} has no title: state it in its head, as in class {name}(…, title="…").')
    return spec.title


def label_of(spec: Spec | type[Spec], name: str) -> str:
    """Label of a field in forms: its own, or its name in words."""
    return params(spec)[name].label or name.replace("_", " ").capitalize()


def default_of(spec: type[Spec], name: str) -> object:
    """The default of one field."""
    [found] = [each for each in fields(spec) if each.name == name]
    return found.default


def to_dict(spec: Spec) -> dict[str, object]:
    """A spec as plain JSON values; its type is under ``"spec"``."""
    return {"spec": type(spec).__name__} | {each.name: _plain(getattr(spec, each.name)) for each in fields(spec)}


def from_dict(record: object) -> Spec:
    """The spec that :func:`to_dict` described. Raises :class:`SpecError` on unknown types, fields or values."""
    if not isinstance(record, dict) or "spec" not in record:
        raise SpecError('A spec is a JSON object with its type under "spec".')
    known = {each.__name__: each for each in _subclasses(Spec)}
    kind = known.get(record["spec"]) if isinstance(record["spec"], str) else None
    if kind is None:
        raise SpecError(f"There is no spec called {quoted(record['spec'])}.")
    unknown = sorted(set(record) - {each.name for each in fields(kind)} - {"spec"})
    if unknown:
        raise SpecError(_no_field(kind, unknown[0]))
    return kind(**{name: _revived(value) for name, value in record.items() if name != "spec"})


def to_json(spec: Spec) -> str:
    """A spec as one line of JSON with sorted keys: equal specs give equal text."""
    return json.dumps(to_dict(spec), sort_keys=True, allow_nan=False)


def from_json(text: str) -> Spec:
    """The spec that :func:`to_json` wrote."""
    try:
        record = outside_json.parse(text, paths=True)
    except outside_json.JsonError as error:
        raise SpecError(f"This is not a spec: {error}.") from None
    return from_dict(record)


def key(spec: Spec, *fingerprints: str) -> str:
    """A stable name for the result of a spec: a hash over the spec and whatever else determines the result."""
    text = "\n".join([to_json(spec), *fingerprints])
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def parse_field(kind: type[Spec], name: str, text: str) -> object:
    """Parse the value of a field as a user typed it, such as ``steps=40`` on the command line."""
    types = types_of(kind)
    if name not in types:
        raise SpecError(_no_field(kind, name))
    hint = types[name]
    try:
        if hint is bool:
            return {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}[text.lower()]
        if hint in _PARSED:
            return _PARSED[hint](text)
        if get_origin(hint) is tuple and (item := get_args(hint)[0]) in _PARSED:
            return tuple(_PARSED[item](each) for each in text.split(","))
    except (ValueError, KeyError):
        raise FieldError(kind.__name__, name, _unlike(hint, text)) from None
    if get_origin(hint) is tuple and text.lstrip().startswith("["):
        return getattr(from_json(f'{{"spec": "{kind.__name__}", "{name}": {text}}}'), name)
    if get_origin(hint) is tuple:
        return tuple(spec_called(get_args(hint)[0], each.strip()) for each in text.split(","))
    if isinstance(hint, type) and issubclass(hint, Spec):
        return from_json(text) if text.lstrip().startswith("{") else spec_called(hint, text)
    return text


def parse_number(text: str) -> float:
    """Parse a number as a user types it: 0.3, 1e-3 or 8/255. Raises ``ValueError``."""
    above, slash, below = text.partition("/")
    try:
        return float(above) / float(below) if slash else float(above)
    except ZeroDivisionError:
        raise ValueError(f"{text} divides by zero") from None


def grey_levels(distance: float) -> str:
    """The end of a sentence about a distance beyond that from black to white, 1: 8-bit grey levels may be meant."""
    return f": write {distance:.6g}/255 for grey levels." if 1 < distance <= 255 else "."


_PARSED: dict[object, Callable[[str], object]] = {int: int, float: parse_number, str: str}


def spec_named(family: type[S], name: str) -> type[S]:
    """The member of a family of specs by its name, e.g. ``PGD`` among the attacks; case does not matter."""
    return _by_name(family, name)


def spec_called(family: type[S], name: str) -> S:
    """The spec with its defaults, ``PGD``, or with a paper's numbers, ``PGD.madry_mnist``; case does not matter."""
    kind, dot, _ = name.partition(".")
    member = _by_name(family, kind)
    if not dot:
        return member()
    known = presets(member)
    for each, build in known.items():
        if each.lower() == name.lower():
            return build()
    raise SpecError(no_such(f"preset of {member.__name__}", name, known))


def family_of(family: type[S]) -> list[type[S]]:
    """Every concrete spec of a family, in the order of definition."""
    return [each for each in _subclasses(family) if not _subclasses(each)]


def kinds_of(spec: Spec, name: str) -> list[type[Spec]]:
    """The kinds of spec that a field can have beside the other fields of ``spec``, of one spec or of several."""
    hint = types_of(type(spec))[name]
    several = get_origin(hint) is tuple
    family: object = get_args(hint)[0] if several else hint
    assert isinstance(family, type)
    assert issubclass(family, Spec)
    members: list[type[Spec]] = family_of(family)
    return [kind for kind in members if _takes(spec, name, (kind(),) if several else kind())]


def _takes(spec: Spec, name: str, value: object) -> bool:
    try:
        spec.replace(**{name: value})
    except FieldError as error:
        return error.field != name
    return True


def _by_name(family: type[S], name: str) -> type[S]:
    members = {each.__name__: each for each in family_of(family)}
    for known, member in members.items():
        if known.lower() == name.lower():
            return member
    raise SpecError(no_such(family.__name__.removesuffix("Spec").lower(), name, members))


def _no_field(kind: type[Spec], name: str) -> str:
    known = ", ".join(each.name for each in fields(kind)) or "none"
    return f"{kind.__name__} has no field {quoted(name)}; it has {known}."


def _subclasses(kind: type[S]) -> list[type[S]]:
    children: list[type[S]] = kind.__subclasses__()
    return [found for child in children for found in (child, *_subclasses(child))]


def _plain(value: object) -> object:
    if isinstance(value, Spec):
        return to_dict(value)
    return [_plain(each) for each in value] if isinstance(value, tuple) else value


def _revived(value: object) -> object:
    if isinstance(value, dict):
        return from_dict(value)
    return tuple(_revived(each) for each in value) if isinstance(value, list) else value


def _checked(kind: type[Spec], each: "Field[object]", hint: object, value: object) -> object:
    """The value in the field's own type, or a sentence about why it cannot be."""
    about: Param = each.metadata.get(_PARAM, Param(""))
    wrong = partial(FieldError, kind.__name__, each.name)
    value = _typed(wrong, hint, value)
    numbers = value if isinstance(value, tuple) else (value,)
    for number in numbers:
        if isinstance(number, bool) or not isinstance(number, (int, float)):
            continue
        low = -math.inf if about.low is None else about.low
        high = math.inf if about.high is None else about.high
        found = quoted(number).removesuffix(".0")
        unit = f" {about.unit}" if about.unit else ""
        if not low <= number <= high:  # also refuses NaN
            hint = grey_levels(number) if about.pixels else "."
            between = f"must lie between {_limit(low)} and {_limit(high)}{unit}"
            raise wrong(f"{between}, but is {found}{hint or '.'}", about.meaning)
        if about.step > 1 and (number - low) % about.step:
            raise wrong(f"must be {low:g} or some {about.step} more, but is {found}.", about.meaning)
    if about.choices is not None and isinstance(value, Spec):
        if type(value).__name__ not in about.choices:
            kinds = {each.__name__: each for each in _subclasses(Spec)}
            admissible = " or ".join(title_of(kinds[each]) for each in about.choices)
            raise wrong(f"must be {admissible}, but is {title_of(value)}.", about.meaning)
    elif about.choices is not None and value not in about.choices:
        raise wrong(f"must be one of {', '.join(about.choices)}, but is {quoted(value)}.", about.meaning)
    return value


def _typed(wrong: Callable[[str], FieldError], hint: object, value: object) -> object:
    if get_origin(hint) in (Union, UnionType):
        if value is None and type(None) in get_args(hint):
            return None
        [hint] = [each for each in get_args(hint) if each is not type(None)]
    if get_origin(hint) is tuple:
        [item, *_] = get_args(hint)
        if not isinstance(value, (tuple, list, range)):
            raise wrong(f"should be a list, each {_named(item)}, not {quoted(value)}.")
        return tuple(_typed(wrong, item, each) for each in value)
    if hint is float and isinstance(value, Real) and not isinstance(value, bool | float):
        return _as_float(wrong, value)
    if hint is int and isinstance(value, Integral) and not isinstance(value, bool):  # NumPy's, too
        return int(value)
    if hint is int and isinstance(value, float) and value.is_integer():
        return int(value)
    if not (isinstance(hint, type) and isinstance(value, hint)) or (isinstance(value, bool) and hint is not bool):
        raise wrong(_unlike(hint, value))
    return value


def _as_float(wrong: Callable[[str], FieldError], value: Real) -> float:
    try:
        return float(value)
    except OverflowError:
        raise wrong(f"should be a number, not {quoted(value)}: it is too large.") from None


def _unlike(hint: object, value: object) -> str:
    found = "but is empty" if isinstance(value, str) and not value.strip() else f"not {quoted(value)}"
    return f"should be {_named(hint)}, {found}."


def _limit(number: float) -> str:
    """A limit as a person writes it: 1000000, 0.05."""
    return f"{number:.0f}" if float(number).is_integer() and number < 1e12 else f"{number:g}"


def _named(hint: object) -> str:
    if get_origin(hint) is tuple:
        return f"a list with commas between, each {_named(get_args(hint)[0])}"
    words: dict[object, str] = {
        int: "a whole number",
        float: "a number such as 0.3 or 8/255",
        bool: "true or false",
        str: "a text",
    }
    if isinstance(hint, type) and issubclass(hint, Spec):
        example = None if hint.title else next((each for each in _subclasses(hint) if each.title), None)
        return vars(hint).get("wanted") or (f"one such as {example.__name__}()" if example else hint.__name__)
    return words.get(hint, str(hint))
