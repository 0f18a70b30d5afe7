"""Connections before anything was asked for on them: so many may wait, and no more, whoever opens them."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable
from functools import cached_property

from tornado.http1connection import HTTP1ServerConnection
from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPConnection, HTTPHeaders, HTTPMessageDelegate, RequestStartLine, ResponseStartLine
from tornado.iostream import IOStream

MOST_WAITING = 256
"""Connections on which no whole request has come yet; a browser keeps at most six, and opens a closed one again."""

_MOST_FILES = 65_536  # connections, and about fifteen for each kernel: the usual 1,024 are few


class Entrance(HTTPServer):
    """Closes the connection that has waited for the longest when too many wait, so that a new one is always heard."""

    @cached_property
    def _waiting(self) -> dict[IOStream, None]:
        """The connections that wait, in the order in which they began to."""
        return {}

    def start_request(self, server_conn: object, request_conn: HTTPConnection) -> HTTPMessageDelegate:
        """Wait for a request."""
        stream = _stream_of(server_conn)
        self._waiting[stream] = None
        if len(self._waiting) > MOST_WAITING:
            oldest = next(iter(self._waiting))
            del self._waiting[oldest]
            oldest.close()
        asked = super().start_request(server_conn, request_conn)
        return _Whole(asked, lambda: self._waiting.pop(stream, None))

    def on_close(self, server_conn: object) -> None:
        """It waits no more."""
        self._waiting.pop(_stream_of(server_conn), None)
        super().on_close(server_conn)


def _stream_of(connection: object) -> IOStream:
    assert isinstance(connection, HTTP1ServerConnection)  # as all of Tornado's server are
    return connection.stream


class _Whole(HTTPMessageDelegate):
    """Hands a request on, and calls ``arrived`` when the last of it is there."""

    def __init__(self, inner: HTTPMessageDelegate, arrived: Callable[[], object]) -> None:
        self._inner = inner
        self._arrived = arrived

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> Awaitable[None] | None:
        return self._inner.headers_received(start_line, headers)

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
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
