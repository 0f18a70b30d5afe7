"""The gate before a visitor's kernel: the websocket that pages and kernels speak through.

jupyter_server parses what comes in without a look at it: one frame of 64 bytes keeps its only thread busy until the
memory ends. Nothing passes here that :mod:`lab.server.frames` has not found sound, and nothing that no page needs.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from jupyter_client.session import DELIM
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from tornado.iostream import StreamBufferFullError
from tornado.web import HTTPError
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

from lab.server.allowance import Allowance
from lab.server.frames import MOST_BYTES, PROTOCOL, QUESTION, UnsoundFrame, read, with_metadata
from lab.server.hosts import Hosts

MESSAGES_A_SECOND, MESSAGES_AT_ONCE = 100, 600  # a slider that is dragged sends at most 60 a second
BYTES_A_SECOND, BYTES_AT_ONCE = 256 * 1024, 4 * MOST_BYTES
MOST_SOCKETS = 4  # of one kernel: a page has one, and another while it reconnects

MOST_BYTES_UNREAD = 32 * 2**20
"""Of what a kernel has said to a page that does not read; all pages' states together are a tenth."""

UNSOUND, TOO_MUCH = 1007, 1008

_SPOKEN = frozenset({"comm_open", "comm_msg", "comm_close", "comm_info_reply", "kernel_info_reply", "status", "error"})
_FAULT = {"ename": "Refused", "evalue": "The lab cannot do what that message requests.", "traceback": []}
_SESSION = re.compile(r"[\w-]{1,64}", re.ASCII)


class _Visitor:
    """Limits that all websockets of one kernel share."""

    def __init__(self) -> None:
        self.messages = Allowance(MESSAGES_A_SECOND, MESSAGES_AT_ONCE)
        self.bytes = Allowance(BYTES_A_SECOND, BYTES_AT_ONCE)
        self.sockets = 0

    def may_send(self, size: int) -> bool:
        return self.messages.take(1) and self.bytes.take(size)


_visitors: WeakKeyDictionary[object, _Visitor] = WeakKeyDictionary()


def _visitor(kernel: object) -> _Visitor:
    return _visitors.setdefault(kernel, _Visitor())


class Gate(ZMQChannelsWebsocketConnection):
    """Lets through what a page may send to its kernel; closes on frames that no page sends, and on too many."""

    @property
    def subprotocol(self) -> str:
        """The one that :meth:`prepare` demands, also once the socket is closed.

        Jupyter forgets it then and writes what the kernel still says in its old framing, whose first number Voilà takes
        for a count of parts without end.
        """
        return PROTOCOL

    async def prepare(self) -> None:
        """Refuse, with status 400, a client that does not speak the one protocol whose frames are examined."""
        asked = self.websocket_handler.request.headers.get("Sec-WebSocket-Protocol", "")
        if PROTOCOL not in (each.strip() for each in asked.split(",")):
            raise HTTPError(400, reason="This websocket needs the subprotocol of Jupyter's kernels")
        await super().prepare()

    def handle_incoming_message(self, incoming_msg: bytes | str) -> None:
        """Pass a frame on, drop it, or close the connection."""
        socket: KernelSocket = self.websocket_handler  # type: ignore[assignment]  # which made this gate
        if not _visitor(self.kernel_manager).may_send(len(incoming_msg)):
            socket.shut(TOO_MUCH, "too many messages")
            return
        try:
            message = read(incoming_msg)
        except UnsoundFrame as error:
            socket.shut(UNSOUND, str(error))
            return
        if message.wanted:
            come_from = socket.settings["addresses"](socket.request)
            known = with_metadata(message.frame, message.metadata | {"address": come_from})
            super().handle_incoming_message(known)  # type: ignore[arg-type]  # says str, and is given these bytes

    def handle_outgoing_message(self, stream: str, outgoing_msg: list[bytes]) -> None:
        """Pass on what a page understands; of an error one sentence, because a traceback shows code and paths.

        What a kernel prints, a fault of its own among it, is for the log.
        """
        header = 2 + outgoing_msg.index(DELIM)  # after the routing identities, the delimiter and the signature
        kind = self.session.unpack(outgoing_msg[header])["msg_type"]
        if kind == "error":
            outgoing_msg = [*outgoing_msg]
            outgoing_msg[header + 3] = self.session.pack(_FAULT)
        if kind in _SPOKEN:
            super().handle_outgoing_message(stream, outgoing_msg)


