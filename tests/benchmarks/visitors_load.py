"""How a lab holds a class: visitors who arrive within three seconds, look, move a control, attack an image, and leave.

    python -m tests.benchmarks.visitors_load [--visitors 1 10 30] [-- OPTIONS OF serve]

It starts the lab for each number of visitors, waits until one page's first picture is stored and the pool of kernels
is full, and lets so many visitors come over real websockets, without drawing. In the next three seconds each changes
how the picture is drawn, and in three more each attacks another image in the explorer, which nothing has stored. It
prints the seconds (median / 95%) to the page, to the first picture, to the repaint, to the first picture of the
attack and to all that follows it; of the coming, the processor's seconds that Voilà and the kernels took a visitor
and their memory (PSS) a visitor; errors, and the seconds until all are released after they left. In an option, ``{}``
stands for the number of visitors: ``-- --visitors {}``.
"""

import argparse
import contextlib
import itertools
import json
import statistics
import sys
import tempfile
import threading
import time
import traceback
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import psutil
from websocket import WebSocket, WebSocketTimeoutException

from lab import links
from lab.specs import Linf
from tests.served import Served, served
from tests.server.visitor import Visitor, frame, message, said
from tests.waiting import PATIENCE, until
from widgets.dashboards.explore.page import DEFAULT as EXPLORED

SPREAD = 3.0  # seconds within which all visitors come, move a control, and attack
WAITED_FOR = ("page", "picture", "repaint", "explored", "explored wholly")
PAGE = "pgd-restarts"
CONTROL = {"comm_id": "c1", "target_name": "jupyter.widget.control", "data": {}}
_IDLE = 0.03  # processor seconds in five that a kernel at rest takes at most: it looks whether its parent lives
_LONGEST = 900.0  # seconds that a visitor waits at most, however much else the page is told meanwhile
_STILL = 1.0  # seconds without a message after which a page is at rest
ALL_STATES = {"comm_id": "c1", "data": {"method": "request_states"}}
_ASKED = itertools.count()
"""Attacks that were requested so far, each with an ε of its own: a larger class finds nothing of a smaller one's."""


@dataclass
class Seen:
    """One visitor: who he is, what of his page he knows by its number, and the seconds to what he waited for."""

    number: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    visitor: Visitor | None = None
    channel: WebSocket | None = None
    widgets: dict[str, dict[str, object]] = field(default_factory=dict)
    error: str = ""

    def widget(self, **traits: object) -> str:
        """The number of the one widget that was opened with these traits; ``...`` for any value."""
        wanted = traits.items()
        [found] = [
            name
            for name, state in self.widgets.items()
            if all(key in state and value in (..., state[key]) for key, value in wanted)
        ]
        return found

    def say(self, kind: str, content: object) -> None:
        """Send a widget message."""
        assert self.channel
        self.channel.send_binary(frame(message(kind, content)))

    def set(self, widget: str, **state: object) -> None:
        """Change a widget as the browser does."""
        self.say("comm_msg", {"comm_id": widget, "data": {"method": "update", "state": state}})

    def hear(self, until: Callable[[str, dict[str, object]], bool]) -> None:
        """Read what the page is sent until the state of a widget, new or changed, is what one waits for."""
        assert self.channel
        end = time.monotonic() + _LONGEST
        while time.monotonic() < end:
            kind, content = said(self.channel)
            if kind not in ("comm_open", "comm_msg"):
                continue
            data = content.get("data", {})
            if kind == "comm_open":
                self.widgets[content["comm_id"]] = data.get("state", {})
            self.widgets |= {name: each["state"] for name, each in data.get("states", {}).items()}
            if until(content["comm_id"], data.get("state", data)):
                return
        raise WebSocketTimeoutException(f"What was waited for did not come within {_LONGEST:.0f} s.")

    def rest(self) -> None:
        """Read what the page is still sent until nothing comes any more."""
        assert self.channel
        with contextlib.suppress(WebSocketTimeoutException):
            self.channel.settimeout(_STILL)
            self.hear(lambda *_: False)
        self.channel.settimeout(PATIENCE)


def come(address: str, seen: Seen) -> None:
    """Open the page, choose an analysis, and wait for its first picture."""
    began = time.perf_counter()
    seen.visitor = Visitor(address)
    seen.seconds["page"] = time.perf_counter() - began
    seen.channel = seen.visitor.socket()
    opening = message("comm_open", CONTROL)
    opening[2] = b'{"version": "1.0.0"}'
    seen.channel.send_binary(frame(opening))
    seen.say("comm_msg", ALL_STATES)
    seen.hear(lambda _, state: "states" in state)
    seen.set(seen.widget(selected=...), selected=PAGE)
    seen.hear(lambda _, state: '"data"' in state.get("figure", ""))
    seen.seconds["picture"] = time.perf_counter() - began


def turn(_: str, seen: Seen) -> None:
    """Change how the picture is drawn, and wait until it is."""
    began = time.perf_counter()
    seen.set(seen.widget(label="Bins"), value=20 + seen.number % 30)
    seen.hear(lambda _, state: "figure" in state)
    seen.seconds["repaint"] = time.perf_counter() - began


