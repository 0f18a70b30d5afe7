"""The page Masking."""

from widgets.dashboards.masking.page import ENTRY as ENTRY, MaskingPage as MaskingPage
