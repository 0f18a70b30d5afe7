"""The page Training studio."""

from widgets.dashboards.studio.page import ENTRY as ENTRY, StudioPage as StudioPage
