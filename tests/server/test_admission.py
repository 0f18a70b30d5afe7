"""Who is let in, by which name, and how much he may send."""

import asyncio
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest
import zmq

from lab.server.allowance import Allowance
from lab.server.hosts import Hosts
from lab.server.kernels import MOST_BYTES_KEPT, MOST_MESSAGES_READ_AHEAD, Kernels
from lab.server.navigation import opens_page
from lab.server.notices import notice

HTML = {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}


def fetch(mode: str, dest: str, site: str = "none", **others: str) -> dict[str, str]:
    return {"Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": dest, "Sec-Fetch-Site": site, **others}


@pytest.mark.parametrize(
    "headers",
    [
        HTML,  # an old browser, or any at an address without TLS
        fetch("navigate", "document") | HTML,
        fetch("navigate", "document", "cross-site"),  # a link on a course's page
        fetch("navigate", "iframe", "same-origin"),
    ],
)
def test_a_browser_that_opens_the_page_gets_a_kernel(headers):
    assert opens_page(headers)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Accept": "*/*"},
        {"Accept": "application/json"},
        {"Accept": "image/avif,image/webp,*/*;q=0.8"},
        {"User-Agent": "kube-probe/1.30", "Accept": "*/*"},
        fetch("no-cors", "image", "cross-site"),
        fetch("no-cors", "script", "cross-site") | HTML,
        fetch("cors", "empty", "same-origin") | HTML,
        fetch("navigate", "iframe", "cross-site") | HTML,
        fetch("navigate", "embed", "cross-site") | HTML,
        fetch("navigate", "object") | HTML,
        fetch("", "image") | HTML,
        fetch("navigate", "") | HTML,
        fetch("navigate", "document") | {"Sec-Purpose": "prefetch;prerender"},
        HTML | {"Purpose": "prefetch"},
    ],
)
def test_nothing_else_does(headers):
    assert not opens_page(headers)


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:8866", "localhost.:1", "127.0.0.1:8866", "127.0.0.2", "[::1]:8866", "[::1]"]
)
def test_a_lab_of_ones_own_answers_to_the_names_of_this_machine(host):
    assert Hosts().admit(host)


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8866",
        "localhost.evil.example",
        "127.0.0.1.evil.example:8866",
        "0.0.0.0:8866",
        "192.168.1.5",
        "[::]:1",
        "",
        ":8866",
        "localhost:8866:8866",
        "localhost:80x",
        "user@localhost",
        "localhost/evil",
        "localhost, evil.example",
    ],
)
def test_and_to_no_other(host):
    assert not Hosts().admit(host)
    assert not Hosts(frozenset({"lab.example"})).admit(host)


def test_trusted_names_are_answered_and_a_public_lab_answers_to_all():
    assert Hosts(frozenset({"lab.example"})).admit("Lab.Example:443")
    assert not Hosts(frozenset({"lab.example"})).admit("evil.lab.example")
    assert Hosts(anyone=True).admit("whatever")


def test_an_allowance_lasts_for_a_burst_and_comes_back_with_time():
    now = [0.0]
    allowance = Allowance(rate=10, burst=30, clock=lambda: now[0])
    assert [allowance.take(10) for _ in range(4)] == [True, True, True, False]
    now[0] = 0.5
    assert not allowance.take(6)
    assert allowance.take(5)
    now[0] = 1000
    assert not allowance.take(31)
    assert allowance.take(30)


def test_a_notice_shows_words_and_no_markup():
    assert "<script>" not in notice("<script>")
    assert 'content="10"' in notice("full", again=10)


@dataclass
class Process:
    ended: int | None = None

    def poll(self) -> int | None:
        return self.ended


@dataclass
class Provisioner:
    process: Process = field(default_factory=Process)


@dataclass
class Running:
    provisioner: Provisioner = field(default_factory=Provisioner)


class Counted(Kernels):
    """Kernels that are only counted."""

    async def shutdown_kernel(self, kernel_id):
        self.remove_kernel(kernel_id)

    def begin(self, kernel_id):
        self._kernels[kernel_id] = Running()
        return kernel_id


