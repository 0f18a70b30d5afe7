"""The last few of what takes long to make: networks, data sets, planes."""

from collections import OrderedDict
from collections.abc import Callable
from threading import RLock
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class Recent(Generic[Key, Value]):
    """The values used last, at most ``most`` of them, by their keys, for any number of threads.

    Who holds the ``lock`` while a value is made lets others wait for it instead of making it, too; it may be taken
    again by the same thread, for one value may need another.
    """

    def __init__(self, most: int) -> None:
        self.lock = RLock()
        self._most = most
        self._values: OrderedDict[Key, Value] = OrderedDict()

    def get(self, key: Key) -> Value | None:
        """The value of a key, used by that; None when it is not remembered."""
        with self.lock:
            if key in self._values:
                self._values.move_to_end(key)
            return self._values.get(key)

    def keep(self, key: Key, value: Value) -> None:
        """Remember a value; the one that was not used for longest makes room."""
        with self.lock:
            self._values[key] = value
            self._values.move_to_end(key)
            while len(self._values) > self._most:
                self._values.popitem(last=False)

    def forget(self, gone: Callable[[Key], bool] = lambda _: True) -> None:
        """Forget the keys for which ``gone`` is true; all of them unless told."""
        with self.lock:
            for key in [each for each in self._values if gone(each)]:
                del self._values[key]
