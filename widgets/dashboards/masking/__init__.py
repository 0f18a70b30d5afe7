"""The page Masking."""

from widgets.dashboards.masking.page import MaskingPage as MaskingPage
