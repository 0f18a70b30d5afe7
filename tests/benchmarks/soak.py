"""Hours of visitors in minutes: does anything grow?

    python -m tests.benchmarks.soak [--visitors 30] [--minutes 8] [--every 30]

So many visitors at a time come over real websockets, without drawing, look at a stored picture, change how it is drawn,
attack an image that nobody has attacked, leave, and come again as another visitor. Who does that in a class stays for
an hour; here it takes as long as it takes, and the factor by which time is compressed is printed. Of every half minute
it prints what the processes hold: memory (PSS), threads, open files, files in LAB_HOME, unfinished jobs. In the end all
leave, and what is left after a minute is compared with what was there after the first visitor.
"""

import argparse
import contextlib
import itertools
import re
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path

import psutil
from websocket import WebSocketException

from lab import links
from lab.specs import Linf
from tests.benchmarks.faults_under_load import voila_of, worker_of
from tests.benchmarks.visitors_load import Seen, come, settle, store, together, turn
from tests.served import Served, served
from widgets.dashboards.explore.page import DEFAULT as EXPLORED

_STAY = 3600.0  # seconds for which a visitor of a class stays
_REST = 60.0  # seconds after which what was left is gone
COLUMNS = (
    "seconds",
    "visits",
    "errors",
    "kernels",
    "page server (MB, threads, files)",
    "worker (MB, threads, files)",
    "main process (MB, threads, files)",
    "files in LAB_HOME",
    "unfinished jobs",
)


class Count:
    """How many visits have ended, and in how many something went wrong."""

    def __init__(self) -> None:
        self.numbers = itertools.count()
        self.visits, self.errors = list[float](), list[str]()


def visit(lab: Served, count: Count, ended: threading.Event) -> None:
    """Come, look, change, attack and leave, again and again."""
    while not ended.is_set():
        number, began = next(count.numbers), time.monotonic()
        seen = Seen(number % 30)
        try:
            come(lab.address, seen)
            turn("", seen)
            _attack(seen, number)
        except (WebSocketException, OSError, AssertionError, ValueError) as error:
            count.errors.append(f"{type(error).__name__}: {error}"[:120])
        finally:
            if seen.visitor:
                seen.visitor.leave()
                with contextlib.suppress(WebSocketException, OSError, AttributeError):
                    seen.channel.close()
        count.visits.append(time.monotonic() - began)


def _attack(seen: Seen, number: int) -> None:
    """The first picture of an attack with an ε of one's own."""
    asked = replace(EXPLORED, image=number % 300, ball=Linf(round(0.1 + 1e-5 * number, 5)))
    seen.set(
        seen.widget(selected=...),
        selected="attack-explorer",
        state=links.write(links.PageState(asked, None, {})),
    )
    seen.hear(lambda _, state: bool(state.get("cards")))


def held(lab: Served) -> list[str]:
    """What the lab holds at the moment, from the column of kernels on."""
    processes = [voila_of(lab), worker_of(lab), psutil.Process(lab.process.pid)]
    files = sum(1 for each in lab.home.rglob("*") if each.is_file())
    return [f"{len(lab.kernels())}", *map(_of, processes), f"{files}", f"{_jobs(lab)}"]


def _of(process: psutil.Process) -> str:
    with process.oneshot():
        return f"{process.memory_full_info().pss / 1e6:.0f}, {process.num_threads()}, {process.num_fds()}"


def _jobs(lab: Served) -> int:
    with urllib.request.urlopen(f"{lab.address}/metrics", timeout=60) as answer:
        return sum(int(each) for each in re.findall(r"^lab_jobs\{.*\} (\d+)$", answer.read().decode(), re.M))


def _row(cells: Iterable[object]) -> None:
    print("| " + " | ".join(map(str, cells)) + " |", flush=True)


def soak(lab: Served, visitors: int, seconds: float, every: float) -> None:
    """Print the table."""
    store(lab)
    settle(lab)
    count, ended, began = Count(), threading.Event(), time.monotonic()
    _row([0, 1, 0, *held(lab)])
    tasks = [partial(visit, lab, count, ended) for _ in range(visitors)]
    people = threading.Thread(target=together, args=(tasks,))
    people.start()
    while time.monotonic() - began < seconds:
        time.sleep(every)
        _row([round(time.monotonic() - began), len(count.visits), len(count.errors), *held(lab)])
    ended.set()
    people.join()
    time.sleep(_REST)
    _row([round(time.monotonic() - began), len(count.visits), len(count.errors), *held(lab)])
    factor = _STAY * len(count.visits) / visitors / seconds
    print(f"A visit took {sum(count.visits) / len(count.visits):.1f} s instead of an hour: {factor:.0f} times as fast.")
    for each in sorted(set(count.errors)):
        print(f"{count.errors.count(each)} × {each}")


def main() -> None:
    """Print a table."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--visitors", type=int, default=30)
    options.add_argument("--minutes", type=float, default=8.0)
    options.add_argument("--every", type=float, default=30.0, help="seconds between two rows")
    chosen = options.parse_args()
    print(f"{psutil.cpu_count()} cores, load {psutil.getloadavg()[0]:.1f}; {chosen.visitors} visitors at a time")
    _row(COLUMNS)
    _row(["---"] * len(COLUMNS))
    with (
        tempfile.TemporaryDirectory() as folder,
        served(Path(folder), "--lazy", "--visitors", str(chosen.visitors)) as lab,
    ):
        soak(lab, chosen.visitors, 60 * chosen.minutes, chosen.every)


if __name__ == "__main__":
    main()
