"""A visitor without a browser: opens the page as one does, and speaks with its kernel as the page does."""

import contextlib
import itertools
import json
import re
import struct
import time
import urllib.request
import uuid
from typing import Any

import websocket

from lab.server.frames import PROTOCOL
from tests.waiting import PATIENCE

BROWSER = {"Accept": "text/html,application/xhtml+xml", "User-Agent": "a test"}


def message(kind: str, content: object = None, **header: object) -> list[bytes]:
    """The four JSON parts of a message."""
    head = {
        "msg_id": uuid.uuid4().hex,
        "msg_type": kind,
        "username": "",
        "session": "test",
        "date": "2026-11-28T10:00:00.000Z",
        "version": "5.2",
    }
    return [json.dumps(each).encode() for each in (head | header, {}, {}, content or {})]


def frame(parts: list[bytes], channel: bytes = b"shell") -> bytes:
    """Parts and buffers, laid out as Jupyter's page does."""
    bounds = [8 * (len(parts) + 3)]
    for each in (channel, *parts):
        bounds.append(bounds[-1] + len(each))
    return struct.pack(f"<{len(bounds) + 1}Q", len(bounds), *bounds) + channel + b"".join(parts)


def opened(address: str, browser: urllib.request.OpenerDirector | None = None, **headers: str) -> str:
    """The page as a browser gets it, which takes a kernel, or the one of the queue."""
    browser = browser or urllib.request.build_opener()
    with browser.open(urllib.request.Request(f"{address}/", headers=BROWSER | headers), timeout=PATIENCE) as page:
        return page.read().decode()


def entered(address: str, **headers: str) -> tuple[str, str]:
    """The number of the kernel that a browser is given, and the first page it got, which may be the queue's."""
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    first = page = opened(address, browser, **headers)
    last = time.monotonic() + PATIENCE
    while not (found := re.search(r'"kernelId":\s*"([0-9a-f-]{36})"', page)):
        news: dict[str, Any] = {"open": False, "position": ""}
        while not news["open"]:
            assert time.monotonic() < last, f"This visitor still waits: {news}."
            with browser.open(f"{address}/queue?position={news['position']}", timeout=PATIENCE) as answer:
                news = json.load(answer)
        page = opened(address, browser, **headers)
    return found[1], first


class Visitor:
    """One open page, for which it may have waited in the queue: its kernel and, once connected, its websocket."""

    def __init__(self, address: str, **headers: str) -> None:
        self.address = address
        self.kernel, _ = entered(address, **headers)

    def socket(self, subprotocols: list[str] | None = (PROTOCOL,), **options: Any) -> websocket.WebSocket:
        """A new websocket of the kernel."""
        where = f"{self.address.replace('http', 'ws', 1)}/api/kernels/{self.kernel}/channels?session_id=test"
        return websocket.create_connection(
            where, timeout=PATIENCE, subprotocols=subprotocols and list(subprotocols), **options
        )

    def leave(self) -> None:
        """End the kernel, as a page does that is left."""
        where = f"{self.address}/voila/api/shutdown/{self.kernel}"
        with contextlib.suppress(OSError):
            urllib.request.urlopen(urllib.request.Request(where, method="POST"), timeout=PATIENCE).close()


def said(channel: websocket.WebSocket) -> tuple[str, dict[str, Any]]:
    """Wait for the next message: its kind and content."""
    got = channel.recv()
    bounds = struct.unpack_from(f"<{struct.unpack_from('<Q', got)[0]}Q", got, 8)
    return json.loads(got[bounds[1] : bounds[2]])["msg_type"], json.loads(got[bounds[4] : bounds[5]])


def heard(channel: websocket.WebSocket, kind: str) -> dict[str, Any]:
    """Wait for a message of that kind: its content."""
    while True:
        found, content = said(channel)
        if found == kind:
            return content


def spoken(channel: websocket.WebSocket, last: str) -> list[tuple[str, bytes]]:
    """All that the kernel says until it is done with the message of that number: kinds and whole frames."""
    said: list[tuple[str, bytes]] = []
    while True:
        got = channel.recv()
        bounds = struct.unpack_from(f"<{struct.unpack_from('<Q', got)[0]}Q", got, 8)
        head, parent, _, content = (json.loads(got[a:b]) for a, b in itertools.pairwise(bounds[1:6]))
        said.append((head["msg_type"], got))
        if parent.get("msg_id") == last and content.get("execution_state") == "idle":
            return said


def closed(channel: websocket.WebSocket) -> int:
    """Wait for the server to close: the code it gives, or 1006 when it just went."""
    try:
        while True:
            opcode, data = channel.recv_data(control_frame=True)
            if opcode == websocket.ABNF.OPCODE_CLOSE:
                return struct.unpack("!H", data[:2])[0] if data else 1005
    except (websocket.WebSocketException, OSError):
        return 1006


def answered(channel: websocket.WebSocket) -> bool:
    """Whether a visitor gets an answer of his kernel."""
    channel.send_binary(frame(message("kernel_info_request")))
    return heard(channel, "kernel_info_reply")["status"] == "ok"
