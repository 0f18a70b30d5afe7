"""Widgets that are built together reach the browser together, as they are in the end.

ipywidgets sends a widget as soon as it is made, and then whatever is changed: three messages for each of a page.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import ipywidgets as ipw

_building = False
_unsent: dict[ipw.Widget, None] = {}
"""The widgets that wait for the end, in the order in which they were made."""


@contextmanager
def together() -> Iterator[None]:
    """Send the widgets that are made in the context at its end, each in one message and after all those that it holds.

    A widget that was sent before can take up one of these only afterwards.
    """
    global _building
    if _building:
        yield
        return
    _building = True
    try:
        yield
    finally:
        _building = False
        while _unsent:
            _send(next(iter(_unsent)))


def put_off(widget: ipw.Widget) -> bool:
    """Have a widget wait for the end of the context; False where there is none."""
    if _building:
        _unsent[widget] = None
    return _building


def is_put_off(widget: ipw.Widget) -> bool:
    """Return whether a widget waits to be sent."""
    return widget in _unsent


def give_up(widget: ipw.Widget) -> None:
    """Let a widget that waits to be sent wait no longer: it is not wanted any more."""
    _unsent.pop(widget, None)


def _send(widget: ipw.Widget) -> None:
    """Send a widget, and before it what its state refers to."""
    if is_put_off(widget):
        give_up(widget)
        for name in widget.keys:
            for part in _widgets(getattr(widget, name)):
                _send(part)
        widget.open()


def _widgets(value: object) -> Iterator[ipw.Widget]:
    """The widgets in a value of a trait."""
    if isinstance(value, ipw.Widget):
        yield value
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _widgets(each)
    elif isinstance(value, Mapping):
        yield from _widgets([*value.values()])
