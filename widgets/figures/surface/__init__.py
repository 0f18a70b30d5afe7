"""The loss around an image."""

from widgets.figures.surface.contours import contour_map as contour_map, map_frame as map_frame
from widgets.figures.surface.cross_sections import cuts as cuts, cuts_frame as cuts_frame
from widgets.figures.surface.three_d import mountains as mountains
