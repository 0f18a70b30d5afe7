"""Parts of a form for fields that hold several values: numbers, specs of a family, models."""

from collections.abc import Callable, Collection, Iterable
from typing import Protocol

import traitlets as t

from lab.catalogue import models
from lab.errors import SpecError
from lab.pairing import usable
from lab.specs import ModelSpec, Spec
from lab.specs.sentences import labelled
from lab.specs.spec import parse_number
from widgets.controls import Option, Several, Text
from widgets.plain import Box
from widgets.theme import model_paint

MOST = 6  # specs or models in one list


class Numbers(Text):
    """Numbers with commas between them; ``whole`` ones if it says so."""

    whole = t.Bool(False)

    def read(self) -> tuple[float, ...]:
        """The numbers. Raises :class:`SpecError` where one is none."""
        kind: Callable[[str], float] = int if self.whole else parse_number
        named = "whole numbers" if self.whole else "numbers"
        typed = super().read()
        try:
            return tuple(kind(each) for each in str(typed).split(",")) if str(typed).strip() else ()
        except ValueError:
            raise SpecError(f"{self.label} should be {named} with commas between, not {typed!r:.60}.") from None

    def write(self, value: Iterable[float]) -> None:
        """Show these numbers."""
        self.value = ", ".join(map(str, value))


class SpecForm(Protocol):
    """The fields of one spec, as :class:`widgets.parts.forms.Form` has them."""

    def spec(self) -> Spec:
        """The spec as it is set. Raises :class:`SpecError`."""

    def write(self, value: Spec) -> None:
        """Set every field as the spec has it."""

    def observe(self, handler: Callable[[t.Bunch], object], names: str) -> None:
        """Call the handler when the trait of that name changes."""


class Variants(Box):
    """Several specs of a family, one of a kind: which ones, in the order of choosing, then the fields of each."""

    changes = t.Int(0)

    def __init__(
        self,
        value: tuple[Spec, ...],
        options: list[Option],
        make: Callable[[str, Spec | None], SpecForm],
        **about: object,
    ) -> None:
        self._make = make
        self.forms: dict[str, SpecForm] = {}
        self.kinds = Several(options=options, most=MOST, **about)
        super().__init__([self.kinds], "lab-form")
        self.kinds.observe(self._changed, "value")
        self.write(value)

    def read(self) -> tuple[Spec, ...]:
        """The chosen specs with their fields as they are set."""
        try:
            names = self.kinds.chosen()
            if len(set(names)) < len(names):
                raise SpecError(f"{self.kinds.label} must not contain the same kind twice.")
        except SpecError as error:
            self.kinds.error = labelled(error)
            raise
        self.kinds.error = ""
        return tuple(self._form(name).spec() for name in names)

    def write(self, value: tuple[Spec, ...]) -> None:
        """Choose these specs. Raises :class:`SpecError` for two of a kind."""
        names = [type(each).__name__ for each in value]
        if len(set(names)) < len(names):
            raise SpecError(f"{self.kinds.label} must not contain the same kind twice.")
        for name, each in zip(names, value, strict=True):
            self._form(name, each).write(each)
        self.kinds.write(names)

    def _form(self, name: str, value: Spec | None = None) -> SpecForm:
        if name not in self.forms:
            self.forms[name] = self._make(name, value)
            self.forms[name].observe(self._changed, "changes")
        return self.forms[name]

    def _changed(self, change: t.Bunch) -> None:
        if change["owner"] is self.kinds:
            chosen = self.kinds.value if isinstance(self.kinds.value, list | tuple) else ()
            known = {option["value"] for option in self.kinds.options}
            names = dict.fromkeys(each for each in chosen[:MOST] if isinstance(each, str) and each in known)
            self.children = [self.kinds, *(self._form(name) for name in names)]
        self.changes += 1


class Listed(Several):
    """Several of the models that this installation lists, each with its data; a visitor can name no others."""

    def __init__(self, value: tuple[Spec, ...], **about: object) -> None:
        found = usable(models())
        self._specs = {card.name: card.spec for card in found}
        options = [
            Option(value=card.name, label=card.name, colour=model_paint(card.name), note=card.data) for card in found
        ]
        here = [name for name, spec in self._specs.items() if spec in value]
        super().__init__(options=options, most=MOST, value=here, **about)

    def read(self) -> tuple[ModelSpec, ...]:
        """The chosen models."""
        return tuple(self._specs[name] for name in self.chosen())

    def write(self, value: Collection[ModelSpec]) -> None:
        """Choose these models. Raises :class:`SpecError` when one is not listed."""
        names = {spec: name for name, spec in self._specs.items()}
        if not all(each in names for each in value):
            raise SpecError(f"One of the {self.label.lower()} is not listed here.")
        self.value = [names[each] for each in value]
