"""The page Robustness curves."""

from widgets.dashboards.curves.page import CurvesPage as CurvesPage
