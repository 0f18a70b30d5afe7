"""A lab with a token: who passes, by what, and what a wrong one meets. No kernel is needed for any of it."""

import asyncio
import http.client
import logging
import threading
from collections import Counter
from contextlib import closing, contextmanager
from types import SimpleNamespace
from urllib.parse import urlencode

import pytest
import websocket
from tornado.httputil import HTTPHeaders, HTTPServerRequest, RequestStartLine
from tornado.ioloop import IOLoop
from tornado.log import access_log
from tornado.web import RequestHandler
from tornado.websocket import WebSocketHandler

from lab.cli.serve import wanted_token
from lab.errors import LabError
from lab.server import free_port
from lab.server.access import SECONDS_A_TOKEN, WRONG_AT_ONCE, Access, check_token, take_token
from lab.server.addresses import address_of
from lab.server.hosts import Hosts
from lab.server.identity import Cookies
from lab.server.light import framing
from lab.server.login import LoginHandler
from lab.server.pages import Rooms
from tests.server.visitor import BROWSER
from tests.waiting import PATIENCE, until

TOKEN = "class of märz 26"
KEY = b"k" * 32
PATH = "/course/"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Echo(RequestHandler):
    """Any address of the lab: says under which address it was reached."""

    def get(self) -> None:
        self.finish(f"inside {self.request.uri} {sorted(self.request.arguments)}")

    post = put = delete = get


class Socket(WebSocketHandler):
    """The websocket of a kernel."""

    def open(self) -> None:
        self.write_message("inside")


def settings(**others):
    own = {
        "hosts": Hosts(anyone=True),
        "addresses": lambda request: address_of(
            request.remote_ip, request.headers.get("X-Forwarded-For", ""), ["127.0.0.1"]
        ),
        "access": Access(TOKEN, KEY, "lab_access_1"),
        "cookies": Cookies(PATH),
        "unlocked": (f"{PATH}health", f"{PATH}login"),
        "lab_path": PATH,
        "framed_by": frozenset(),
        "headers": framing(()),
        "refusals": Counter(),
        "guesses": None,
    }
    return own | others


class Kept(logging.Handler):
    """Keeps what is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.records = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


class Lab:
    """A running server, without kernels."""

    def __init__(self, port, application):
        self.port = port
        self.application = application

    def request(self, path, method="GET", body=None, **headers):
        """Return the response and its body; ``headers`` have ``_`` for ``-``."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)) as connection:
            connection.request(method, path, body, {name.replace("_", "-"): each for name, each in headers.items()})
            response = connection.getresponse()
            return response, response.read().decode()

    def login(self, **fields):
        return self.request(f"{PATH}login", "POST", urlencode(fields), **FORM)


def passed(response):
    """The cookie that a browser sends from now on."""
    [given] = response.headers.get_all("Set-Cookie")
    return given.partition(";")[0]


@contextmanager
def running(handlers, kind=Lab, **others):
    """A server with these handlers in a thread of its own."""
    started, made = threading.Event(), []

    def serve():
        asyncio.set_event_loop(asyncio.new_event_loop())
        application = Rooms(handlers, **settings(**others))
        port = free_port("127.0.0.1", 0)
        server = application.listen(port, "127.0.0.1")
        made.extend((kind(port, application), IOLoop.current(), server))
        started.set()
        IOLoop.current().start()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    assert started.wait(PATIENCE)
    found, loop, server = made
    yield found
    loop.add_callback(server.stop)
    loop.add_callback(loop.stop)
    thread.join(PATIENCE)


@pytest.fixture
def lab():
    with running([(f"{PATH}login", LoginHandler), (f"{PATH}channels", Socket), (r"/.*", Echo)]) as found:
        yield found


