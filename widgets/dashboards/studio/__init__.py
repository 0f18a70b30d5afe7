"""The page Training studio."""

from widgets.dashboards.studio.page import StudioPage as StudioPage
