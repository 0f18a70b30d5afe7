"""The page PGD restarts."""

from widgets.dashboards.restarts.page import ENTRY as ENTRY, RestartsPage as RestartsPage
