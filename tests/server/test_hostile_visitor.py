"""What hostile visitors send to a real server, and that another visitor does not notice."""

import contextlib
import json
import re
import socket
import struct
import urllib.error
import urllib.request
import uuid
from urllib.parse import urlsplit

import psutil
import pytest
import websocket

from lab.server.entrance import MOST_WAITING
from lab.server.frames import QUESTION
from lab.server.gate import MESSAGES_AT_ONCE, MOST_BYTES_UNREAD, TOO_MUCH, UNSOUND
from tests.served import served
from tests.server.visitor import BROWSER, Visitor, answered, closed, entered, frame, heard, message, spoken
from tests.waiting import PATIENCE, until

TOO_BIG = 1009
ALL_STATES = {"comm_id": "c1", "data": {"method": "request_states"}}
CONTROL = {"comm_id": "c1", "target_name": "jupyter.widget.control", "data": {}}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A lab behind a proxy, for three visitors, but one of each address; this machine's own is none.

    A kernel waits only seconds for its page, so that what is asserted of those without one need not wait long.

    Its owner also has a Jupyter and an IPython with settings that are not for the lab.
    """
    options = (
        "--lazy",
        "--public",
        "--base-url",
        "lab",
        "--trust-host",
        "lab.example",
        "--visitors",
        "3",
        "--preheat",
        "1",
    )
    options += ("--trust-proxy", "127.0.0.1")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LAB_MAX_ADDRESS_SHARE", "34")
        patch.setenv("LAB_MAX_KERNEL_WAIT", "6")
        foreign = tmp_path_factory.mktemp("foreign")
        (foreign / "voila.json").write_text(json.dumps({"VoilaConfiguration": {"template": "no such"}}))
        (foreign / "ipython_config.py").write_text("raise SystemExit\n")
        startup = foreign / "profile_default" / "startup"
        startup.mkdir(parents=True)
        (startup / "mine.py").write_text("raise SystemExit\n")
        for variable in ("JUPYTER_CONFIG_DIR", "JUPYTER_CONFIG_PATH", "IPYTHONDIR"):
            patch.setenv(variable, str(foreign))
        with served(tmp_path_factory.mktemp("home"), *options) as found:
            yield found


@pytest.fixture(scope="module")
def address(server):
    assert server.address.endswith("/lab/")
    return server.address.rstrip("/")


@pytest.fixture(scope="module")
def hostile(address):
    visitor = Visitor(address)
    yield visitor
    visitor.leave()


@pytest.fixture(scope="module")
def polite(address):
    """Another visitor, whose page is open all the time."""
    visitor = Visitor(address)
    channel = visitor.socket()
    yield channel
    channel.close()
    visitor.leave()


@pytest.fixture
def unnoticed(server, polite):
    """What a test does keeps the server busy for no more than three seconds, and another visitor is answered."""
    [pages] = server.children("voila")
    before = work(pages)
    yield
    assert answered(polite)
    assert work(pages) - before < 3


def work(process):
    """The processor's seconds that it has had."""
    times = process.cpu_times()
    return times.user + times.system


def asked(address, **headers):
    """Status and body of a request."""
    try:
        with urllib.request.urlopen(urllib.request.Request(address, headers=headers), timeout=PATIENCE) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read().decode()


def health(address):
    return json.loads(asked(f"{address}/health")[1])


def test_a_visitor_cannot_fill_the_log_or_the_kernel(server, hostile):
    [log] = server.home.glob("logs/voila-*.log")
    size = log.stat().st_size
    channel = hostile.socket()
    for kind in ("execute_request", "x" * 128, "shutdown_request"):
        channel.send_binary(frame(message(kind)))
    for number in range(30):
        opening = {"comm_id": f"c{number}", "target_name": "jupyter.widget", "data": {"state": {"value": "x" * 10**5}}}
        channel.send_binary(frame(message("comm_open", opening)))
    channel.send_binary(frame(message("comm_info_request")))
    assert not heard(channel, "comm_info_reply")["comms"].keys() & {"c0", "c29"}
    channel.shutdown()
    assert log.stat().st_size - size < 1000


