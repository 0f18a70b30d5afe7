"""The page Transfer."""

from widgets.dashboards.transfer.page import TransferPage

__all__ = ["TransferPage"]
