"""Faults while ten visitors work: what they are told, when they see new pictures again, and who has to come again.

    python -m tests.benchmarks.faults_under_load [--visitors 10] [--only "kill -9 of the worker" ...]

For each fault it starts the lab, lets the visitors come over real websockets, without drawing, and attack one image
after another in the explorer, none of which is stored. After 15 s comes the fault. It prints the seconds (median /
longest) from then to the first new sentence on each page, to its first new picture, how many lost their connection and
opened the page again, as a browser does, and the sentences. A lost connection counts as told: the page says it.
"""

import argparse
import contextlib
import os
import re
import shutil
import signal
import socket
import statistics
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import psutil
from websocket import WebSocketException, WebSocketTimeoutException

from lab import links
from lab.specs import Linf
from tests.benchmarks.visitors_load import Seen, come, store, together
from tests.served import Served, served
from tests.server.visitor import said
from widgets.dashboards.explore.page import DEFAULT as EXPLORED

_BEFORE = 15.0  # seconds of work before a fault
_AFTER = 100.0  # seconds within which all is to be well again
_PAUSE = 1.0  # seconds for which a visitor looks at a picture
_HELD = 60.0  # seconds for which a process is stopped
SAYING = ("message", "refusal", "words")  # traits of run bar and alerts that hold sentences
ENDED = ("dead", "restarting", "autorestarting")  # what the page, too, takes for the end of its kernel
LOST = "the connection is lost (the page says so)"


@dataclass(eq=False)
class Watched(Seen):
    """A visitor who works until told to stop: when pictures were requested and came, what was said, what was lost."""

    pictures: list[tuple[float, float]] = field(default_factory=list)
    sentences: dict[str, list[float]] = field(default_factory=dict)
    losses: list[float] = field(default_factory=list)

    def note(self, state: dict[str, object]) -> None:
        """Remember when a page said what, whatever its numbers."""
        for name in SAYING:
            text = state.get(name)
            if isinstance(text, str) and text:
                self.sentences.setdefault(re.sub(r"\d[\d.,:]*", "#", text), []).append(time.monotonic())


def work(lab: Callable[[], Served], seen: Watched, ended: threading.Event) -> None:
    """Attack one image after another, and open the page again where its connection is lost."""
    for turn in range(100_000):
        if ended.is_set():
            return
        try:
            if seen.channel is None:
                come(lab().address, seen)
            _attack(seen, turn, ended)
            ended.wait(_PAUSE)
        except (WebSocketException, OSError, AssertionError, ValueError, KeyError):  # of a server that is not there
            if seen.channel is not None:
                seen.losses.append(time.monotonic())
            _leave(seen)
            ended.wait(0.5)


def _leave(seen: Watched) -> None:
    """Go, as a page does that is loaded again."""
    if seen.visitor:
        seen.visitor.leave()
    if seen.channel:
        with contextlib.suppress(WebSocketException, OSError):
            seen.channel.close()
    seen.visitor = seen.channel = None
    seen.widgets = {}


def _attack(seen: Watched, turn: int, ended: threading.Event) -> None:
    """Ask for a picture that nobody has asked for, and wait for it."""
    asked = replace(EXPLORED, image=seen.number, ball=Linf(round(0.1 + 1e-5 * turn, 5)))
    state, began = links.write(links.PageState(asked, None, {})), time.monotonic()
    seen.set(seen.widget(selected=...), selected="attack-explorer", state=state)
    seen.channel.settimeout(1.0)
    while not ended.is_set():
        try:
            kind, content = said(seen.channel)
        except WebSocketTimeoutException:
            continue
        if kind == "status" and content["execution_state"] in ENDED:
            raise ConnectionError("This kernel is no more.")
        if kind != "comm_msg":
            continue
        news = content["data"].get("state", {})
        seen.note(news)
        if news.get("cards"):
            seen.pictures.append((began, time.monotonic()))
            return


def _one(lab: Served, word: str) -> psutil.Process:
    [found] = lab.children(word)[:1]
    return found


def worker_of(lab: Served) -> psutil.Process:
    """The process that computes."""
    return next(each for each in lab.processes() if "multiprocessing.spawn" in " ".join(each.cmdline()))


def voila_of(lab: Served) -> psutil.Process:
    """The process that serves the pages."""
    return next(each for each in lab.children("voila") if "--called" in each.cmdline())


def _held(process: psutil.Process) -> None:
    process.send_signal(signal.SIGSTOP)
    threading.Timer(_HELD, partial(_go_on, process)).start()


def _go_on(process: psutil.Process) -> None:
    with contextlib.suppress(psutil.Error):
        process.send_signal(signal.SIGCONT)


def _full(lab: Served) -> None:
    """No file of the worker and of the main process can get longer: as on a disk that is full."""
    for each in (worker_of(lab), psutil.Process(lab.process.pid)):
        each.rlimit(psutil.RLIMIT_FSIZE, (0, 0))


