"""The page Training studio."""

from widgets.dashboards.studio.page import StudioPage

__all__ = ["StudioPage"]
