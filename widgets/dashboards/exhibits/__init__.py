"""The page Exhibits."""

from widgets.dashboards.exhibits.page import ENTRY as ENTRY, ExhibitsPage as ExhibitsPage