def _read_only(lab: Served) -> None:
    """What root may write into all the same is made into a file, which nobody can write into."""
    shutil.rmtree(lab.home / "results")
    (lab.home / "results").write_text("")


FAULTS: dict[str, Callable[[Served], object]] = {
    "kill -9 of the worker": lambda lab: worker_of(lab).kill(),
    "SIGSTOP of the worker, for a minute": lambda lab: _held(worker_of(lab)),
    "kill -9 of one kernel": lambda lab: lab.kernels()[0].kill(),
    "kill -9 of what forks the kernels": lambda lab: _one(lab, "lab.server.fork_server").kill(),
    "kill -9 of the page server": lambda lab: voila_of(lab).kill(),
    "SIGSTOP of the page server, for a minute": lambda lab: _held(voila_of(lab)),
    "kill -9 of the main process, started again at once": lambda lab: lab.process.kill(),
    "a full disk": _full,
    "LAB_HOME/results cannot be written": _read_only,
    "LAB_HOME deleted": lambda lab: shutil.rmtree(lab.home, ignore_errors=True),
    "a second server on the same LAB_HOME": lambda _: None,
    "none": lambda _: None,
}


def measure(fault: str, visitors: int, folder: Path) -> str:
    """One line of the table."""
    port = _free_port()
    with ExitStack() as running:
        start = partial(_lab, folder, port, "--visitors", str(visitors + 2))
        labs = [running.enter_context(start())]
        store(labs[0])
        people = [Watched(each) for each in range(visitors)]
        ended = threading.Event()
        tasks = [partial(work, lambda: labs[-1], each, ended) for each in people]
        threads = threading.Thread(target=together, args=(tasks,))
        threads.start()
        time.sleep(_BEFORE)
        before = {text for each in people for text in each.sentences}
        came = time.monotonic()
        FAULTS[fault](labs[0])
        if "main process" in fault:
            labs[0].process.wait()
            time.sleep(1)
            labs.append(running.enter_context(start()))
        if "second server" in fault:
            running.enter_context(_lab(folder, _free_port()))
        _watch(people, came)
        ended.set()
        threads.join()
        together([partial(_leave, each) for each in people])
    return _line(fault, people, came, before)


def _watch(people: list[Watched], came: float) -> None:
    """Wait until each has a picture that was requested after the fault, or long enough."""
    while time.monotonic() - came < _AFTER:
        if time.monotonic() - came > 20 and all(_again(each, came) for each in people):
            return
        time.sleep(0.5)


def _line(fault: str, people: list[Watched], came: float, before: set[str]) -> str:
    told, again, sentences = [], [], Counter[str]()
    for each in people:
        first = {
            text: min(at for at in times if at > came) for text, times in each.sentences.items() if times[-1] > came
        }
        new = {text: at for text, at in [*first.items(), *((LOST, at) for at in each.losses[:1])] if text not in before}
        sentences.update(list(new))
        told += [min(new.values()) - came] if new else []
        again += _again(each, came)[:1]
    lost = sum(bool(each.losses) for each in people)
    words = "; ".join(f"{text} ({count})" for text, count in sentences.most_common(4))
    cells = (fault, _both(told, len(people)), _both(again, len(people)), f"{lost}", words)
    return "| " + " | ".join(cells) + " |"


def _again(seen: Watched, came: float) -> list[float]:
    """Seconds from the fault to each picture that was requested after it."""
    return [shown - came for asked, shown in seen.pictures if asked > came]


def _both(seconds: list[float], people: int) -> str:
    """Median and longest, and of how many where not of all."""
    if not seconds:
        return "–"
    whom = "" if len(seconds) == people else f" ({len(seconds)} of {people})"
    return f"{statistics.median(seconds):.1f} / {max(seconds):.1f}{whom}"


@contextlib.contextmanager
def _lab(folder: Path, port: int, *options: str) -> Iterator[Served]:
    """A lab that may be killed, and then does not end in order."""
    running = served(folder, "--lazy", *options, port=port)
    found = running.__enter__()
    try:
        yield found
    finally:
        with contextlib.suppress(AssertionError):
            running.__exit__(None, None, None)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def main() -> None:
    """Print a table."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--visitors", type=int, default=10)
    options.add_argument("--only", nargs="+", choices=FAULTS, default=list(FAULTS))
    chosen = options.parse_args()
    print(f"{os.cpu_count()} cores, load {psutil.getloadavg()[0]:.1f}; {chosen.visitors} visitors")
    print("| fault | told after (s) | new pictures again after (s) | connections lost | new sentences (pages) |")
    print("| --- | --- | --- | --- | --- |")
    for each in chosen.only:
        with tempfile.TemporaryDirectory() as folder:
            print(measure(each, chosen.visitors, Path(folder)), flush=True)


if __name__ == "__main__":
    main()
