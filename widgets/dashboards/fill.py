"""A form set from a spec: what a permalink or a link of another page opens."""

from typing import Any

from widgets.forms import Form, Variant


def fill(part: Any, value: Any) -> None:
    """Set a form, or a part of one, to a value; fields without a control keep theirs.

    Parts that know how to be set have a ``fill`` of their own; a control takes the value as it is, and judges it as
    it judges what a person types.
    """
    if isinstance(part, Form):
        for name, each in part.parts.items():
            fill(each, getattr(value, name))
    elif isinstance(part, Variant):
        part.kind.value = type(value).__name__
        fill(part.form, value)
    elif hasattr(part, "fill"):
        part.fill(value)
    else:
        part.value = value
