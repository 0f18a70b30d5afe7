"""Forms generated from specs: a control per field, by its type, range and meaning."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, Protocol, TypeVar, get_args, get_origin

import traitlets as t

from lab.errors import FieldError, SpecError
from lab.specs import ModelSpec, Param, Spec, params
from lab.specs.sentences import labelled
from lab.specs.spec import default_of, kinds_of, label_of, title_of, types_of
from lab.specs.summary import summary
from widgets.controls import Choice, Control, Number, Option, Text, Toggle
from widgets.parts.lists import Listed, Numbers, Variants
from widgets.plain import Box, Words

_WIDE = 1e5  # a linear slider over more than this could not be set to anything in particular


class Part(Protocol):
    """Part of a form: a control or another form."""

    def read(self) -> object:
        """The value for the spec. Raises :class:`SpecError`, in words for a person."""

    def write(self, value: Any) -> None:
        """Set the part so that it reads as this value. Raises :class:`SpecError` when it cannot."""

    def observe(self, handler: Callable[[t.Bunch], object], names: str) -> None:
        """Call the handler when the trait of that name changes."""


S_co = TypeVar("S_co", bound=Spec, covariant=True)


class Form(Box, Generic[S_co]):
    """The fields of a spec. ``changes`` counts what was changed, for others to observe; ``opening`` is the spec itself.

    ``groups`` puts named fields under headings, in that order (without it all fields follow each other);
    ``given`` are parts for fields that no type decides, such as which images; ``skip`` are fields that keep
    the default's value; ``usual`` are slider ranges that differ from the spec's. A field that counts only with a value
    of another one is there only with it.
    """

    changes = t.Int(0)

    def __init__(
        self,
        default: S_co,
        groups: Mapping[str, Sequence[str]] | None = None,
        given: Mapping[str, Part] | None = None,
        skip: Sequence[str] = (),
        usual: Mapping[str, tuple[float, float]] | None = None,
    ) -> None:
        self._default = self.opening = default
        about = {name: param for name, param in params(default).items() if name not in skip}
        given = given or {}
        self.parts: dict[str, Part] = {
            name: given.get(name) or part_for(default, name, param, (usual or {}).get(name))
            for name, param in about.items()
        }
        self._groups = groups
        self._idle = self._without_effect()
        super().__init__(self._laid_out(), "lab-form")
        for part in self.parts.values():
            part.observe(self._changed, "changes" if isinstance(part, Form | Variant | Variants) else "value")

    def spec(self) -> S_co:
        """The spec as it is set. Every complaint is shown at its field; the first one is raised."""
        values: dict[str, object] = {}
        complaints: list[SpecError] = []
        for name, part in self.parts.items():
            try:
                values[name] = default_of(type(self._default), name) if name in self._idle else part.read()
                _complain(part, "")
            except SpecError as error:
                complaints.append(_refused(part, error))
        while True:  # until all are complained of that cannot be beside the others
            try:
                spec = self._default.replace(**values)
                break
            except FieldError as error:
                if error.field not in values:
                    raise
                del values[error.field]
                complaints.append(_refused(self.parts[error.field], error))
        if complaints:
            raise complaints[0]
        return spec

    read = spec

    def write(self, value: Spec) -> None:
        """Set every part as the spec has it; fields without a part take the spec's value too.

        Raises :class:`SpecError` for a spec of another kind, and when a part cannot have its value.
        """
        if not isinstance(value, type(self.opening)):
            raise SpecError("These settings are of another kind and cannot be set here.")
        self._default = value
        for name, part in self.parts.items():
            part.write(getattr(value, name))

    def count(self, name: str, reach: float, steps: int) -> None:
        """Let a number's slider go up to there in so many steps; in none of them, as the spec has it."""
        part = self.parts[name]
        assert isinstance(part, Number)
        part.step = reach / steps if steps else 0.0
        part.usual = [0.0, reach] if steps else list(_slider(params(self._default)[name]))

    def stretch(self, name: str, factor: float) -> None:
        """Let a number's slider reach this many times as far as the spec has it."""
        part = self.parts[name]
        assert isinstance(part, Number)
        part.usual = [factor * each for each in _slider(params(self._default)[name])]

    def take_out(self, name: str) -> Part | Box:
        """A field's part that no group names, or the "kind" or "fields" of a variant, such as "ball.fields"."""
        name, _, piece = name.partition(".")
        part = self.parts[name]
        return part.take_out(piece) if isinstance(part, Variant) else part

    def _laid_out(self) -> Sequence[Part | Box]:
        there = {name: part for name, part in self.parts.items() if name not in self._idle}
        if self._groups is None:
            return list(there.values())
        return [
            Box([Words(heading=title), *(there[name] for name in names if name in there)], "lab-section")
            for title, names in self._groups.items()
        ]

    def _without_effect(self) -> set[str]:
        """The fields that do not count beside the values of the others."""
        conditions = {name: params(self._default)[name].only_with for name in self.parts}
        return {name for name, only in conditions.items() if only and _set_to(self.parts[only[0]]) != only[1]}

    def _changed(self, _: object) -> None:
        idle = self._without_effect()
        if idle != self._idle:
            self._idle = idle
            self.children = self._laid_out()
        self.changes += 1


