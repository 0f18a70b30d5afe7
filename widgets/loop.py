"""The way from a worker thread to the widgets: through the kernel's loop, throttled, the last state always told."""

import asyncio
import threading
from collections.abc import Callable

from widgets.faults import said_on_page


class OnLoop:
    """Calls a function on the loop it was made on, at most once per ``interval`` seconds.

    Calling this object is cheap and safe from any thread. The function takes no argument: it looks at the state
    when it runs, so the last state is always seen, however many calls fell together.
    """

    def __init__(self, call: Callable[[], None], interval: float = 0.15) -> None:
        self._call = call
        self._interval = interval
        self._loop = asyncio.get_running_loop()
        self._lock = threading.Lock()
        self._waiting = False
        self._next = 0.0

    def __call__(self) -> None:
        with self._lock:
            if self._waiting:
                return
            self._waiting = True
        self._loop.call_soon_threadsafe(self._schedule)

    def _schedule(self) -> None:
        self._loop.call_at(max(self._next, self._loop.time()), self._run)

    def _run(self) -> None:
        with self._lock:
            self._waiting = False
        self._next = self._loop.time() + self._interval
        with said_on_page():
            self._call()


class Every:
    """Calls a function on the loop it was made on, now and then, for as long as the loop runs.

    The next call comes ``seconds`` after the end of the last one, so that a slow function never piles up.
    """

    def __init__(self, seconds: float, call: Callable[[], None]) -> None:
        self._seconds = seconds
        self._call = call
        self._loop = asyncio.get_running_loop()
        self._loop.call_later(seconds, self._run)

    def _run(self) -> None:
        with said_on_page():
            self._call()
        self._loop.call_later(self._seconds, self._run)
