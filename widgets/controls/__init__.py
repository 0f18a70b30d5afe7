"""Controls: what a person sets, with a label, help and an error in words."""

from widgets.controls.choices import Choice as Choice, Option as Option, Several as Several
from widgets.controls.control import Control as Control, Number as Number, Text as Text, Toggle as Toggle
from widgets.controls.images import Images as Images
from widgets.controls.player import Player as Player, Radius as Radius
