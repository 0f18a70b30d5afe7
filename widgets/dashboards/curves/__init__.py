"""The page Robustness curves."""

from widgets.dashboards.curves.page import ENTRY as ENTRY, CurvesPage as CurvesPage
