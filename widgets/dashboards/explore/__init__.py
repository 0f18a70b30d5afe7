"""The page Attack explorer."""

from widgets.dashboards.explore.page import ExplorePage as ExplorePage
