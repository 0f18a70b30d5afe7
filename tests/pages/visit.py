"""A visitor as the browser sees the lab: what is read is what is drawn."""

import json
import re
import time
from collections.abc import Callable
from typing import Any

from lab import links
from lab.links import PageState
from lab.server.frames import PROTOCOL
from lab.specs import Spec
from tests.server.visitor import frame
from tests.waiting import until

PATIENCE = 180_000  # milliseconds until something that does not appear is missing, on a busy machine, too

_DESCRIBED = """() => [
  location.href,
  ...[...document.querySelectorAll(".lab-engine, .lab-alert, .lab-run-words, .lab-tip")]
    .filter(each => each.checkVisibility()).map(each => `${each.className}: ${each.innerText}`),
  ...[...document.querySelectorAll(".lab-run-bar")].map(each => `run bar: ${each.dataset.state}`),
  `under the pointer: ${[...document.querySelectorAll(":hover")].slice(-3).map(each => each.outerHTML.slice(0, 120))}`,
  document.querySelector(".lab-place:not(.lab-closed)")?.innerText.slice(0, 2000) ?? "no page is open",
].join("\\n")"""


class Visit:
    """One browser window with its own kernel, on the page with that name in the address.

    With ``asked``, that is what the page computes instead of what it opens with.
    """

    def __init__(self, window: Any, address: str, place: str = "pgd-restarts", asked: Spec | None = None) -> None:
        self.address = address
        self.place = f"{place}?{links.write(PageState(asked))}" if asked else place
        self.complaints: list[str] = []
        self.sent: list[str] = []
        self.page = window.new_page()
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", self._asked)
        self.page.on("websocket", self._connected)
        self.open()

    def open(self) -> None:
        """Load the page and wait for its first figures."""
        self.page.goto(f"{self.address}/#{self.place}")
        if self.place == "home":
            self.page.wait_for_selector(".lab-front[data-busy=false]")
            return
        self.page.wait_for_selector(".lab-run-bar[data-state]")
        least = 6 if self.place == "pgd-restarts" else 1
        self.page.wait_for_function(f"document.querySelectorAll('.js-plotly-plot').length >= {least}")

    def leave(self) -> None:
        """Go, as a visitor goes: the kernel ends, so that it takes no time from those who come after."""
        self.page.goto("about:blank")
        self.page.close()

    def described(self) -> str:
        """Where the page is and what it shows, for the report of a test that failed."""
        try:
            said = [f"last sent: {each[-300:]}" for each in self.sent[-4:]]  # tells a click that nobody heard
            return "\n".join([self.page.evaluate(_DESCRIBED), *said, *self.complaints])
        except Exception as error:  # a closed page, or one that hangs: the report says which
            return f"It cannot be described: {error}"

    def set(self, label: str, value: str) -> None:
        """Type a value into the number box with that label."""
        type_in(self.page, label, value)

    def box(self, label: str) -> Any:
        """The number box with that label."""
        return self.page.get_by_label(label, exact=True).locator("visible=true").first

    def until_shows(self, label: str, value: str) -> None:
        """Wait until the box with that label holds a value."""
        until_shows(self.page, label, value)

    def press(self, name: str, times: int = 1) -> None:
        """Press a button of the run bar, as fast as a hand on the mouse never could."""
        button = self.page.get_by_role("button", name=name, exact=True)
        button.evaluate("(button, times) => { for (let i = 0; i < times; i++) button.click(); }", times)

    @property
    def kernel(self) -> str:
        """The number of the visitor's present kernel, which is also in the name of its process's connection file."""
        found = [match[1] for url in self.sent if (match := re.search(r"/api/kernels/([0-9a-f-]+)/channels", url))]
        return found[-1]

    @property
    def state(self) -> str:
        """The run bar's state."""
        return self.page.locator(".lab-run-bar").get_attribute("data-state") or ""

    @property
    def words(self) -> str:
        """What the run bar says."""
        return self.page.locator(".lab-run-words").inner_text()

    def until(self, *states: str) -> None:
        """Wait until the run bar is in one of these states."""
        self.page.wait_for_function(
            "states => states.includes(document.querySelector('.lab-run-bar').dataset.state)", arg=list(states)
        )

    def until_running(self, share: float = 0.0) -> None:
        """Wait until a job is under way and a share of it is done."""
        self.page.wait_for_function(
            "share => document.querySelector('.lab-run-bar').dataset.state === 'running'"
            " && document.querySelector('.lab-progress').value > share",
            arg=share,
        )

    def until_said(self, words: str) -> None:
        """Wait until the run bar says these words."""
        self.page.wait_for_function(
            "words => document.querySelector('.lab-run-words').innerText.includes(words)", arg=words
        )

    def restarts(self) -> int:
        """How many restarts the figures show, by the captions that are drawn."""
        captions = self.page.eval_on_selector_all(".legendtitletext", "all => all.map(each => each.textContent)")
        found = [re.search(r"(\d+)(?: of \d+)? restarts", text) for text in captions]
        return max((int(match[1]) for match in found if match), default=0)

    def until_drawn(self, restarts: int, patience: int = PATIENCE) -> None:
        """Wait until all figures show that many restarts, and not some of so many."""
        self.page.wait_for_function(
            """words => {
              const captions = [...document.querySelectorAll('.legendtitletext')].map(each => each.textContent);
              return captions.length >= 5 && captions.every(each => new RegExp(words).test(each));
            }""",
            arg=rf"(^|\D){restarts} restarts(?! so far)",
            timeout=patience,
        )

    def drawn(self, heading: str) -> Any:
        """The numbers of a figure as plotly.js holds them after drawing."""
        return self.page.evaluate(
            """heading => {
              const all = [...document.querySelectorAll('.js-plotly-plot')];
              const plot = all.find(each => each.parentElement.textContent.includes(heading));
              const list = values => values == null ? null : Array.from(values);
              return JSON.parse(JSON.stringify({
                data: plot._fullData.map(trace => ({ name: trace.name, x: list(trace.x), y: list(trace.y) })),
                axes: ['xaxis', 'yaxis'].map(name => (plot._fullLayout[name] || {}).type),
                words: plot.textContent,
              }));
            }""",
            heading,
        )

    def tell_kernel(self, message: dict[str, Any]) -> None:
        """Send the kernel a message on a websocket of our own, past everything the page would do."""
        self.page.evaluate(
            """([url, protocol, frame]) => new Promise((done, failed) => {
              const socket = new WebSocket(url, [protocol]);
              socket.onopen = () => {
                socket.send(new Uint8Array(frame));
                setTimeout(() => { socket.close(); done(); }, 1000);
              };
              socket.onerror = () => failed(new Error('no websocket'));
            })""",
            [
                f"{self.address.replace('http', 'ws')}/api/kernels/{self.kernel}/channels",
                PROTOCOL,
                list(
                    frame(
                        [
                            json.dumps(message[each]).encode()
                            for each in ("header", "parent_header", "metadata", "content")
                        ]
                    )
                ),
            ],
        )

    def _connected(self, socket: Any) -> None:
        self.sent.append(socket.url)
        socket.on("framesent", lambda frame: self.sent.append(_text(frame)))

    def _heard(self, message: Any) -> None:
        if message.type == "error":
            self.complaints.append(message.text)

    def _asked(self, request: Any) -> None:
        if not request.url.startswith((self.address, "data:", "blob:")):
            self.complaints.append(f"asked {request.url}")


