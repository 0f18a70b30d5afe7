"""What is chosen on the page Transfer: several attacks with their settings, radii, and a place in the matrix."""

from collections.abc import Sequence
from typing import Any

import traitlets as t

from lab.errors import SpecError
from lab.specs import AttackSpec, params
from lab.specs.spec import family_of
from lab.specs.transfer import MOST_ATTACKS, MOST_EPS, MOST_MODELS
from widgets.controls import Choice, Option, Several, Text
from widgets.dashboards.choices import ModelChoice
from widgets.forms import Form, has_control
from widgets.plain import Box
from widgets.words import words


class Sources(ModelChoice):
    """Several models, each of them source and target."""

    def __init__(self, preferred: tuple[str, ...], most: int = MOST_MODELS) -> None:
        super().__init__(preferred, most=most)


class Attacks(Box):
    """Several attacks, each kind once, and the settings of one of them at a time. ``value`` counts the changes."""

    value = t.Int(0)

    def __init__(self, attacks: Sequence[AttackSpec]) -> None:
        self._kinds = {kind.__name__: kind for kind in family_of(AttackSpec)}
        options = [Option(value=name, label=words(name), help=_said(kind)) for name, kind in self._kinds.items()]
        self.chosen = Several(label="Attacks", options=options, most=MOST_ATTACKS)
        self.edited = Choice(label="Settings of")
        self._forms: dict[str, Form] = {}
        super().__init__([], "lab-form")
        self.write(attacks)
        self.chosen.observe(self._changed, "value")
        self.edited.observe(self._turned, "value")

    def read(self) -> tuple[AttackSpec, ...]:
        """The chosen attacks as they are set. Raises :class:`SpecError` in words, which stand at the field."""
        try:
            names = self.chosen.read()
        except SpecError as error:
            self.chosen.error = str(error)
            raise
        self.chosen.error = ""
        return tuple(self.form(name).spec() for name in names)

    def write(self, attacks: Sequence[AttackSpec]) -> None:
        """Choose these attacks as they are set. Raises :class:`SpecError` for two of a kind, which need Python."""
        names = [type(each).__name__ for each in attacks]
        if len(set(names)) < len(names):
            raise SpecError("This page shows each kind of attack once: compare two settings of one in Python.")
        self._forms |= {name: self._form(each) for name, each in zip(names, attacks, strict=True)}
        self.chosen.value = names
        self._offer()

    def form(self, name: str) -> Form:
        """The settings of one kind of attack, chosen or not."""
        if name not in self._forms:
            self._forms[name] = self._form(self._kinds[name]())
        return self._forms[name]

    def _form(self, attack: AttackSpec) -> Form:
        form = Form(attack, skip=[name for name in params(attack) if not has_control(attack, name)])
        form.observe(self._changed, "changes")
        return form

    def _changed(self, change: Any) -> None:
        if change["owner"] is self.chosen:
            self._offer()
        self.value += 1

    def _offer(self) -> None:
        """Offer the settings of the chosen attacks, those of the last one first."""
        value = self.chosen.value if isinstance(self.chosen.value, list | tuple) else []
        names = [name for name in value if name in self._kinds]
        self.edited.options = [dict(Option(value=name, label=words(name))) for name in names]
        if self.edited.value not in names:
            self.edited.value = names[-1] if names else None
        self._turned()

    def _turned(self, _: Any = None) -> None:
        name = self.edited.value
        known = isinstance(name, str) and name in self._kinds
        self.children = [self.chosen, *([self.edited, self.form(name)] if known else [])]


class Radii(Text):
    """Numbers with commas between them."""

    def __init__(self, eps: Sequence[float]) -> None:
        help_ = "Further radii of the ball, for the curves; leave it empty for none."
        super().__init__(label="ε of the curves", help=help_)
        self.write(eps)

    def read(self) -> tuple[float, ...]:
        """The radii. Raises :class:`SpecError` when they are no numbers."""
        text = str(super().read())
        parts = [each.strip() for each in text.split(",") if each.strip()]
        if len(parts) > MOST_EPS:
            raise SpecError(f"The curves have at most {MOST_EPS} further ε.")
        try:
            return tuple(dict.fromkeys(float(each) for each in parts))
        except ValueError:
            raise SpecError("The ε of the curves are numbers with commas between them, such as 0.1, 0.2.") from None

    def judged(self, spec: Any) -> Any:
        """The spec, if its ball admits all radii. Raises :class:`SpecError`, which stands at the field.

        A form judges one field at a time, and no radius by the norm.
        """
        try:
            spec.balls  # noqa: B018 - asked for its refusal
        except SpecError as error:
            self.error = str(error)
            raise
        return spec

    def write(self, eps: Sequence[float]) -> None:
        """Show these radii."""
        self.value = ", ".join(f"{each:g}" for each in eps)


def _said(kind: type[AttackSpec]) -> str:
    return (kind.__doc__ or "").strip().splitlines()[0]
