"""How a lab holds a class: visitors who arrive within three seconds, look at a stored picture, and leave.

    python -m tests.benchmarks.visitors_load [--visitors 1 10 30] [-- OPTIONS OF serve]

It starts the lab for each number of visitors, waits until one page's first picture is stored and the pool of kernels is
full, and lets so many visitors come over real websockets, without drawing. It prints the seconds to the page and to the
first picture (median and 95%), the processor's seconds that Voilà and the kernels took a visitor, their memory (PSS) a
visitor, errors, and the seconds until all are released after they left. In an option, ``{}`` stands for the number of
visitors: ``-- --visitors {}``.
"""

import argparse
import json
import statistics
import sys
import tempfile
import threading
import time
import traceback
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.served import Served, served
from tests.server.visitor import Visitor, frame, heard, message
from tests.waiting import until

SPREAD = 3.0  # seconds within which all visitors come
PAGE = "pgd-restarts"
CONTROL = {"comm_id": "c1", "target_name": "jupyter.widget.control", "data": {}}
ALL_STATES = {"comm_id": "c1", "data": {"method": "request_states"}}


@dataclass
class Seen:
    """What one visitor saw: seconds from his coming to the page and to the picture, and who he is."""

    page: float = 0.0
    picture: float = 0.0
    visitor: Visitor | None = None
    channel: object = None
    error: str = ""


def visit(address: str, seen: Seen) -> None:
    """Open the page, choose an analysis, and wait for its first picture."""
    began = time.perf_counter()
    try:
        seen.visitor = Visitor(address)
        seen.page = time.perf_counter() - began
        seen.channel = channel = seen.visitor.socket()
        opening = message("comm_open", CONTROL)
        opening[2] = b'{"version": "1.0.0"}'
        channel.send_binary(frame(opening))
        channel.send_binary(frame(message("comm_msg", ALL_STATES)))
        while "states" not in (found := heard(channel, "comm_msg")["data"]):
            pass
        [header] = [each for each, widget in found["states"].items() if "selected" in widget["state"]]
        choice = {"method": "update", "state": {"selected": PAGE}}
        channel.send_binary(frame(message("comm_msg", {"comm_id": header, "data": choice})))
        while '"data"' not in heard(channel, "comm_msg")["data"].get("state", {}).get("figure", ""):
            pass
        seen.picture = time.perf_counter() - began
    except Exception:  # whatever went wrong is counted
        seen.error = traceback.format_exc(limit=3)


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
    visit(lab.address, first)
    if first.error:
        raise SystemExit(first.error)
    until(lambda: any((lab.home / "results").glob("*")), patience=600.0)
    first.visitor.leave()


def settle(lab: Served, patience: float = 300.0) -> None:
    """Wait until neither Voilà nor a kernel has anything to do."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        before = {each.pid: work([each]) for each in tree(lab)}
        time.sleep(5)
        after = {each.pid: work([each]) for each in tree(lab)}
        if before.keys() == after.keys() and sum(after.values()) - sum(before.values()) < 0.5:
            return
    raise SystemExit("The lab did not come to rest.")


def at(share: float, values: list[float]) -> float:
    """A quantile of some values."""
    return sorted(values)[min(len(values) - 1, round(share * (len(values) - 1)))] if values else float("nan")


def measure(lab: Served, number: int) -> str:
    """One line of the table."""
    store(lab)
    settle(lab)
    processes = tree(lab)
    idle, worked = memory(processes), work(processes)
    people = [Seen() for _ in range(number)]
    threads = [threading.Thread(target=visit, args=(lab.address, each)) for each in people]
    began = time.monotonic()
    for position, each in enumerate(threads):
        time.sleep(max(0.0, began + SPREAD * position / number - time.monotonic()))
        each.start()
    for each in threads:
        each.join()
    came = [each for each in people if not each.error]
    for each in people:
        if each.error:
            print(each.error, file=sys.stderr)
    arrived = tree(lab)
    spent, full, kernels = work(arrived) - worked, memory(arrived), len(arrived)
    left = time.monotonic()
    leaving = [threading.Thread(target=each.visitor.leave) for each in people if each.visitor]
    for each in leaving:
        each.start()
    for each in leaving:
        each.join()
    while health(lab)["visitors"]:
        time.sleep(0.1)
    released = time.monotonic() - left
    pages, pictures = [each.page for each in came], [each.picture for each in came]
    cells = (
        f"{number}",
        f"{statistics.median(pages):.2f} / {at(0.95, pages):.2f}" if came else "–",
        f"{statistics.median(pictures):.2f} / {at(0.95, pictures):.2f}" if came else "–",
        f"{len(people) - len(came)}",
        f"{spent / number:.2f}",
        f"{full / number:.0f}",
        f"{idle:.0f} → {full:.0f} ({kernels} processes)",
        f"{released:.1f}",
    )
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    """Print a table."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--visitors", type=int, nargs="+", default=[1, 10, 30])
    options.add_argument("serve", nargs="*", help="options of serve, after --")
    chosen = options.parse_args()
    print(f"{psutil.cpu_count()} cores, load {psutil.getloadavg()[0]:.1f}; serve {' '.join(chosen.serve)}")
    print(
        "| visitors | page median / p95 (s) | first picture median / p95 (s) | errors | processor (s a visitor) "
        "| PSS (MB a visitor) | PSS in all before → with them (MB) | released after (s) |"
    )
    print("| --- " * 8 + "|")
    with tempfile.TemporaryDirectory() as folder:
        for number in chosen.visitors:
            with served(Path(folder), "--lazy", *(each.format(number) for each in chosen.serve)) as lab:
                print(measure(lab, number), flush=True)


if __name__ == "__main__":
    main()
