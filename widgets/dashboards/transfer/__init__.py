"""The page Transfer."""

from widgets.dashboards.transfer.page import ENTRY as ENTRY, TransferPage as TransferPage