class KernelSocket(VoilaKernelWebsocketHandler):
    """The websocket of a kernel, for as many clients as a page needs, and deaf once it was shut."""

    connection: Gate | None = None
    _shut = False
    _counted: _Visitor | None = None

    @property
    def max_message_size(self) -> int:
        """Tornado closes with 1009 before it has read more."""
        return MOST_BYTES

    def get_compression_options(self) -> None:
        """None: a compressed frame may unfold to a thousand times its size."""
        return

    def check_origin(self, origin: str | None = None) -> bool:
        """Return whether the page that connects comes from here, also behind a proxy that hides its name."""
        hosts: Hosts = self.settings["hosts"]
        asking = origin if origin is not None else self.get_origin()
        return super().check_origin(origin) or hosts.trusts(urlsplit(asking or "").netloc)

    async def pre_get(self) -> None:
        """Refuse, before the kernel hears of it, a session that is none and the fifth client of one kernel."""
        if not _SESSION.fullmatch(self.get_argument("session_id", "none")):
            raise HTTPError(400, reason="The session is not valid")
        visitor = _visitor(self.kernel_manager.get_kernel(self.kernel_id))
        if visitor.sockets >= MOST_SOCKETS:
            raise HTTPError(429, reason="This kernel has too many connections")
        self._counted = visitor
        visitor.sockets += 1
        await super().pre_get()

    def on_finish(self) -> None:
        """A client that was refused is none any more."""
        if self.get_status() != 101:
            self._leave()
        super().on_finish()

    def on_message(self, ws_message: bytes | str) -> None:
        """Hand a frame to the gate, but answer a page that asks whether somebody listens, also for a busy kernel."""
        if self._shut:
            return
        if ws_message != QUESTION:
            super().on_message(ws_message)
        elif self._counts(QUESTION):
            self.write_message(QUESTION)

    def write_message(
        self, message: bytes | str | dict[str, object], binary: bool = False
    ) -> asyncio.Future[None] | None:
        """Send what the kernel says, unless nobody listens any more."""
        if self.ws_connection is None or self.ws_connection.is_closing():
            return None
        try:
            sent: asyncio.Future[None] = super().write_message(message, binary)
        except StreamBufferFullError:
            self._shut = True
            self._stream.close()  # no word of farewell would get through
            return None
        sent.add_done_callback(lambda ended: ended.cancelled() or ended.exception())  # who has gone misses nothing
        return sent

    def open(self, *arguments: str, **options: str) -> Awaitable[None] | None:
        """Begin to speak, as long as the other side listens."""
        assert self.ws_connection is not None
        self._stream = self.ws_connection.stream
        self._stream.max_write_buffer_size = MOST_BYTES_UNREAD
        opened: Awaitable[None] | None = super().open(*arguments, **options)
        return opened

    def on_ping(self, data: bytes) -> None:
        """Count it like a message."""
        self._counts(data)

    def on_close(self) -> None:
        """Leave a place for another client."""
        self._leave()
        if self.connection is not None:
            super().on_close()

    def shut(self, code: int, reason: str) -> None:
        """Close, and listen no more."""
        if not self._shut:
            self._shut = True
            self.close(code, reason)

    def _counts(self, frame: bytes | str) -> bool:
        """Count a frame that the kernel does not see like a message; shut where they are too many."""
        if self._counted is None or self._counted.may_send(len(frame)):
            return True
        self.shut(TOO_MUCH, "too many pings")
        return False

    def _leave(self) -> None:
        if self._counted is not None:
            self._counted.sockets -= 1
            self._counted = None
