"""The page Masking."""

from widgets.dashboards.masking.page import MaskingPage

__all__ = ["MaskingPage"]
