"""The page Robustness curves."""

from widgets.dashboards.curves.page import CurvesPage

__all__ = ["CurvesPage"]
