"""HTTP requests as a hostile visitor would send them to a lab with a token that collects the guesses of a class."""

import http.client
import os
import random
import re
import socket
import tempfile
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit

from lab.errors import LabError
from tests.fuzz.report import Report, examine
from tests.fuzz.values import NUMBERS, TEXTS
from tests.served import served
from tests.waiting import PATIENCE

TOKEN = "the class of 2026"
OPTIONS = ("--lazy", "--public", "--base-url", "/course/", "--visitors", "3", "--preheat", "1", "--collect-guesses")
METHODS = (*["GET"] * 8, *["POST"] * 4, "DELETE", "PUT", "HEAD", "OPTIONS", "PATCH", "TRACE", "CONNECT", "get")
PATHS = (
    "", "health", "metrics", "queue", "login", "guesses", "plotly.js", "api/kernels", "api/kernels/1", "voila/static/",
    "api/kernels/00000000-0000-0000-0000-000000000000/channels", "voila/files/lab.ipynb", "voila/render/lab.ipynb",
    "api/shutdown/1", "static/components/x.js", "nbextensions/", "../", "..%2f..%2fetc/passwd", "%00", "%",
    "//evil.example/",
)  # fmt: skip
FIELDS = (
    "token",
    "teacher",
    "step",
    "guess",
    "next",
    "position",
    "session_id",
    "voila-theme",
    "voila-template",
    "kernel_name",
)
HEADERS = (
    "Cookie", "Authorization", "Origin", "Referer", "X-Forwarded-For", "X-Forwarded-Proto", "Accept", "Range",
    "Content-Type", "Content-Encoding", "Expect", "Upgrade", "Connection", "Sec-WebSocket-Version", "Sec-WebSocket-Key",
    "If-None-Match", "If-Modified-Since", "Accept-Language", "X-XSRFToken",
)  # fmt: skip
USUAL = {
    "Content-Type": (
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=a",
        "application/json",
        "text/plain",
    ),
    "Upgrade": ("websocket", "h2c"),
    "Connection": ("Upgrade", "close", "keep-alive"),
    "Sec-WebSocket-Version": ("13", "7"),
    "Sec-WebSocket-Key": ("dGhlIHNhbXBsZSBub25jZQ==",),
    "Accept": ("text/html", "application/json"),
    "Range": ("bytes=0-", "bytes=5-1", "bytes=-99999999999"),
    "Expect": ("100-continue",),
}
STEPS = ("one-step/by-one-step", "one-step/by-many-steps", "no/step")


@dataclass(frozen=True)
class Request:
    """One request as it goes over the wire; ``whole`` if its length is what it says, so that the server can tell."""

    content: bytes
    whole: bool


def fuzz(seed: int, count: int) -> Report:
    """Send so many requests to one server, which must be well after each, and whose log must hold no traceback."""
    before = os.environ.get("LAB_TOKEN")
    os.environ["LAB_TOKEN"] = TOKEN
    try:
        with tempfile.TemporaryDirectory() as home, served(Path(home), *OPTIONS) as lab:
            known = cases(random.Random(seed), count, _passed(lab.address))
            report = examine(known, lambda request: _sent(lab.address, request))
            logs = b"".join(each.read_bytes() for each in (Path(home) / "logs").iterdir())
    finally:
        if before is None:
            del os.environ["LAB_TOKEN"]
        else:
            os.environ["LAB_TOKEN"] = before
    for found in sorted(set(re.findall(rb"Uncaught exception[^\n]*|\n[A-Za-z.]*(?:Error|Exception): [^\n]*", logs))):
        report.faults.append(f"in the log: {found.decode(errors='replace').strip():.200}")
    return report


def cases(rng: random.Random, count: int, cookie: str) -> Iterator[Request]:
    """Requests, most of them hostile; most of them with the cookie of a browser that knows the token."""
    for _ in range(count):
        yield _request(rng, cookie)


def _passed(address: str) -> str:
    """The cookie of a browser that has opened a link with the token."""
    place = urlsplit(address)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=PATIENCE)
    connection.request("GET", f"{place.path}?{urlencode({'token': TOKEN})}")
    found = connection.getresponse().headers["Set-Cookie"].partition(";")[0]
    connection.close()
    return found