def widget(number, **data):
    return {"comm_id": number, "data": data}


UNHEARD = {  # by kind and content: what the kernel cannot do, or must not
    "comm_open": [CONTROL, CONTROL | {"data": [1]}, {"comm_id": "c2"}, CONTROL | {"target_name": "jupyter.widget"}],
    "comm_msg": [widget("nobody's"), widget("nobody's", method="update", state={"value": 1}), {"comm_id": "c9"}],
    "comm_close": [{"comm_id": "nobody's"}, {}, {"comm_id": 3}],
    "comm_info_request": [{"target_name": ["x"]}, {"target_name": {}}],
    "kernel_info_request": [{"x": 1}],
    "execute_request": [{"code": "1/0", "silent": False}, {"code": 3}, {}],
    "inspect_request": [{"code": "print", "cursor_pos": 5}, {"code": "print", "cursor_pos": "x"}, {}],
    "complete_request": [{"code": "pri", "cursor_pos": 3}, {"code": []}],
    "history_request": [{"hist_access_type": "tail", "n": 9}, {"n": "many"}],
    "is_complete_request": [{"code": "for"}, {}],
    "interrupt_request": [{}],
    "debug_request": [{"command": "debugInfo"}],
    "usage_request": [{}],
    "create_subshell_request": [{}],
}


@pytest.mark.parametrize("room", [b"shell", b"control", b"stdin", b"iopub"])
def test_who_sends_nonsense_hears_no_traceback_and_nothing_of_the_server(hostile, room):
    channel = hostile.socket()
    known = next(iter(states(channel)[0]))
    mangled = [widget(known), widget(known, method="shout"), widget(known, method="update", state=[1])]
    mangled += [widget("c1", method="shout"), widget("c1")]  # to the comm that states are asked for by
    for kind, contents in {**UNHEARD, "comm_msg": UNHEARD["comm_msg"] + mangled}.items():
        for content in contents:
            channel.send_binary(frame(message(kind, content), room))
    last = uuid.uuid4().hex
    channel.send_binary(frame(message("kernel_info_request", None, msg_id=last)))
    said = spoken(channel, last)
    assert said
    for kind, whole in said:
        assert kind not in ("execute_reply", "inspect_reply", "complete_reply", "history_reply", "stream"), whole
        assert not re.search(rb"Traceback|site-packages|\w\.py\b|File \S", whole), whole
        assert len(whole) < 600 or kind != "error", whole
    channel.shutdown()


COMPRESSED = bytes([0x80 | 0x40 | 0x2, 0x80 | 4]) + b"\0\0\0\0" + b"\x4b\x04\0\0"
ATTACKS = {
    "a count of all ones": (lambda channel: channel.send_binary(b"\xff" * 64), UNSOUND),
    "nothing": (lambda channel: channel.send_binary(b""), UNSOUND),
    "eight bytes": (lambda channel: channel.send_binary(struct.pack("<Q", 2**62)), UNSOUND),
    "text": (lambda channel: channel.send('{"header": {"msg_type": "kernel_info_request"}}'), UNSOUND),
    "more than is read": (lambda channel: channel.send_binary(b"x" * 2**21), TOO_BIG),
    "a compressed frame": (lambda channel: channel.sock.sendall(COMPRESSED), 1006),
    "messages without end": (
        lambda channel: [channel.send_binary(frame(message("kernel_info_request"))) for _ in range(2000)],
        TOO_MUCH,
    ),
    "pings without end": (lambda channel: [channel.ping(b"x" * 100) for _ in range(2000)], TOO_MUCH),
    "questions without end": (lambda channel: [channel.send(QUESTION) for _ in range(2000)], TOO_MUCH),
    "bytes without end": (
        lambda channel: [channel.send_binary(frame([*message("comm_msg"), b"x" * 900_000])) for _ in range(20)],
        TOO_MUCH,
    ),
}


