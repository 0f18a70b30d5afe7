"""The page Attack explorer."""

from widgets.dashboards.explore.page import ENTRY as ENTRY, ExplorePage as ExplorePage
