"""The queue before a full lab."""

import asyncio
import urllib.request
from types import SimpleNamespace

import psutil
import pytest

from lab.server import free_port
from lab.server.identity import Identities
from lab.server.kernels import Kernels
from lab.server.notices import waiting
from lab.server.waitlist import GRACE, Waitlist
from tests.served import served
from tests.server.visitor import Visitor, entered, opened
from tests.waiting import PATIENCE, until


@pytest.fixture
def now(monkeypatch):
    """A clock that stands still."""
    time = SimpleNamespace(now=0.0)
    monkeypatch.setattr("lab.server.waitlist.time", SimpleNamespace(monotonic=lambda: time.now))
    return time


def queued(*visitors):
    found = Waitlist()
    for each in visitors:
        found.join(each)
    return found


def test_first_come_first_served(now):
    waiting = queued("a", "b", "c")
    waiting.join("a")  # a second window, or a reload, is no second place
    assert [waiting.place(each) for each in "abcd"] == [0, 1, 2, None]
    waiting.leave("a")
    assert [waiting.place(each) for each in "bc"] == [0, 1]


def test_who_is_not_heard_any_more_loses_the_place(now):
    waiting = queued("a", "b")
    now.now = GRACE - 1
    assert waiting.hear("b")
    now.now = GRACE + 1
    waiting.drop_the_lost(0)
    assert waiting.place("b") == 0
    assert not waiting.hear("a")


def test_who_could_enter_and_does_not_holds_nobody_up(now):
    waiting = queued("a", "b")
    waiting.drop_the_lost(1)
    assert waiting.place("b") == 1
    now.now = GRACE + 1
    for each in "ab":
        waiting.hear(each)
    waiting.drop_the_lost(1)
    assert waiting.place("b") == 0
    assert len(waiting) == 1


def test_a_place_that_was_taken_by_another_is_not_held_against_who_was_called(now):
    waiting = queued("a")
    waiting.drop_the_lost(1)
    waiting.drop_the_lost(0)
    now.now = GRACE + 1
    waiting.hear("a")
    waiting.drop_the_lost(1)
    assert waiting.place("a") == 0


def test_those_of_an_address_are_counted():
    waiting = Waitlist()
    waiting.join("a", "203.0.113.5")
    waiting.join("b", "203.0.113.5")
    waiting.join("c", "")
    assert waiting.of("203.0.113.5") == 2


def test_a_cookie_that_was_not_signed_here_is_nobodys():
    one, other = Identities(), Identities()
    cookie = one.new()
    assert one.known(cookie) == cookie.partition(".")[0]
    for forged in (other.new(), cookie[:-1], "a.b", "", ".", "ä.ö", cookie.replace(cookie[0], "x", 1)):
        assert one.known(forged) is None


class Counted(Kernels):
    """Kernels that are only counted."""

    def begin(self, guest, kernel_id):
        guest.kernel_id = kernel_id
        self._kernels[kernel_id] = None


def test_turns():
    async def visit():
        kernels = Counted(most_visitors=2, most_starting=1)
        assert kernels.turn("a") == (0, True)
        with kernels.welcome("", "a") as first:
            assert kernels.turn("b") == (0, False)  # one starts at a time
            kernels.begin(first, "1")
        assert kernels.turn("b") == (0, True)
        with kernels.welcome("", "b") as second:
            kernels.begin(second, "2")
        assert kernels.free == 0
        for each in ("c", "d", "a"):
            kernels.waitlist.join(each)
        assert kernels.turn("d") == (1, False)
        assert kernels.pages_of("a") == 1
        kernels.remove_kernel("1")  # whose visitor waits himself: he reloads his page
        assert kernels.turn("a") == (0, True)
        assert kernels.turn("c") == (1, False)
        assert kernels.pages_of("a") == 0

    asyncio.run(visit())


def test_who_comes_while_the_last_kernel_that_fits_starts_waits_for_it():
    async def visit():
        kernels = Counted(most_visitors=1)
        coming = asyncio.get_running_loop().create_future()
        kernels._pools = {"lab.ipynb": [coming]}
        assert kernels.turn("a") == (0, False)
        kernels._is_alive = lambda _: True
        coming.set_result({"kernel_id": "1"})
        assert kernels.turn("a") == (0, True)

    asyncio.run(visit())


def test_a_released_kernel_tells_those_who_wait():
    async def visit():
        kernels = Counted(most_visitors=1)
        with kernels.welcome("", "a") as first:
            kernels.begin(first, "1")
        change = asyncio.ensure_future(kernels.waitlist.change(600))
        await asyncio.sleep(0)
        kernels.remove_kernel("1")
        await change

    asyncio.run(visit())


def test_the_page_of_the_queue_shows_no_markup():
    page = waiting("<b>", 3, '/"><script>x')
    assert "<b>" not in page
    assert "<script>x" not in page
    assert "wait(3);" in page


@pytest.mark.slow
def test_a_full_lab_lets_wait_and_admits_the_next_and_killed_leaves_nothing_on_its_port(tmp_path):
    with served(tmp_path, "--lazy", "--public", "--visitors", "1") as server:
        first = Visitor(server.address)
        until(lambda: b'"ready": 0' in urllib.request.urlopen(f"{server.address}/health").read())
        browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        assert "fetch(`/queue?" in opened(server.address, browser)
        assert "You are next" in opened(server.address, browser)  # reloaded
        assert "You are number 2" in opened(server.address)  # another, who goes away
        assert len(server.kernels()) == 1  # nobody who waits takes one
        first.leave()
        kernel, _ = entered(server.address)
        until(lambda: [each.name()[-8:] for each in server.kernels()] == [kernel[:8]])
        server.process.kill()
        server.wait()
        psutil.wait_procs(server.processes(), timeout=PATIENCE)
        assert not server.processes()
        assert free_port("127.0.0.1", int(server.address.rstrip("/").rpartition(":")[2]))