def type_in(page: Any, label: str, value: str) -> None:
    """Type a value into the box with that label which is in sight."""
    box = page.get_by_label(label, exact=True).locator("visible=true").first
    box.fill(value)
    box.press("Enter")


def until_shows(page: Any, label: str, value: str) -> None:
    """Wait until the box with that label which is in sight holds a value, as a link or a press sets it."""
    from playwright.sync_api import expect

    expect(page.get_by_label(label, exact=True).locator("visible=true").first).to_have_value(value, timeout=PATIENCE)


def point_at(page: Any, place: Callable[[], Any], condition: str) -> None:
    """Move the pointer to a place until what it brings is there.

    A figure that is drawn anew at that moment forgets the pointer until it moves again, as it does in every hand; the
    place is asked for each time, because what is above it may have become higher.
    """
    patience = 2.0

    def shown() -> bool:
        nonlocal patience
        x, y = place()
        page.mouse.move(x - 4, y)
        page.mouse.move(x, y, steps=3)
        end, patience = time.monotonic() + patience, 2 * patience
        while not (found := page.evaluate(f"Boolean({condition})")) and time.monotonic() < end:
            page.wait_for_timeout(50)
        return found

    until(shown, PATIENCE / 1000)


def _text(frame: Any) -> str:
    return frame.decode("utf-8", "replace") if isinstance(frame, bytes) else frame
