"""Controls: what a person sets, with a label, help and an error in words."""

from widgets.controls.choices import Choice, Option, Several
from widgets.controls.control import Control, Number, Text, Toggle
from widgets.controls.images import Images
from widgets.controls.player import Player, Radius

__all__ = ["Choice", "Control", "Images", "Number", "Option", "Player", "Radius", "Several", "Text", "Toggle"]
