"""Results on disk: addressed by key, written atomically, checked on reading."""

from lab.store.store import Damaged, Store

__all__ = ["Damaged", "Store"]