@pytest.mark.parametrize(
    "path", ["", "metrics", "queue", "api/kernels/1", "voila/static/index.css", "voila/files/a", "%2e"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_nothing_is_reached_without_the_token(lab, path, method):
    response, said = lab.request(PATH + path, method)
    assert response.status == 401
    assert "inside" not in said
    assert response.headers["WWW-Authenticate"] == "Bearer"


def test_the_health_check_is(lab):
    response, said = lab.request(f"{PATH}health")
    assert (response.status, said[:6]) == (200, "inside")


def test_a_browser_is_shown_a_form_that_goes_on_to_its_address(lab):
    response, said = lab.request(f"{PATH}?a=%22%3E<script>", **BROWSER)
    assert response.status == 401
    assert 'action="/course/login"' in said
    assert 'value="/course/?a=%22%3E&lt;script&gt;"' in said
    assert response.headers["Content-Security-Policy"] == "frame-ancestors 'self'"


def test_the_form_with_the_token_gives_a_cookie_with_which_all_is_open(lab):
    response, _ = lab.login(token=f" {TOKEN} ", next=f"{PATH}?x=1#transfer?abc")
    assert (response.status, response.headers["Location"]) == (303, f"{PATH}?x=1#transfer?abc")
    assert response.headers["Set-Cookie"].endswith(f"; HttpOnly; Path={PATH}; SameSite=Lax")
    _, said = lab.request(f"{PATH}metrics", Cookie=passed(response))
    assert said == f"inside {PATH}metrics []"
    response, _ = lab.request(f"{PATH}login", Cookie=passed(response))
    assert (response.status, response.headers["Location"]) == (302, PATH)


@pytest.mark.parametrize(
    "came_from",
    ["//evil.example", "https://evil.example/course/", "/course/\\evil", "/other", "/course/\r\nA: b", "/course/ä", ""],
)
def test_it_leads_to_no_other_site(lab, came_from):
    response, _ = lab.login(token=TOKEN, next=came_from)
    assert (response.status, response.headers["Location"]) == (303, PATH)
    assert "A" not in response.headers


def test_a_link_with_the_token_gives_the_cookie_and_the_address_without_it(lab):
    link = urlencode({"a": "1", "token": TOKEN, "b": "x y"})
    response, _ = lab.request(f"{PATH}?{link}&c", **BROWSER)
    assert (response.status, response.headers["Location"]) == (302, f"{PATH}?a=1&b=x+y&c")
    assert response.headers["Referrer-Policy"] == "no-referrer"
    _, said = lab.request(response.headers["Location"], Cookie=passed(response))
    assert said == f"inside {PATH}?a=1&b=x+y&c ['a', 'b', 'c']"
    response, _ = lab.request(f"//evil.example/?{link}")
    assert response.headers["Location"].startswith("/evil.example/")


def test_a_link_with_an_old_token_is_for_who_has_the_cookie_a_link_like_any_other(lab):
    cookie = passed(lab.login(token=TOKEN)[0])
    response, _ = lab.request(f"{PATH}?token=old", Cookie=cookie)
    assert (response.status, response.headers["Location"]) == (302, PATH)
    assert lab.application.settings["refusals"]["token"] == 0


def test_what_a_proxy_says_in_the_header_counts_more_than_its_own_token_in_the_link(lab):
    response, _ = lab.request(f"{PATH}?token=jupyters", Authorization=f"Bearer {TOKEN}".encode(), **BROWSER)
    assert (response.status, response.headers["Location"]) == (302, PATH)
    assert lab.request(PATH, Cookie=passed(response))[0].status == 200
    assert lab.application.settings["refusals"]["token"] == 0


def test_a_program_sends_it_in_a_header(lab):
    for kind in ("Bearer", "token"):
        response, said = lab.request(f"{PATH}metrics", Authorization=f"{kind} {TOKEN}".encode())
        assert (response.status, said[:6]) == (200, "inside")


WRONG = [
    "",
    "wrong",
    TOKEN[:-1],
    TOKEN + "x",
    TOKEN.upper(),
    "x" * 50_000,
    "\0",
    b"\xff\xfe",
    TOKEN.encode("latin-1"),
    "%",
]


@pytest.mark.parametrize("token", WRONG, ids=lambda token: repr(token[:12]))
def test_a_wrong_token_is_refused_wherever_it_is_sent(lab, token):
    response, said = lab.login(token=token, next=PATH)
    assert response.status == 401
    assert "That token is not valid." in said
    assert 'aria-invalid="true"' in said
    response, said = lab.request(f"{PATH}?{urlencode({'token': token})}", **BROWSER)
    assert response.status == 401
    assert "The token in that link is not valid." in said
    if b"\0" not in (sent := b"Bearer " + (token if isinstance(token, bytes) else token.encode())):
        response, said = lab.request(f"{PATH}metrics", Authorization=sent)
        assert response.status == 401
    assert "inside" not in said


def test_a_form_that_is_none_is_refused(lab):
    for body, kind in ((b"", ""), (b"\xff" * 9, FORM["Content-Type"]), (b"token", "multipart/form-data; boundary=x")):
        response, said = lab.request(f"{PATH}login", "POST", body, Content_Type=kind)
        assert response.status in (400, 401)
        assert "inside" not in said


def test_a_cookie_of_another_server_or_none_at_all_opens_nothing(lab):
    right = Access(TOKEN, KEY, "lab_access_1").new_pass()
    others = (Access(TOKEN, b"j" * 32, "").new_pass(), Access("another token", KEY, "").new_pass())
    for each in (*others, right[:-1], "a.b", ".", "", "x" * 9000, "\xff.\xfe", '"', f"{right}.{right}"):
        response, _ = lab.request(f"{PATH}metrics", Cookie=f"lab_access_1={each}".encode("latin-1"))
        assert response.status == 401
    response, _ = lab.request(f"{PATH}metrics", Cookie=f"lab_access_2={right}; lab_visitor={right}")
    assert response.status == 401
    response, _ = lab.request(f"{PATH}metrics", Cookie=f"lab_access_1={right}")
    assert response.status == 200


def test_a_websocket_needs_the_cookie(lab):
    address = f"ws://127.0.0.1:{lab.port}{PATH}channels"
    with pytest.raises(websocket.WebSocketBadStatusException) as refused:
        websocket.create_connection(address, timeout=PATIENCE)
    assert refused.value.status_code == 401
    cookie = passed(lab.login(token=TOKEN)[0])
    with closing(websocket.create_connection(address, timeout=PATIENCE, cookie=cookie)) as channel:
        assert channel.recv() == "inside"


def test_one_address_may_guess_so_often_and_others_are_still_heard(lab):
    for _ in range(WRONG_AT_ONCE):
        assert lab.login(token="wrong")[0].status == 401
    response, said = lab.login(token=TOKEN)
    assert response.status == 429
    assert 0 < int(response.headers["Retry-After"]) <= SECONDS_A_TOKEN + 1
    assert "Too many wrong tokens came from your network address: try again in" in said
    assert lab.request(f"{PATH}metrics", Authorization=f"Bearer {TOKEN}".encode())[0].status == 429
    assert (
        lab.request(f"{PATH}metrics", Authorization=f"Bearer {TOKEN}".encode(), X_Forwarded_For="192.0.2.7")[0].status
        == 200
    )
    cookie = f"lab_access_1={lab.application.settings['access'].new_pass()}"
    assert lab.request(f"{PATH}metrics", Cookie=cookie)[0].status == 200
    assert lab.application.settings["refusals"]["token"] == WRONG_AT_ONCE + 2


def test_addresses_are_forgotten_before_they_fill_the_memory(monkeypatch):
    monkeypatch.setattr("lab.server.allowance._MOST_ADDRESSES", 3)
    access = Access(TOKEN, KEY, "")
    for number in range(9):
        access.attempt(b"wrong", f"192.0.2.{number}")
    assert len(access._left) == 3


def test_another_site_is_not_served_and_cannot_guess(lab):
    lab.application.settings["hosts"] = Hosts()
    response, _ = lab.request(f"{PATH}?token=wrong", Host="evil.example")
    assert response.status == 403
    assert lab.application.settings["refusals"]["token"] == 0


def test_no_log_shows_a_token(lab, monkeypatch):
    monkeypatch.setattr(access_log, "disabled", False)
    level = access_log.level
    access_log.setLevel(logging.DEBUG)
    access_log.addHandler(kept := Kept())
    lab.request(f"{PATH}?{urlencode({'token': TOKEN})}")
    lab.request(f"{PATH}?a=1&%74oken=almost-right&token=second")
    lab.login(token=TOKEN)
    lab.application.settings["access"] = None
    _, said = lab.request(f"{PATH}?token=almost-right")
    until(lambda: len(kept.records) >= 4)  # the server writes them after it has responded
    access_log.removeHandler(kept)
    access_log.setLevel(level)
    assert said == f"inside {PATH} []"
    written = "\n".join(each.getMessage() for each in kept.records)
    assert "GET /course/?a=1" in written
    for each in ("almost-right", "second", TOKEN, urlencode({"": TOKEN})):
        assert each not in written


def test_without_a_token_all_are_let_in(lab):
    lab.application.settings["access"] = None
    assert lab.request(PATH)[0].status == 200


@pytest.mark.parametrize(
    "token", ["short", "x" * 201, " padded with space", "new\nline in it", "\udcff not a character"]
)
def test_a_token_that_nobody_can_type_is_refused_at_the_start(token):
    with pytest.raises(LabError, match="The token"):
        check_token(token)


def test_the_command_line_the_environment_or_nobody_chooses_it(monkeypatch):
    monkeypatch.delenv("LAB_TOKEN", raising=False)
    assert wanted_token(None) == ("", False)
    assert wanted_token("from the line") == ("from the line", False)
    one, two = wanted_token(True), wanted_token(True)
    assert one[1]
    assert one != two
    check_token(one[0])
    for given in (None, True):
        monkeypatch.setenv("LAB_TOKEN", "from elsewhere")
        assert wanted_token(given) == ("from elsewhere", False)
        assert wanted_token(None) == ("", False)  # no process that is started later has it
    for empty in ("", "  "):
        monkeypatch.setenv("LAB_TOKEN", empty)
        with pytest.raises(LabError, match="LAB_TOKEN is empty"):
            wanted_token(None)


@pytest.mark.parametrize(
    ("cookies", "headers", "options"),
    [
        (Cookies("/"), {}, "HttpOnly; Path=/; SameSite=Lax"),
        (Cookies("/lab/"), {"X-Forwarded-Proto": "https, http"}, "HttpOnly; Path=/lab/; SameSite=Lax; Secure"),
        (Cookies("/", framed=True), {}, "HttpOnly; Path=/; SameSite=None; Secure; Partitioned"),
    ],
)
def test_a_cookie_is_for_no_script_and_no_other_site_and_over_https_for_nothing_else(cookies, headers, options):
    given = []
    request = SimpleNamespace(headers=headers, protocol="http")
    cookies.give(SimpleNamespace(request=request, add_header=lambda *header: given.append(header)), "a", "b")
    assert given == [("Set-Cookie", f"a=b; {options}")]


def test_a_token_is_taken_out_of_an_address_and_nothing_else_is():
    for address, left, token in (
        ("/?token=a", "/", b"a"),
        ("/x?a=%20&token=a&token=b&c=", "/x?a=%20&c=", b"b"),
        ("/?to%6ben=%ff", "/", b"\xff"),
        ("/?tokens=a&t=token", "/?tokens=a&t=token", None),
        ("/?token", "/", b""),
    ):
        request = HTTPServerRequest(
            start_line=RequestStartLine("GET", address, "HTTP/1.1"),
            headers=HTTPHeaders({"Host": "lab"}),
            connection=SimpleNamespace(context=None),
        )
        assert take_token(request) == token
        assert request.uri == left
        assert "token" not in request.arguments
