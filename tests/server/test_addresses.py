"""Whose network address a request comes from, and that those of one cannot take up everybody's places."""

import json
import logging
from contextlib import ExitStack
from types import SimpleNamespace

import pytest
from tornado.httputil import HTTPHeaders, HTTPServerRequest, RequestStartLine

from lab.server.addresses import address_of, unnamed_proxy
from lab.server.allowance import Allowances
from lab.server.frames import read, with_metadata
from lab.server.kernels import Kernels
from lab.server.pages import Pages
from tests.server.visitor import frame, message

PROXIES = ("127.0.0.1", "10.0.0.2")


@pytest.mark.parametrize(
    ("peer", "forwarded", "proxies", "found"),
    [
        ("203.0.113.5", "", (), "203.0.113.5"),
        ("203.0.113.5", "198.51.100.1", (), "203.0.113.5"),  # who is no proxy says what he likes
        ("203.0.113.5", "198.51.100.1", PROXIES, "203.0.113.5"),
        ("127.0.0.1", "203.0.113.5", PROXIES, "203.0.113.5"),
        ("127.0.0.1", "198.51.100.1, 203.0.113.5", PROXIES, "203.0.113.5"),  # the first is the visitor's own word
        ("127.0.0.1", "198.51.100.1,203.0.113.5 , 10.0.0.2", PROXIES, "203.0.113.5"),
        ("::ffff:127.0.0.1", "203.0.113.5", PROXIES, "203.0.113.5"),
        ("2001:db8:1:2:3::4", "", (), "2001:db8:1:2::/64"),  # a customer has all of these
        ("127.0.0.1", "", (), ""),
        ("127.0.0.1", "203.0.113.5", (), ""),  # a proxy that nobody has named
        ("127.0.0.1", "127.0.0.1", PROXIES, ""),
        ("127.0.0.1", "unknown", PROXIES, ""),
        ("127.0.0.1", "198.51.100.1, <script>", PROXIES, ""),
        ("", "", (), ""),
    ],
)
def test_an_address_is_what_a_trusted_proxy_says(peer, forwarded, proxies, found):
    assert address_of(peer, forwarded, proxies) == found


@pytest.mark.parametrize(
    ("peer", "forwarded", "proxies", "found"),
    [
        ("127.0.0.1", "203.0.113.5", (), "127.0.0.1"),
        ("::1", "203.0.113.5", PROXIES, "::1"),
        ("::ffff:172.17.0.1", "203.0.113.5", PROXIES, "172.17.0.1"),  # a container's gateway
        ("127.0.0.1", "203.0.113.5", PROXIES, ""),
        ("127.0.0.1", "", (), ""),  # someone on this machine
        ("192.88.99.7", "203.0.113.5", (), ""),  # a visitor's own word
        ("", "203.0.113.5", (), ""),
    ],
)
def test_a_proxy_that_nobody_has_named(peer, forwarded, proxies, found):
    assert unnamed_proxy(peer, forwarded, proxies) == found


def test_the_log_names_it_once(caplog):
    pages = Pages(log=logging.getLogger("pages"))
    for visitor in ("203.0.113.5", "203.0.113.6"):
        connection = SimpleNamespace(context=SimpleNamespace(remote_ip="10.0.0.2"))
        line, headers = (
            RequestStartLine("GET", "/", "HTTP/1.1"),
            HTTPHeaders({"Host": "lab", "X-Forwarded-For": visitor}),
        )
        request = HTTPServerRequest(start_line=line, headers=headers, connection=connection)
        assert pages._address(request) == "10.0.0.2"
    assert [each.getMessage() for each in caplog.records] == [
        "Visitors come through a proxy, 10.0.0.2, as one address, with one share for all: "
        "serve with --trust-proxy 10.0.0.2."
    ]


def test_the_server_writes_the_address_into_a_message_whatever_stands_there():
    parts = message("comm_msg", {"comm_id": "a"})
    parts[2] = b'{"address": "mine", "version": "2.1.0"}'
    whole = frame([*parts, b"buffer"])
    known = read(whole).metadata | {"address": "203.0.113.5"}
    again = with_metadata(whole, known)
    assert read(again).metadata == {"address": "203.0.113.5", "version": "2.1.0"}
    assert again == frame([*parts[:2], json.dumps(known).encode(), parts[3], b"buffer"])


def test_one_address_leaves_places_for_others(monkeypatch):
    kernels = Kernels(most_visitors=4)
    with ExitStack() as here:
        for address in ["203.0.113.5"] * 3 + [""] * 9:
            assert not kernels.crowded(address)  # of nobody knows where, nobody knows that it is one person
            here.enter_context(kernels.welcome(address))
        assert kernels.crowded("203.0.113.5")
        assert not kernels.crowded("203.0.113.6")
        monkeypatch.setenv("LAB_MAX_ADDRESS_SHARE", "100")
        assert not kernels.crowded("203.0.113.5")


def test_one_address_loads_few_pages_at_a_time_while_others_are_here():
    """A program that loads pages without end held all that an address may have, each for a minute."""
    kernels = Kernels(most_visitors=30)
    monster, class_, other = "203.0.113.66", "203.0.113.5", "203.0.113.6"
    with ExitStack() as here:
        for _ in range(20):
            assert not kernels.hasty(class_), "a class comes through one address, and nobody else is here"
            here.enter_context(kernels.welcome(class_))
        guests = [here.enter_context(kernels.welcome(monster)) for _ in range(6)]
        assert not kernels.hasty(monster)
        guests.append(here.enter_context(kernels.welcome(monster)))
        assert kernels.hasty(monster)
        assert not kernels.hasty(other)
        guests[0].reached = True
        assert not kernels.hasty(monster), "what has come to a browser counts for the whole share alone"


def test_one_address_loads_few_pages_at_a_time_while_others_wait():
    kernels = Kernels(most_visitors=8)
    with ExitStack() as here:
        for _ in range(4):
            assert not kernels.hasty("203.0.113.66")
            here.enter_context(kernels.welcome("203.0.113.66"))
        kernels.waitlist.join("mine", "203.0.113.66")
        assert not kernels.hasty("203.0.113.66")
        kernels.waitlist.join("another's", "203.0.113.6")
        assert kernels.hasty("203.0.113.66")


def test_one_address_leaves_ready_kernels_for_others(monkeypatch):
    now = [0.0]
    kernels = Kernels(most_visitors=8, most_ready=8)
    kernels._openings = Allowances(6 / 60, 6, clock=lambda: now[0])
    ready = [8]
    monkeypatch.setattr(Kernels, "ready_for_visitors", property(lambda _: ready[0]))
    for _ in range(6):
        assert not kernels.hasty("203.0.113.5")
        with kernels.welcome("203.0.113.5"):
            pass
    assert not kernels.hasty("203.0.113.5"), "as long as enough are ready"
    ready[0] = 3
    assert kernels.hasty("203.0.113.5")
    assert not kernels.hasty("203.0.113.6")
    assert not kernels.hasty("")  # of nobody knows where, nobody knows that it is one person
    now[0] = 9.0
    assert kernels.hasty("203.0.113.5")
    now[0] = 11.0
    assert not kernels.hasty("203.0.113.5")


def test_a_lab_without_ready_kernels_lets_everyone_open_pages_as_before():
    kernels = Kernels(most_visitors=4)
    for _ in range(9):
        with kernels.welcome("203.0.113.5"):
            pass
    assert not kernels.hasty("203.0.113.5")
