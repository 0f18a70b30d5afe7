"""The page Transfer."""

from widgets.dashboards.transfer.page import TransferPage as TransferPage
