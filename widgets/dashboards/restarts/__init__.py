"""The page PGD restarts."""

from widgets.dashboards.restarts.page import RestartsPage as RestartsPage
