"""What all pages share: the style sheet, a panel of settings, and figures beside it."""

from collections.abc import Sequence
from typing import Any

import anywidget
import ipywidgets as ipw

from widgets.theme import css


class Style(anywidget.AnyWidget):
    """The theme's style sheet, put into the page once, however many pages show it."""

    _esm = "export default {}"
    _css = css()

    def __init__(self) -> None:
        super().__init__(layout=ipw.Layout(display="none"))


def box(children: Sequence[Any], *classes: str) -> ipw.Box:
    """Widgets in an element of these style classes."""
    made = ipw.Box(list(children))
    for name in classes:
        made.add_class(name)
    return made


def text(markup: str, *classes: str) -> ipw.HTML:
    """A piece of HTML of these style classes; what it says must be escaped where it comes from outside."""
    made = ipw.HTML(markup)
    for name in classes:
        made.add_class(name)
    return made


def panel(settings: Sequence[Any], footer: Any) -> ipw.Box:
    """The settings at a page's side, and below them a footer that stays in sight."""
    return box([box(settings, "lab-settings"), box([footer], "lab-panel-footer")], "lab-panel")
