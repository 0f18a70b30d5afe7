"""Frames of a page's websocket: what is sound, what is wanted, and that no other gets further."""

import gc
import json
import random
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from lab.server.frames import MOST_BYTES, UnsoundFrame, read
from tests.server.visitor import frame, message

CONTROL = {"comm_id": "c1", "target_name": "jupyter.widget.control", "data": {}}
UPDATE = {"comm_id": "c1", "data": {"method": "update", "state": {"value": 3}}}


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("comm_open", CONTROL),
        ("comm_msg", UPDATE),
        ("comm_close", {"comm_id": "c1", "data": {}}),
        ("comm_info_request", {"target_name": "jupyter.widget"}),
        ("kernel_info_request", {}),
    ],
)
def test_what_a_page_sends_passes(kind, content):
    found = read(frame(message(kind, content)))
    assert found.wanted
    assert (found.header["msg_type"], found.content) == (kind, content)


def test_buffers_pass():
    assert read(frame([*message("comm_msg", UPDATE), b"\x00\xff", b"", b"x" * 1000])).wanted


@pytest.mark.parametrize(
    ("kind", "content", "channel"),
    [
        ("execute_request", {"code": "1"}, b"shell"),
        ("shutdown_request", {"restart": True}, b"shell"),
        ("x" * 128, {}, b"shell"),
        ("comm_msg", UPDATE, b"control"),
        ("comm_msg", UPDATE, b"stdin"),
        ("kernel_info_request", {}, b"iopub"),
        ("kernel_info_request", {}, b"\xff\xfe\n"),
        ("comm_open", CONTROL | {"target_name": "jupyter.widget"}, b"shell"),
        ("comm_open", CONTROL | {"target_name": ["jupyter.widget.control"]}, b"shell"),
        ("comm_open", CONTROL | {"data": {"state": "x" * 5000}}, b"shell"),
        ("comm_open", {"target_name": "jupyter.widget.control"}, b"shell"),
        ("comm_msg", {"data": {}}, b"shell"),
        ("comm_msg", UPDATE | {"comm_id": "x" * 129}, b"shell"),
        ("comm_close", {"comm_id": 3}, b"shell"),
    ],
)
def test_what_no_page_needs_is_dropped(kind, content, channel):
    assert not read(frame(message(kind, content), channel)).wanted


def words(*numbers: int) -> bytes:
    return struct.pack(f"<{len(numbers)}Q", *numbers)


HONEST = frame(message("comm_msg", UPDATE))
BOUNDS = list(struct.unpack_from("<6Q", HONEST, 8))
BODY = HONEST[BOUNDS[0] :]


def moved(index: int, by: int) -> bytes:
    """The honest frame with one offset shifted."""
    bounds = list(BOUNDS)
    bounds[index] = (bounds[index] + by) % 2**64
    return words(6, *bounds) + BODY


def with_part(index: int, text: bytes) -> bytes:
    parts = message("comm_msg", UPDATE)
    parts[index] = text
    return frame(parts)


UNSOUND = {
    "count of all ones": b"\xff" * 64,
    "count that just fits no table": words(7, *BOUNDS),
    "text": "{}",
    "text of the old protocol": json.dumps({"header": {"msg_type": "comm_msg"}, "channel": "shell"}),
    "empty": b"",
    "one byte": b"\x06",
    "eight bytes": words(6),
    "eight bytes of zero": words(0),
    "count 0": words(0) + BODY,
    "count 1": words(1, 16) + BODY,
    "count 5": words(5, *BOUNDS[:5]) + BODY,
    "too many buffers": frame([*message("comm_msg", UPDATE), *[b""] * 17]),
    "old protocol": struct.pack("!II", 1, 8) + b"{}" * 40,
    "offset beyond the end": moved(5, 1),
    "rest after the last offset": moved(5, -1),
    "offset into the table": moved(0, -8),
    "offset after the table": moved(0, 1),
    "overlapping offsets": moved(3, 10**4),
    "offsets going back": moved(2, -60),
    "huge offset": moved(4, 2**63),
    "header no JSON": with_part(0, b"{nonsense"),
    "header no object": with_part(0, b"[]"),
    "header null": with_part(0, b"null"),
    "header empty": with_part(0, b""),
    "header not UTF-8": with_part(0, b'{"msg_type": "\xff"}'),
    "header too long": frame(message("comm_msg", UPDATE, filling="x" * 13_000)),
    "kind a number": frame(message("comm_msg", UPDATE, msg_type=3)),
    "kind of 8 MB": frame(message("x" * 2**23)),
    "kind of 900 kB": frame(message("x" * 900_000)),
    "kind with a line break": frame(message("x\n[Voila] forged line")),
    "kind missing": with_part(0, b'{"msg_id": "1", "session": "1"}'),
    "id a list": frame(message("comm_msg", UPDATE, msg_id=[])),
    "user a list": frame(message("comm_msg", UPDATE, username=[])),
    "session with a line break": frame(message("comm_msg", UPDATE, session="a\nb")),
    "parent a list": with_part(1, b"[]"),
    "metadata too long": with_part(2, json.dumps({"x": "y" * 13_000}).encode()),
    "content a text": with_part(3, b'"x"'),
    "content NaN": with_part(3, b'{"x": NaN}'),
    "content Infinity": with_part(3, b'{"x": -Infinity}'),
    "content nested": with_part(3, b'{"x": ' + b"[" * 1000 + b"]" * 1000 + b"}"),
    "content nested beyond any stack": with_part(3, b'{"x": ' + b"[" * 200_000),
    "content with half a surrogate": with_part(3, b'{"x": "\\ud800"}'),
    "content a number of 5,000 digits": with_part(3, b'{"x": 1' + b"0" * 5000 + b"}"),
    "buffer of 8 MB": frame([*message("comm_msg", UPDATE), b"x" * 2**23]),
}


@contextmanager
def less_than(seconds: float) -> Iterator[None]:
    """What is done inside takes less of the processor's time, not counting the garbage of all tests before."""
    gc.disable()
    try:
        began = time.thread_time()
        yield
        assert time.thread_time() - began < seconds
    finally:
        gc.enable()


@pytest.mark.parametrize("unsound", UNSOUND.values(), ids=UNSOUND)
def test_an_unsound_frame_is_refused_at_once_and_without_its_words(unsound):
    with less_than(0.1), pytest.raises(UnsoundFrame) as refused:
        read(unsound)
    assert len(str(refused.value)) < 80
    assert "forged" not in str(refused.value)


def test_brackets_inside_texts_are_no_depth():
    assert read(frame(message("comm_msg", UPDATE | {"x": '[{"' * 3000}))).wanted


def test_the_largest_frame_is_read_in_a_moment():
    content = UPDATE | {"x": [{"y": []}] * (MOST_BYTES // 12 - 200)}
    whole = frame(message("comm_msg", content))
    with less_than(1):
        assert read(whole).wanted


def test_whatever_is_changed_in_a_frame_it_is_refused_or_sound():
    dice = random.Random(0)
    outcomes = {True: 0, False: 0}
    for _ in range(2000):
        changed = bytearray(HONEST)
        for _ in range(dice.randint(1, 4)):
            changed[dice.randrange(len(changed))] = dice.randrange(256)
        try:
            found = read(bytes(changed[: dice.choice([len(changed), dice.randrange(len(changed))])]))
        except UnsoundFrame:
            outcomes[False] += 1
        else:
            outcomes[True] += 1
            assert isinstance(found.content, dict)
    assert min(outcomes.values()) > 20
