"""Controls of the page Transfer: several attacks with their settings, radii, and a cell of the matrix."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import count
from typing import TypeVar, cast

import traitlets as t

from lab.errors import SpecError
from lab.specs import AttackSpec, Ball, Masking, RobustnessCurves, Spec, TransferMatrix, params
from lab.specs.opening import in_proportion
from lab.specs.sentences import labelled
from lab.specs.spec import kinds_of, parse_number, title_of
from lab.specs.summary import summary
from lab.specs.threat import radius
from lab.specs.transfer import MOST_ATTACKS, MOST_EPS, MOST_MODELS
from widgets.controls import Choice, Option, Several, Text
from widgets.parts.choices import ModelChoice
from widgets.parts.forms import Form, Variant, has_control
from widgets.plain import Box, Plain

M = TypeVar("M", TransferMatrix, Masking)


class SourcesAndTargets(ModelChoice):
    """Several models, each of them source and target."""

    def __init__(self, preferred: tuple[str, ...], most: int = MOST_MODELS) -> None:
        super().__init__(preferred, most=most)


class Again(Plain):
    """A button that asks for one more of ``kind``; pressed, it calls ``press()``."""

    _esm = """
    export default {
      render({ model, el }) {
        const button = Object.assign(document.createElement("button"), { type: "button", className: "lab-button" });
        button.addEventListener("click", () => model.send("again"));
        const show = () => {
          button.textContent = `Add another ${model.get("kind")}`;
          el.hidden = !model.get("kind");
        };
        model.on("change:kind", show);
        el.append(button);
        show();
      },
    };
    """

    kind = t.Unicode().tag(sync=True)

    def __init__(self, press: Callable[[], None]) -> None:
        super().__init__()
        self.on_msg(lambda _, content, __: press() if content == "again" and self.kind else None)


class Attacks(Box):
    """Several of the attacks that an analysis takes, and the settings of one at a time. ``value`` counts the changes.

    With ``repeats``, a kind can be chosen again with other settings. An attack is known by its kind and, from the
    second of a kind on, by a number: "PGD 2".
    """

    value = t.Int(0)

    def __init__(self, spec: TransferMatrix | RobustnessCurves, repeats: bool = False) -> None:
        self._kinds = {kind.__name__: cast(type[AttackSpec], kind) for kind in kinds_of(spec, "attacks")}
        self._repeats = repeats
        self._forms: dict[str, Form[AttackSpec]] = {}
        self.chosen = Several(label="Attacks", most=MOST_ATTACKS)
        self.edited = Choice(label="Settings of")
        self.again = Again(self.repeat)
        super().__init__([], "lab-form")
        self.write(spec.attacks)
        self.chosen.observe(self._changed, "value")
        self.edited.observe(self._turned, "value")

    def read(self) -> tuple[AttackSpec, ...]:
        """The chosen attacks as they are set. Raises :class:`SpecError` in words, which stand at the field."""
        try:
            found = tuple(self.form(name).spec() for name in self.chosen.chosen())
            if len(set(found)) < len(found):
                raise SpecError("Two of the attacks have the same settings: change one of them.")
        except SpecError as error:
            self.chosen.error = labelled(error)
            raise
        self.chosen.error = ""
        return found

    def write(self, attacks: Sequence[AttackSpec]) -> None:
        """Choose these attacks as they are set. Raises :class:`SpecError` for two of a kind without ``repeats``."""
        kinds = [type(each).__name__ for each in attacks]
        if len(set(kinds)) < len(kinds) and not self._repeats:
            raise SpecError("This page shows each kind of attack once: compare two settings of one in Python.")
        names = [_numbered(kind, kinds[: i + 1].count(kind)) for i, kind in enumerate(kinds)]
        self._forms |= {name: self._form(each) for name, each in zip(names, attacks, strict=True)}
        self.chosen.value = names
        self._offer()

    def repeat(self) -> None:
        """Choose another of the kind whose settings are shown, set like that one until one of the two is changed."""
        names = self._names()
        if self.edited.value not in names or len(names) >= self.chosen.most:
            return
        kind = _kind(self.edited.value)
        name = next(name for i in count(2) if (name := _numbered(kind, i)) not in names)
        self._forms[name] = self._form(self.form(self.edited.value).spec())
        self.chosen.value = [*names, name]
        self.edited.value = name

    def form(self, name: str) -> Form[AttackSpec]:
        """The settings of an attack, chosen or not."""
        if name not in self._forms:
            self._forms[name] = self._form(self._kinds[name]())
        return self._forms[name]

    def _form(self, attack: AttackSpec) -> Form[AttackSpec]:
        form = Form(attack, skip=[name for name in params(attack) if not has_control(attack, name)])
        form.observe(self._changed, "changes")
        return form

    def _label(self, name: str) -> str:
        return " ".join([title_of(self._kinds[_kind(name)]), *name.split()[1:]])

    def _names(self) -> list[str]:
        """The names of the chosen attacks, as far as they are known."""
        value = self.chosen.value if isinstance(self.chosen.value, list | tuple) else []
        return [name for name in value if isinstance(name, str) and (name in self._kinds or name in self._forms)]

    def _changed(self, change: t.Bunch) -> None:
        if change["owner"] is self.chosen:
            self._offer()
        self.value += 1

    def _offer(self) -> None:
        """Offer all kinds, each followed by its repetitions, and the settings of the chosen attacks, the last first."""
        names = self._names()
        repeated = {kind: [name for name in names if _kind(name) == kind and name != kind] for kind in self._kinds}
        self.chosen.options = [
            Option(value=name, label=self._label(name), help=summary(kind))
            for kind_name, kind in self._kinds.items()
            for name in (kind_name, *repeated[kind_name])
        ]
        self.edited.options = [Option(value=name, label=self._label(name)) for name in names]
        if self.edited.value not in names:
            self.edited.value = names[-1] if names else None
        self._turned()

    def _turned(self, _: object = None) -> None:
        name = self.edited.value
        known = name in self._names()
        room = self._repeats and known and len(self._names()) < self.chosen.most
        self.again.kind = _kind(name) if room else ""
        self.children = [self.chosen, *([self.edited, self.form(name), self.again] if known else [])]


class EpsText(Text):
    """Numbers with commas between them."""

    def __init__(self, eps: Sequence[float]) -> None:
        help_ = "Further ε of the threat model, for the curves; leave it empty for none."
        super().__init__(label="ε of the curves", help=help_)
        self.write(eps)

    def read(self) -> tuple[float, ...]:
        """The radii. Raises :class:`SpecError` when they are not numbers."""
        text = str(super().read())
        parts = [each.strip() for each in text.split(",") if each.strip()]
        if len(parts) > MOST_EPS:
            raise SpecError(f"The curves have at most {MOST_EPS} further ε.")
        try:
            return tuple(dict.fromkeys(parse_number(each) for each in parts))
        except ValueError:
            raise SpecError("The ε of the curves are numbers with commas between them, such as 0.1, 0.2.") from None

    def follow(self, form: Form[Spec]) -> None:
        """Keep the radii in proportion to that of the form's threat model when one of another norm is chosen."""
        ball = form.parts["ball"]
        assert isinstance(ball, Variant)
        before = cast(Ball, ball.read())

        def scale(_: object) -> None:
            nonlocal before
            with suppress(SpecError):  # said at the field
                now = cast(Ball, ball.read())
                if now.eps and before.eps:
                    if type(now) is not type(before):
                        self.write(in_proportion(self.read(), now.eps / before.eps))
                    before = now

        ball.observe(scale, "changes")

    def judged(self, spec: M) -> M:
        """The spec, if its ball admits all radii. Raises :class:`SpecError`, which stands at the field.

        A form judges one field at a time, and no radius by the norm.
        """
        try:
            spec.balls  # noqa: B018 - asked for its refusal
        except SpecError as error:
            self.error = labelled(error)
            raise
        return spec

    def write(self, eps: Sequence[float]) -> None:
        """Show these radii, so that :meth:`read` gives back the same: 0.1, or 2/255."""
        self.value = ", ".join(map(_exactly, eps))


def _exactly(eps: float) -> str:
    shown = radius(eps)
    return shown if parse_number(shown) == eps else str(eps)


def _numbered(kind: str, number: int) -> str:
    return kind if number == 1 else f"{kind} {number}"


def _kind(name: str) -> str:
    return name.split()[0]
