"""Connections before anything was asked for on them: so many may wait, and no more, whoever opens them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPMessageDelegate

MOST_WAITING = 256
"""Connections on which no whole request has come yet; a browser keeps at most six, and opens a closed one again."""

_MOST_FILES = 65_536  # connections, and about fifteen for each kernel: the usual 1,024 are few


class Entrance(HTTPServer):
    """Closes the connection that has waited for the longest when too many wait, so that a new one is always heard."""

    def initialize(self, *arguments: Any, **options: Any) -> None:
        """As Tornado's."""
        self._waiting: dict[Any, None] = {}  # in the order in which they began to
        super().initialize(*arguments, **options)

    def start_request(self, server_conn: Any, request_conn: Any) -> HTTPMessageDelegate:
        """Wait for a request."""
        stream = server_conn.stream
        self._waiting[stream] = None
        if len(self._waiting) > MOST_WAITING:
            oldest = next(iter(self._waiting))
            del self._waiting[oldest]
            oldest.close()
        asked = super().start_request(server_conn, request_conn)
        return _Whole(asked, lambda: self._waiting.pop(stream, None))

    def on_close(self, server_conn: Any) -> None:
        """It waits no more."""
        self._waiting.pop(server_conn.stream, None)
        super().on_close(server_conn)


class _Whole(HTTPMessageDelegate):
    """Hands a request on, and calls ``arrived`` when the last of it is there."""

    def __init__(self, inner: HTTPMessageDelegate, arrived: Callable[[], object]) -> None:
        self._inner = inner
        self._arrived = arrived

    def headers_received(self, start_line: Any, headers: Any) -> Any:
        return self._inner.headers_received(start_line, headers)

    def data_received(self, chunk: bytes) -> Any:
        return self._inner.data_received(chunk)

    def finish(self) -> None:
        self._arrived()
        self._inner.finish()

    def on_connection_close(self) -> None:
        self._inner.on_connection_close()


def allow_many_files() -> None:
    """Let this process have as many connections open as its owner may allow it."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, _MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < most:
        with contextlib.suppress(OSError, ValueError):  # some systems allow less than they say
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