@pytest.mark.parametrize(("attack", "code"), ATTACKS.values(), ids=ATTACKS)
def test_what_no_page_sends_closes_the_socket_and_nobody_else_notices(hostile, unnoticed, attack, code):
    channel = hostile.socket()
    with contextlib.suppress(OSError, websocket.WebSocketException):  # the server may be gone before it is all sent
        attack(channel)
    assert closed(channel) in (code, 1006)  # 1006: it was still sending when the server had gone
    channel.shutdown()


def states(channel):
    """The state of every widget by its number, as a page asks for it, and whether some of it came as bytes."""
    opening = message("comm_open", CONTROL)
    opening[2] = b'{"version": "1.0.0"}'
    channel.send_binary(frame(opening))
    channel.send_binary(frame(message("comm_msg", ALL_STATES)))
    while "states" not in (found := heard(channel, "comm_msg")["data"]):  # what else the kernel has to say
        pass
    return found["states"], bool(found["buffer_paths"])


def test_what_a_kernel_still_says_to_a_socket_that_was_shut_stops_nobody(hostile, polite, unnoticed):
    channel = hostile.socket()
    [header] = [each for each, widget in states(channel)[0].items() if "selected" in widget["state"]]
    visit = {"method": "update", "state": {"selected": "pgd-restarts"}}
    channel.send_binary(frame(message("comm_msg", {"comm_id": header, "data": visit})))
    channel.shutdown()
    channel = hostile.socket()
    assert states(channel)[1]
    for _ in range(3):
        channel.send_binary(frame(message("comm_msg", ALL_STATES)))
    channel.send_binary(b"\xff" * 64)  # the server shuts it before the kernel has answered
    channel.shutdown()
    channel = hostile.socket()
    assert states(channel)[1]  # which the kernel answers after all that
    channel.shutdown()


def test_a_socket_without_the_protocol_is_refused(hostile, unnoticed):
    for offered in (None, ["v0.kernel.websocket.jupyter.org"], ["v1.kernel.websocket.jupyter.org.evil"]):
        with pytest.raises(websocket.WebSocketBadStatusException) as refused:
            hostile.socket(offered)
        assert refused.value.status_code == 400


