"""At most so many times a second, and always once more after the last request."""

import threading
from collections.abc import Callable
from time import monotonic

from tornado.ioloop import IOLoop


def _a_tenth() -> float:
    return 0.1


class Throttle:
    """Calls ``act`` when requested, with at least ``interval()`` seconds between; the last request is never lost.

    A request may come from any thread. It acts at once in that thread when it is due, else later on the loop's.
    """

    def __init__(self, loop: IOLoop, act: Callable[[], None], interval: Callable[[], float] = _a_tenth) -> None:
        self._loop = loop
        self._act = act
        self._interval = interval
        self._lock = threading.Lock()
        self._due = 0.0
        self._waiting = False

    def request(self) -> None:
        """Have ``act`` called, now or as soon as it is due."""
        with self._lock:
            if self._waiting:
                return
            wait = self._due - monotonic()
            if wait > 0:
                self._waiting = True
                self._loop.add_callback(self._loop.call_later, wait, self._fire)
                return
            self._due = monotonic() + self._interval()
        self._act()

    def _fire(self) -> None:
        with self._lock:
            self._waiting = False
            self._due = monotonic() + self._interval()
        self._act()
