"""What stands between a page and its kernel: a proxy that refuses websockets, and one that lets them through late."""

import socket
import socketserver
import threading
import time
from contextlib import suppress
from urllib.parse import urlsplit

import pytest

from tests.families import family
from tests.pages.visit import PATIENCE

pytestmark = pytest.mark.page

REFUSED = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

WEBSOCKETS, PAGES = "websockets", "pages"

SAID = """() => {
  window.said = "";
  const hear = () => (window.said += document.getElementById("connection")?.textContent ?? "");
  new MutationObserver(hear).observe(document, { subtree: true, childList: true, characterData: true });
}"""
"""Keeps all that a page ever says of its connection."""


class Proxy(socketserver.ThreadingTCPServer):
    """Passes on what comes to a port of its own; websockets only when ``allowed``, and then ``late`` seconds.

    A ``path`` of its own it takes off. What it ``swallows``, WEBSOCKETS or PAGES, it takes and passes on no more.
    """

    daemon_threads = True

    def __init__(self, address: str) -> None:
        super().__init__(("127.0.0.1", 0), Passing)
        self.behind = (urlsplit(address).hostname, urlsplit(address).port)
        self.address = f"http://127.0.0.1:{self.server_address[1]}"
        self.allowed, self.late, self.path = False, 0.0, b"/"
        self.swallows: set[str] = set()


class Passing(socketserver.BaseRequestHandler):
    """One connection through the proxy, which closes it where it ends."""

    def handle(self) -> None:
        first = self.request.recv(65536)
        kind = WEBSOCKETS if b"upgrade: websocket" in first.lower() else PAGES
        if kind in self.server.swallows:
            return self.swallow()
        if kind == WEBSOCKETS:
            if not self.server.allowed:
                return self.request.sendall(REFUSED)
            time.sleep(self.server.late)
        with socket.create_connection(self.server.behind) as answering:
            answering.sendall(first.replace(b" " + self.server.path, b" /", 1))
            back = threading.Thread(target=self.pass_on, args=(kind, answering, self.request))
            back.start()
            self.pass_on(kind, self.request, answering)
            back.join()
        return None

    def swallow(self) -> None:
        """Take what arrives, without a word, until there is no more."""
        with suppress(OSError):
            while self.request.recv(65536):
                pass

    def pass_on(self, kind: str, source: socket.socket, target: socket.socket) -> None:
        """Pass on what arrives, unless it is swallowed, until there is no more, and say so."""
        with suppress(OSError):
            while part := source.recv(65536):
                if kind not in self.server.swallows:
                    target.sendall(part)
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)


@pytest.fixture
def proxy(lab):
    with Proxy(lab.address) as found:
        serving = threading.Thread(target=found.serve_forever, daemon=True)
        serving.start()
        yield found
        found.shutdown()
        serving.join()


@pytest.mark.slow
def test_a_proxy_that_blocks_websockets_is_said_and_one_that_lets_them_through_late_is_not(browser, proxy):
    page = browser.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(f"{proxy.address}/#pgd-restarts")
    page.get_by_text("The connection to the lab is blocked, perhaps by a proxy").wait_for()
    proxy.allowed, proxy.late = True, 3.0
    page.add_init_script(f"({SAID})()")
    page.get_by_role("button", name="Reload", exact=True).click()
    page.wait_for_selector(".lab-run-bar[data-state]")
    assert "blocked" not in page.evaluate("window.said")
    assert page.locator("#connection").is_hidden()
    page.close()


SWALLOWED = {
    "never accepted": (
        {WEBSOCKETS},
        "has not taken this page's connection yet: it is busy, or a proxy",
    ),
    "open, but silent": ({WEBSOCKETS}, "The lab responds, but nothing comes through this page's connection"),
    "a network that is gone": ({WEBSOCKETS, PAGES}, "The connection to the lab was lost. Trying again"),
}


@pytest.mark.parametrize("how", family(SWALLOWED, "a network that is gone".__ne__))
def test_a_connection_that_swallows_everything_is_said_within_seconds(browser, proxy, how):
    """Nothing ends then, so nobody is told: the page has to ask."""
    page = browser.new_page()
    page.set_default_timeout(PATIENCE)
    page.add_init_script(f"({SAID})()")
    proxy.allowed = True
    swallowed, words = SWALLOWED[how]
    if how == "never accepted":
        proxy.swallows = swallowed
    page.goto(f"{proxy.address}/#pgd-restarts")
    if how != "never accepted":
        page.wait_for_selector(".lab-run-bar[data-state=done]")
        assert page.evaluate("window.said").replace("Reload", "") == ""
        proxy.swallows = swallowed
    begun = page.evaluate("performance.now()")
    page.locator("#connection").get_by_text(words).wait_for()
    print(f"{how}: said after {page.evaluate('performance.now()') - begun:.0f} ms")
    assert page.get_by_role("button", name="Reload", exact=True).is_visible()
    proxy.swallows = set()
    if how == "never accepted":
        page.get_by_role("button", name="Reload", exact=True).click()
        page.wait_for_selector(".lab-run-bar[data-state]")
    page.locator("#connection").wait_for(state="hidden")
    page.close()


def test_a_proxy_that_takes_its_path_off_is_told_what_to_pass_on(browser, proxy):
    """The page comes, but nothing that it asks for: it said that its connection was lost, which no reload mends."""
    proxy.path = b"/lab/"
    page = browser.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(f"{proxy.address}/lab/#pgd-restarts")
    page.get_by_text("The lab is served under /, but this page is at /lab/: start it with --base-url").wait_for()
    assert page.get_by_role("button", name="Reload", exact=True).is_hidden()
    page.close()
