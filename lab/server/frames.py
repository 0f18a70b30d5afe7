"""Examination of every frame that a page sends to its kernel, before anything else parses it.

The layout is Jupyter's ``v1.kernel.websocket.jupyter.org``: a table of 64-bit little-endian numbers (their count, then
as many offsets), the channel's name, four JSON objects (header, parent header, metadata, content) and binary buffers.
"""

from __future__ import annotations

import itertools
import json
import re
import struct
from dataclasses import dataclass
from typing import NoReturn

PROTOCOL = "v1.kernel.websocket.jupyter.org"
QUESTION = "?"
"""A text frame by which a page asks whether its connection still carries what it is given; the answer is the same."""
MOST_BYTES = 2**20
"""Of one frame; a page's own largest message is a few kilobytes."""

_WORD = 8
_PARTS = 4  # header, parent header, metadata, content
_BOUNDS = _PARTS + 2  # where each part begins, where the channel begins, where the last part ends
_MOST_BUFFERS = 16
_MOST_BYTES_OF_A_HEADER = 4096  # of the header, the parent header and the metadata
_MOST_BYTES_OF_AN_OPENING = 4096  # of the content of a comm_open
_DEEPEST = 64  # objects and lists inside one another
_NAME = re.compile(r"[\w.:-]{1,128}", re.ASCII)

_CONTROL = "jupyter.widget.control"  # asks the kernel for the state of all its widgets; pages open no other comm
_COMMS = frozenset({"comm_open", "comm_msg", "comm_close"})
_KINDS = _COMMS | {"comm_info_request", "kernel_info_request"}


class UnsoundFrame(ValueError):
    """No page sends such a frame; the text says what is wrong with it and holds nothing of the frame itself."""


@dataclass(frozen=True)
class Message:
    """A sound frame: its bytes, the channel it is for, and its JSON objects."""

    frame: bytes
    channel: bytes
    header: dict[str, object]
    metadata: dict[str, object]
    content: dict[str, object]
    content_bytes: int

    @property
    def wanted(self) -> bool:
        """True if a page needs it: nothing that runs code, and no comm but the one that asks for all widgets."""
        kind = self.header["msg_type"]
        if self.channel != b"shell" or kind not in _KINDS:
            return False
        if kind == "comm_open":
            small = self.content_bytes <= _MOST_BYTES_OF_AN_OPENING
            return small and self.content.get("target_name") == _CONTROL and _is_name(self.content.get("comm_id"))
        return kind not in _COMMS or _is_name(self.content.get("comm_id"))


def read(frame: bytes | str) -> Message:
    """Examine a frame. Raises :class:`UnsoundFrame` when it is not laid out as the protocol demands."""
    if isinstance(frame, str):
        raise UnsoundFrame("a text frame")
    channel, parts, buffers = _split(frame)
    if sum(map(len, parts[:3])) > 3 * _MOST_BYTES_OF_A_HEADER or len(buffers) > _MOST_BUFFERS:
        raise UnsoundFrame("a header that is too long")
    header, _, metadata, content = map(_object, parts)
    for field in ("msg_type", "msg_id", "session"):
        if not _is_name(header.get(field)):
            raise UnsoundFrame(f"a header without {field}")
    for field in ("username", "version", "date"):
        if not isinstance(header.get(field, ""), str):
            raise UnsoundFrame(f"a header whose {field} is not a text")
    return Message(frame, channel, header, metadata, content, len(parts[3]))


def with_metadata(frame: bytes, metadata: dict[str, object]) -> bytes:
    """A sound frame with these metadata in place of its own."""
    channel, parts, buffers = _split(frame)
    parts[2] = json.dumps(metadata).encode()
    whole = [channel, *parts, *buffers]
    bounds = list(itertools.accumulate(map(len, whole), initial=_WORD * (len(whole) + 2)))
    return struct.pack(f"<{len(bounds) + 1}Q", len(bounds), *bounds) + b"".join(whole)


def _split(frame: bytes) -> tuple[bytes, list[bytes], list[bytes]]:
    """The channel's name, the four JSON parts and the buffers."""
    count = int.from_bytes(frame[:_WORD], "little")
    table = _WORD * (1 + count)
    if not _BOUNDS <= count <= _BOUNDS + _MOST_BUFFERS or table > len(frame) or len(frame) > MOST_BYTES:
        raise UnsoundFrame("a wrong number of parts")
    bounds = struct.unpack(f"<{count}Q", frame[_WORD:table])
    if bounds[0] != table or bounds[-1] != len(frame) or list(bounds) != sorted(bounds):
        raise UnsoundFrame("parts that are not laid out one after the other")
    channel, *parts = [frame[start:end] for start, end in itertools.pairwise(bounds)]
    return channel, parts[:_PARTS], parts[_PARTS:]


def _object(text: bytes) -> dict[str, object]:
    """A JSON object that no reader after this one can stumble over."""
    if text.count(b"[") + text.count(b"{") > _DEEPEST:
        _check_depth(text)
    try:
        found = json.loads(text.decode("utf-8"), parse_constant=_refuse_constant)
        if b"\\ud" in text.lower():  # half of a pair of surrogates is no text
            json.dumps(found, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError):
        raise UnsoundFrame("a part that is not JSON") from None
    if not isinstance(found, dict):
        raise UnsoundFrame("a part that is not a JSON object")
    return found


def _check_depth(text: bytes) -> None:
    depth = 0
    for bracket in re.findall(rb'[\[{\]}]|"(?:[^"\\]|\\.)*"', text):
        depth += {b"[": 1, b"{": 1, b"]": -1, b"}": -1}.get(bracket, 0)
        if depth > _DEEPEST:
            raise UnsoundFrame("a part that is nested too deeply")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)  # NaN and Infinity are not JSON


def _is_name(value: object) -> bool:
    return isinstance(value, str) and _NAME.fullmatch(value) is not None
