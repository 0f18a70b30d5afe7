"""The page Exhibits."""

from widgets.dashboards.exhibits.page import ExhibitsPage as ExhibitsPage
