"""Results on disk: addressed by key, written atomically, checked on reading."""

from lab.store.store import Damaged as Damaged, Store as Store