def _request(rng: random.Random, cookie: str) -> Request:
    path = f"/course/{rng.choice(PATHS)}" if rng.random() < 0.9 else _text(rng)
    query = "&".join(
        f"{_field(rng)}={quote(_value(rng), safe=rng.choice(['', '/&=;%']))}" for _ in range(rng.randrange(4))
    )
    body = _body(rng)
    lines = [f"{rng.choice(METHODS)} {path}{'?' if query else ''}{query} HTTP/1.1"]
    lines.append(f"Host: {rng.choice(['127.0.0.1', 'lab.example']) if rng.random() < 0.95 else _text(rng)}")
    if rng.random() < 0.8:
        lines.append(f"Cookie: {cookie}")
    for name in rng.sample(HEADERS, rng.randrange(5)):
        usual = name in USUAL and rng.random() < 0.7
        lines.append(f"{name}: {rng.choice(USUAL[name]) if usual else _header(rng)}")
    length, whole = str(len(body)), True
    if rng.random() < 0.1:
        length, whole = rng.choice(["-1", "1e3", "9" * 30, str(len(body) + 5), "0x10", ""]), False
    if body or rng.random() < 0.2:
        lines.append(f"Content-Length: {length}")
    if rng.random() < 0.05:
        lines.append("Transfer-Encoding: chunked")
        body, whole = rng.choice([b"5\r\nabc", b"zz\r\n\r\n", b"0\r\n\r\n", b"ffffffffffffffff\r\n"]), False
    lines.append("Connection: close")
    return Request("\r\n".join(lines).encode("utf-8", "replace") + b"\r\n\r\n" + body, whole)


def _body(rng: random.Random) -> bytes:
    fields = "&".join(f"{_field(rng)}={quote(_value(rng))}" for _ in range(rng.randrange(5)))
    odd = [b"\xff\xfe\0", b"{" * 500, b"a=1&" * 10_000, b"a=1&" * 20_000, b"--a\r\n"]
    return rng.choice([b"", fields.encode(), fields.encode(), rng.choice(odd)])


def _field(rng: random.Random) -> str:
    return rng.choice(FIELDS) if rng.random() < 0.9 else quote(_text(rng))


def _value(rng: random.Random) -> str:
    return rng.choice([rng.choice(STEPS), str(rng.randrange(-1, 4)), str(rng.choice(NUMBERS)), TOKEN, _text(rng)])


def _header(rng: random.Random) -> str:
    """A value, most often one that a header may have."""
    text = _text(rng)
    return text if rng.random() < 0.2 else "".join(each for each in text if each.isprintable() and each.isascii())


def _text(rng: random.Random) -> str:
    return rng.choice(TEXTS).encode("utf-8", "replace").decode()


def _sent(address: str, request: Request) -> None:
    """Send one request. Raises :class:`LabError` for what the server refuses, ``AssertionError`` for a fault of its."""
    status, body = _response(address, request)
    assert b"Traceback" not in body, "a traceback"
    assert status < 500 or status == 503, f"status {status}"
    with urllib.request.urlopen(f"{address}health", timeout=PATIENCE) as health:
        assert health.status == 200
    if not 200 <= status < 400:
        raise LabError(f"status {status}")


def _response(address: str, request: Request) -> tuple[int, bytes]:
    """The status, 0 where the server hangs up without one, and the body."""
    place = urlsplit(address)
    with socket.create_connection((place.hostname, place.port), PATIENCE) as connection:
        connection.settimeout(PATIENCE if request.whole else 1.0)
        method = request.content.partition(b" ")[0].decode()  # the response to HEAD says a length and has no body
        response = http.client.HTTPResponse(connection, method=method)
        try:
            connection.sendall(request.content)
            response.begin()
            return response.status, response.read(100_000)
        except (http.client.HTTPException, ConnectionError, ValueError):
            return 0, b""
        except TimeoutError:
            assert not request.whole, "no response"
            return 0, b""
