"""The home page."""

from widgets.dashboards.home.page import TITLE, Home

__all__ = ["TITLE", "Home"]