def test_connections_that_ask_nothing_leave_room_for_others(server, address):
    [pages] = server.children("voila")
    where, began = urlsplit(address), pages.num_fds()
    with contextlib.ExitStack() as held:
        for begun in (b"", b"GET /lab/health HT", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n"):
            for _ in range(MOST_WAITING // 2):
                one = held.enter_context(socket.create_connection((where.hostname, where.port), timeout=PATIENCE))
                one.sendall(begun)
        assert health(address)["status"] == "ok"
        assert pages.num_fds() < began + MOST_WAITING + 50
    assert health(address)["status"] == "ok"


@pytest.mark.parametrize(
    "path", ["favicon.ico", "%0d%0aSet-Cookie:%20a=b", "/evil.example/", "lab.ipynb", "%5C%5Cevil"]
)
def test_there_is_only_one_page(address, path):
    assert asked(f"{address}/{path}", **BROWSER)[0] == 404


@pytest.mark.parametrize("path", ["/", "/labs/", "/health", "/api/kernels"])
def test_beside_its_path_the_lab_says_where_it_is_served(address, path):
    """What a visitor sees whose proxy takes the path off that --base-url has set."""
    status, said = asked(f"{address.removesuffix('/lab')}{path}", **BROWSER)
    assert status == 404
    assert "The lab has nothing at this address: it is served under /lab/, which --base-url sets." in said


def test_who_never_reads_does_not_fill_the_server(server, address, polite):
    visitor = Visitor(address)
    [pages] = server.children("voila")
    [kernel] = server.kernels(visitor.kernel)
    before = pages.memory_info().rss
    channel = visitor.socket(sockopt=[(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)])
    states(channel)
    with contextlib.suppress(OSError, websocket.WebSocketException):  # the server hangs up
        for _ in range(MESSAGES_AT_ONCE - 20):
            channel.send_binary(frame(message("comm_msg", ALL_STATES)))
    kernel.wait(PATIENCE)  # it is ended, because it talks on to nobody
    assert answered(polite)
    assert pages.memory_info().rss - before < 4 * MOST_BYTES_UNREAD
    channel.shutdown()


def test_a_dragged_slider_passes(polite):
    update = {"comm_id": "c1", "data": {"method": "update", "state": {"value": 3}}}
    for _ in range(MESSAGES_AT_ONCE // 2):
        polite.send_binary(frame(message("comm_msg", update)))
    assert answered(polite)


def test_a_page_is_told_that_its_connection_still_carries_what_it_is_given(server, hostile):
    """By the server itself: a kernel that is busy, here one that is held, does not make a connection silent."""
    channel = hostile.socket()
    assert answered(channel)
    [kernel] = server.kernels(hostile.kernel)
    kernel.suspend()
    channel.send(QUESTION)
    while (said := channel.recv()) != QUESTION:
        assert isinstance(said, bytes)
    kernel.resume()
    channel.shutdown()


def test_only_trusted_names_may_connect(hostile):
    hostile.socket(origin="https://lab.example").close()
    with pytest.raises(websocket.WebSocketBadStatusException) as refused:
        hostile.socket(origin="https://evil.example")
    assert refused.value.status_code == 403
    assert asked(f"{hostile.address}/", **BROWSER, Host="evil.example")[0] == 403


def test_only_who_opens_the_page_takes_a_kernel_and_a_full_lab_says_so(address, hostile, polite):
    assert asked(address)[0] == 200  # without the last slash, too
    before = health(address)
    assert before["most_visitors"] == 3
    image = {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image", "Sec-Fetch-Site": "cross-site"}
    for headers in ({}, image, {"Accept": "image/avif,*/*"}, BROWSER | {"Sec-Purpose": "prefetch"}):
        assert asked(f"{address}/", **headers)[0] == 200
    assert health(address)["visitors"] == before["visitors"]
    where = urlsplit(address)
    with socket.create_connection((where.hostname, where.port)) as gone_at_once:
        gone_at_once.sendall(f"GET /lab/ HTTP/1.1\r\nHost: {where.netloc}\r\nAccept: text/html\r\n\r\n".encode())
    until(lambda: health(address)["visitors"] == before["visitors"])
    there = {"X-Forwarded-For": "198.51.100.1, 203.0.113.5"}
    entered(address, **there)
    status, body = asked(f"{address}/", **BROWSER, **there | {"X-Forwarded-For": "198.51.100.2, 203.0.113.5"})
    assert status == 503
    assert "Your network address has" in body
    while health(address)["visitors"] < 3:
        entered(address)
    status, body = asked(f"{address}/", **BROWSER)
    assert status == 200
    assert "The lab is full: 3 visitors are here. You are next." in body
    assert "kernelId" not in body
    assert health(address)["visitors"] == 3


@pytest.mark.skipif(not psutil.LINUX, reason="only Linux limits a process's data")
def test_a_kernel_may_use_only_so_much_memory(server):
    import resource

    for kernel in server.kernels():
        assert resource.prlimit(kernel.pid, resource.RLIMIT_DATA)[0] == 2**30


def test_a_killed_kernel_is_dead_and_gives_way(server, address, polite):
    """The last test: the kernels of all others are killed."""
    for kernel in server.kernels():
        kernel.kill()
    while heard(polite, "status")["execution_state"] != "dead":
        pass
    until(lambda: health(address)["visitors"] == 0)
    channel = Visitor(address).socket()
    assert answered(channel)
    channel.shutdown()
