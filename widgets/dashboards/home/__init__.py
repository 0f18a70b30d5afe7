"""The home page."""

from widgets.dashboards.home.page import TITLE as TITLE, Home as Home
