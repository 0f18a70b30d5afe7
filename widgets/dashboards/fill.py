"""Setting the controls of a form from a spec: what a link or a teacher's settings need."""

from typing import Any

from lab.errors import SpecError
from lab.specs import Spec
from lab.specs.models import name_of
from widgets.dashboards.choices import DataChoice, ImageChoice, ModelChoice
from widgets.forms import Form, Variant


def fill(form: Form, spec: Spec) -> None:
    """Set every control of a form to what the spec says; :meth:`Form.spec` then gives an equal spec.

    Raises :class:`SpecError` when the spec names a data set or a model that is not offered here.
    """
    for name, part in form.parts.items():
        put(part, getattr(spec, name))


def put(part: Any, value: Any) -> None:
    """Set one control, or a form inside the form."""
    if isinstance(part, Variant):
        part.kind.value = type(value).__name__
        fill(part.form, value)
    elif isinstance(part, Form):
        fill(part, value)
    elif isinstance(part, DataChoice):
        part.value = _named({name: card.spec for name, card in part.cards.items()}, value)
    elif isinstance(part, ModelChoice):
        part.value = [_named({name: card.spec for name, card in part.cards.items()}, each) for each in value]
    elif isinstance(part, ImageChoice):
        part.value = list(value) if isinstance(value, tuple) else [value]
    elif hasattr(part, "cards"):
        part.value = _named({name: card.spec for name, card in part.cards.items()}, value)
    else:
        part.value = value


def _named(known: dict[str, Spec], wanted: Any) -> str:
    for name, spec in known.items():
        if spec == wanted:
            return name
    missing = getattr(wanted, "name", "") or name_of(wanted)
    raise SpecError(f"'{missing}' is not offered here; there is {', '.join(known) or 'nothing'}.")
