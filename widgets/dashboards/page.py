"""What all pages share: the style sheet, and a panel of settings."""

from collections.abc import Iterable
from typing import Any

from widgets.plain import Box, Plain
from widgets.theme import css


class Style(Plain):
    """The theme's style sheet; a page that holds it is styled, however many pages do."""

    _esm = "export default {}"
    _css = css()

    def __init__(self) -> None:
        super().__init__()
        self.add_class("lab-style")


def panel(settings: Iterable[Any], footer: Any) -> Box:
    """The settings at a page's side, and below them a footer that stays in sight."""
    return Box([Box(settings, "lab-settings"), Box([footer], "lab-panel-footer")], "lab-panel")
