"""A server of published files on this machine, which can do what servers and networks do."""

import re
import threading
import time
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Mirror:
    """``files`` by path; ``asked`` what was asked for, with the byte from which on.

    ``cut`` ends each connection after so many bytes, ``slow`` waits that long before each of 64 kB; ``ranges`` says
    whether beginnings can be left out.
    """

    def __init__(self, address):
        self.address = address
        self.files = {}
        self.asked = []
        self.cut = None
        self.slow = 0.0
        self.ranges = True
        self.status = {}

    def answer(self, handler):
        name = handler.path.lstrip("/")
        found = re.fullmatch(r"bytes=(\d+)-", handler.headers.get("Range", ""))
        start = int(found[1]) if found and self.ranges else 0
        self.asked.append((name, int(found[1]) if found else 0))
        content = self.files.get(name)
        if content is None or name in self.status:
            return handler.send_error(self.status.get(name, 404))
        if start >= len(content) > 0:
            return handler.send_error(416)
        handler.send_response(206 if start else 200)
        if start:
            handler.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        handler.send_header("Content-Length", str(len(content) - start))
        handler.end_headers()
        rest = content[start:] if self.cut is None else content[start : start + self.cut]
        for i in range(0, len(rest), 1 << 16):
            time.sleep(self.slow)
            handler.wfile.write(rest[i : i + (1 << 16)])
        return None


@contextmanager
def mirror():
    """A running mirror."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            with suppress(ConnectionError):
                made.answer(self)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made = Mirror(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