def explore(_: str, seen: Seen) -> None:
    """Attack an image that nobody has attacked, and wait for its picture and for all that follows."""
    asked = replace(EXPLORED, image=100 + seen.number, ball=Linf(round(0.1 + 1e-5 * next(_ASKED), 5)))
    began = time.perf_counter()
    state = links.write(links.PageState(asked, None, {}))
    seen.set(seen.widget(selected=...), selected="attack-explorer", state=state)
    seen.hear(lambda _, state: bool(state.get("cards")))
    seen.seconds["explored"] = time.perf_counter() - began
    seen.hear(lambda _, state: state.get("state") == "done")
    seen.seconds["explored wholly"] = time.perf_counter() - began


def tree(lab: Served) -> list[psutil.Process]:
    """Voilà and everything it started."""
    [voila] = lab.children("voila")
    return [voila, *voila.children(recursive=True)]


def memory(processes: list[psutil.Process]) -> float:
    """Their proportional memory in MB."""
    return sum(each.memory_full_info().pss for each in processes) / 1e6


def work(processes: list[psutil.Process]) -> float:
    """The processor's seconds that they have had."""
    return sum(times.user + times.system for times in (each.cpu_times() for each in processes))


def health(lab: Served) -> dict[str, object]:
    """What the lab says of itself."""
    with urllib.request.urlopen(f"{lab.address}/health", timeout=60) as answer:
        return json.load(answer)


def store(lab: Served) -> None:
    """Have the picture computed that all will look at."""
    first = Seen()
    come(lab.address, first)
    until(lambda: any((lab.home / "results").glob("*")), patience=600.0)
    first.visitor.leave()


def settle(lab: Served, patience: float = 300.0) -> None:
    """Wait until neither Voilà nor a kernel has anything to do."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        before = {each.pid: work([each]) for each in tree(lab)}
        time.sleep(5)
        after = {each.pid: work([each]) for each in tree(lab)}
        spent = sum(after.values()) - sum(before.values())
        if before.keys() == after.keys() and spent < 0.5 + _IDLE * len(after):
            return
    raise SystemExit("The lab did not come to rest.")


def at(share: float, values: list[float]) -> float:
    """A quantile of some values."""
    return sorted(values)[min(len(values) - 1, round(share * (len(values) - 1)))] if values else float("nan")


def wave(lab: Served, people: list[Seen], what: Callable[[str, Seen], None]) -> None:
    """Let all do that, each as late as he came, and then wait until their pages are at rest."""

    def one(seen: Seen) -> None:
        time.sleep(SPREAD * seen.number / len(people))
        try:
            what(lab.address, seen)
            seen.rest()
        except Exception:  # whatever went wrong is counted
            seen.error = traceback.format_exc(limit=3)

    together([partial(one, each) for each in people if not each.error])


def together(tasks: list[Callable[[], object]]) -> None:
    """Run all at the same time and wait for all."""
    threads = [threading.Thread(target=each) for each in tasks]
    for each in threads:
        each.start()
    for each in threads:
        each.join()


def measure(lab: Served, number: int) -> str:
    """One line of the table."""
    store(lab)
    settle(lab)
    processes = tree(lab)
    idle, worked = memory(processes), work(processes)
    people = [Seen(each) for each in range(number)]
    wave(lab, people, come)
    spent, full = work(tree(lab)) - worked, memory(tree(lab))
    for what in (turn, explore):
        wave(lab, people, what)
    for each in people:
        if each.error:
            print(each.error, file=sys.stderr)
    left = time.monotonic()
    together([each.visitor.leave for each in people if each.visitor])
    while health(lab)["visitors"]:
        time.sleep(0.1)
    released = time.monotonic() - left
    cells = (
        f"{number}",
        *(both([each.seconds[name] for each in people if name in each.seconds]) for name in WAITED_FOR),
        f"{sum(bool(each.error) for each in people)}",
        f"{spent / number:.2f}",
        f"{full / number:.0f}",
        f"{idle:.0f} → {full:.0f} ({len(processes)} processes)",
        f"{released:.1f}",
    )
    return "| " + " | ".join(cells) + " |"


def both(seconds: list[float]) -> str:
    """Median and 95%."""
    return f"{statistics.median(seconds):.2f} / {at(0.95, seconds):.2f}" if seconds else "–"


def main() -> None:
    """Print a table."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--visitors", type=int, nargs="+", default=[1, 10, 30])
    options.add_argument("serve", nargs="*", help="options of serve, after --")
    chosen = options.parse_args()
    print(f"{psutil.cpu_count()} cores, load {psutil.getloadavg()[0]:.1f}; serve {' '.join(chosen.serve)}")
    columns = (
        "visitors",
        *(f"{each} (s)" for each in WAITED_FOR),
        "errors",
        "processor (s a visitor)",
        "PSS (MB a visitor)",
        "PSS in all before → with them (MB)",
        "released after (s)",
    )
    print("| " + " | ".join(columns) + " |")
    print("| --- " * len(columns) + "|")
    with tempfile.TemporaryDirectory() as folder:
        for number in chosen.visitors:
            with served(Path(folder), "--lazy", *(each.format(number) for each in chosen.serve)) as lab:
                print(measure(lab, number), flush=True)


if __name__ == "__main__":
    main()