def test_visitors_are_counted_from_the_door_on_and_who_never_comes_loses_his_kernel(monkeypatch):
    async def visit():
        kernels, now = Counted(most_visitors=2), [0.0]
        monkeypatch.setattr("lab.server.kernels.time", SimpleNamespace(monotonic=lambda: now[0]))
        with kernels.welcome() as first:
            assert (kernels.visitors, kernels.free) == (1, 1)
            first.kernel_id = kernels.begin("a")
        with kernels.welcome():
            assert kernels.free == 0
        assert kernels.visitors == 1  # the second was given none
        with kernels.welcome() as third:
            third.kernel_id = kernels.begin("c")
        kernels.notify_connect("a")
        await kernels.end_the_forgotten()
        assert kernels.visitors == 2
        now[0] = 61
        await kernels.end_the_forgotten()
        assert list(kernels._kernels) == ["a"]
        kernels.remove_kernel("a")
        assert kernels.visitors == 0

    asyncio.run(visit())


def test_a_kernel_stays_as_long_as_its_page_asks_for_it_while_its_scripts_load(monkeypatch):
    async def visit():
        kernels, now = Counted(most_visitors=2), [0.0]
        monkeypatch.setattr("lab.server.kernels.time", SimpleNamespace(monotonic=lambda: now[0]))
        with kernels.welcome() as slow:
            slow.kernel_id = kernels.begin("a")
            kernels.hear("a")  # the page is read before it is whole
        with kernels.welcome() as gone:
            gone.kernel_id = kernels.begin("b")
        for second in range(2, 200, 2):
            now[0] = second
            kernels.hear("a")
            kernels.hear("of nobody")
            await kernels.end_the_forgotten()
        assert list(kernels._kernels) == ["a"]
        now[0] = 260
        await kernels.end_the_forgotten()
        assert not kernels._kernels

    asyncio.run(visit())


class Channel:
    """A kernel's channel, of which whoever listens hears what the kernel says."""

    def on_recv(self, heard):
        self.say = heard


def test_a_kernel_that_talks_on_to_a_page_out_of_reach_is_ended_before_it_is_too_much():
    async def visit():
        kernels, channels = Counted(), {"quiet": Channel(), "loud": Channel()}
        for name, channel in channels.items():
            kernels.start_buffering(kernels.begin(name), f"{name}:session", {"iopub": channel})
        for _ in range(9):
            channels["quiet"].say([b"x" * 1000, b"y"])
        channels["loud"].say([b"x" * (MOST_BYTES_KEPT + 1)])
        for _ in range(9):  # before anybody had the time to look
            channels["loud"].say([b"x"])
        assert len(kernels._kernel_buffers["quiet"]["buffer"]) == 9
        assert not kernels._kernel_buffers["loud"]["buffer"]
        while "loud" in kernels:
            await asyncio.sleep(0)
        assert list(kernels._kernels) == ["quiet"]

    asyncio.run(visit())


def test_a_busy_server_reads_only_so_far_ahead_of_what_a_kernel_says():
    with Kernels().context.socket(zmq.SUB) as iopub:
        assert iopub.get(zmq.RCVHWM) == MOST_MESSAGES_READ_AHEAD


def test_a_dead_kernel_of_the_pool_is_given_to_nobody():
    async def pool():
        kernels = Counted()

        async def started(kernel_id):
            return {"kernel_id": kernels.begin(kernel_id)}

        async def failed():
            raise RuntimeError

        tasks = [asyncio.create_task(each) for each in (started("a"), failed(), started("b"), started("c"))]
        await asyncio.wait(tasks)
        coming = asyncio.create_task(asyncio.sleep(600))
        kernels._pools = {"lab.ipynb": [coming, *tasks]}
        kernels.get_kernel("a").provisioner.process.ended = -9
        kernels.remove_kernel("b")
        assert kernels.ready("lab.ipynb") == 1
        assert kernels._pools["lab.ipynb"] == [tasks[3], coming]  # what is ready comes first
        coming.cancel()

    asyncio.run(pool())
