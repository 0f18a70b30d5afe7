"""The loss around an image."""

from widgets.figures.surface.contours import contour_map, map_frame
from widgets.figures.surface.cross_sections import cuts, cuts_frame
from widgets.figures.surface.three_d import mountains

__all__ = [
    "contour_map",
    "cuts",
    "cuts_frame",
    "map_frame",
    "mountains",
]
