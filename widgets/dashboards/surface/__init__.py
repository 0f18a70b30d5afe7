"""The page Loss surface."""

from widgets.dashboards.surface.page import SurfacePage as SurfacePage