class Variant(Box):
    """One spec of some kinds, such as the norm of a ball: which one, then its own fields."""

    changes = t.Int(0)

    def __init__(self, default: Spec, kinds: Sequence[type[Spec]], label: str, meaning: str = "") -> None:
        members = {kind.__name__: kind for kind in kinds}
        self._forms = {type(default).__name__: _form(default)}
        self._members = members
        self._taken: dict[str, Box] = {}
        options = [Option(value=name, label=title_of(kind), help=summary(kind)) for name, kind in members.items()]
        self.kind = Choice(value=type(default).__name__, label=label, help=meaning, options=options)
        super().__init__([self.kind], "lab-form")
        self.kind.observe(self._changed, "value")
        self._forms[self.kind.value].observe(self._changed, "changes")
        self._show()

    def read(self) -> Spec:
        """The chosen spec with its fields as they are set."""
        try:
            name = self.kind.chosen()
        except SpecError as error:
            self.kind.error = labelled(error)
            raise
        self.kind.error = ""
        return self._form(name).spec()

    def write(self, value: Spec) -> None:
        """Choose the spec's kind and set its fields."""
        self._form(type(value).__name__).write(value)
        self.kind.write(type(value).__name__)

    def take_out(self, piece: str) -> Box:
        """The ``kind`` or its ``fields``, for another place on the page; here stays the other."""
        self._taken = {piece: Box([], "lab-form")}
        self._show()
        return self._taken[piece]

    @property
    def form(self) -> Form[Spec]:
        """The fields of the chosen spec."""
        return self._form(self.kind.chosen())

    def form_of(self, kind: type[Spec]) -> Form[Spec]:
        """The fields of one of the kinds, whether or not it is the chosen one."""
        return self._form(kind.__name__)

    def _form(self, name: str) -> Form[Spec]:
        if name not in self._forms:
            self._forms[name] = _form(self._members[name]())
            self._forms[name].observe(self._changed, "changes")
        return self._forms[name]

    def _show(self) -> None:
        known = isinstance(self.kind.value, str) and self.kind.value in self._members
        pieces = {"kind": [self.kind], "fields": [self.form] if known else []}
        for name, box in self._taken.items():
            box.children = pieces.pop(name)
        self.children = [each for piece in pieces.values() for each in piece]

    def _changed(self, change: t.Bunch) -> None:
        if change["owner"] is self.kind:
            self._show()
        self.changes += 1


def part_for(default: Spec, name: str, param: Param, usual: tuple[float, float] | None = None) -> Part:
    """The control, or the form, for one field of a spec."""
    hint = types_of(type(default))[name]
    value = getattr(default, name)
    about = {"label": label_of(default, name), "help": sentence(param.meaning)}
    if isinstance(value, Spec):
        kinds = kinds_of(default, name)
        return Variant(value, kinds, about["label"], about["help"]) if len(kinds) > 1 else _form(value)
    if param.choices is not None:
        options = [Option(value=choice, label=choice) for choice in param.choices]
        return Choice(value=value, options=options, **about)
    if hint is bool:
        return Toggle(value=value, **about)
    if hint in (int, float):
        step = param.step if hint is int else 0
        return Number(
            value=value,
            usual=list(usual or _slider(param)),
            logarithmic=param.log,
            step=step,
            unit=param.unit,
            zero=param.zero,
            **about,
        )
    if hint is str:
        return Text(value=value, **about)
    if get_origin(hint) is tuple:
        return _several(default, name, about)
    raise SpecError(f"{type(default).__name__}.{name} has no control of its own: give the form one.")


def _several(default: Spec, name: str, about: dict[str, str]) -> Part:
    """The part for a field that holds several numbers, models, or specs of a family."""
    value, item = getattr(default, name), get_args(types_of(type(default))[name])[0]
    if item in (int, float):
        numbers = Numbers(whole=item is int, **about)
        numbers.write(value)
        return numbers
    if issubclass(item, ModelSpec):
        return Listed(value, **about)
    members = {kind.__name__: kind for kind in kinds_of(default, name)}
    options = [Option(value=name, label=title_of(kind), help=summary(kind)) for name, kind in members.items()]
    return Variants(value, options, lambda name, default: _form(default or members[name]()), **about)


def has_control(spec: Spec, name: str) -> bool:
    """Return whether a field can be set in a generated form; a single model needs a form that says which ones fit."""
    hint, value = types_of(type(spec))[name], getattr(spec, name)
    if isinstance(value, Spec):
        return not isinstance(value, ModelSpec)
    return params(spec)[name].choices is not None or hint in (bool, int, float, str) or get_origin(hint) is tuple


def _form(spec: Spec) -> Form[Spec]:
    """A form of the fields that have a control; the others keep their values."""
    return Form(spec, skip=[name for name in params(spec) if not has_control(spec, name)])


def _slider(param: Param) -> tuple[float, ...]:
    if param.usual is not None:
        return param.usual
    if param.low is None or param.high is None or (not param.log and param.high - param.low > _WIDE):
        return ()
    return (param.low, param.high)


def sentence(meaning: str) -> str:
    """The meaning of a field as a sentence of its own."""
    return f"{meaning[:1].upper()}{meaning[1:]}." if meaning else ""


def _set_to(part: Part) -> object:
    """What a part is set to; None where that cannot be read."""
    try:
        return part.read()
    except SpecError:
        return None


def _refused(part: Part, error: SpecError) -> SpecError:
    """The refusal with the label of the part it is about, at which it is said, too."""
    told = SpecError(labelled(error, getattr(part, "label", "")))
    _complain(part, str(told))
    return told


def _complain(part: Part, words: str) -> None:
    if isinstance(part, Control):
        part.error = words
