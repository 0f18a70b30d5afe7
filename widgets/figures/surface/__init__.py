"""The loss around an image."""

from widgets.figures.surface.contours import contour_map as contour_map, map_frame as map_frame
from widgets.figures.surface.cross_sections import (
    cross_sections as cross_sections,
    cross_sections_frame as cross_sections_frame,
)
from widgets.figures.surface.three_d import surface_3d as surface_3d
