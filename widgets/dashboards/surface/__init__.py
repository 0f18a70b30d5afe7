"""The page Loss surface."""

from widgets.dashboards.surface.page import ENTRY as ENTRY, SurfacePage as SurfacePage
