"""Results on disk: addressed by key, written atomically, checked on reading."""

from lab.store.store import DamagedResult as DamagedResult, Store as Store
