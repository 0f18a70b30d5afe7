"""Ten polite visitors beside a hostile one: how long do they wait, and how long without him?

    python -m tests.benchmarks.hostile_visitor [--polite 10] [--minutes 60] [--phase 120]

The polite ones come over real websockets, without drawing, look at a stored picture, change how it is drawn, attack an
image that nobody has attacked, leave, and come again after a pause. In every second phase the hostile one, who has
another network address, does all of this at once, from as many pages as he is given: has the dearest restarts computed
that are allowed, one after the other; attacks without end; sends what no page sends; drags sliders without reading
what comes; and loads the page without ever connecting to it. As quiet and hostile phases alternate, a machine that
becomes slower changes both. It prints what the polite ones waited for (median / 95%) in both kinds of phases, their
ratio, and errors.
"""

import argparse
import contextlib
import itertools
import random
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import psutil
from websocket import WebSocketException

from lab import links
from lab.limits import MOST_GRADIENT_STEPS
from lab.specs import PGD, Linf, Restarts, Spec, Trained
from tests.benchmarks.visitors_load import CONTROL, PAGE, Seen, at, both, come, settle, store, together, turn
from tests.served import Served, served
from tests.server.test_hostile_visitor import ATTACKS
from tests.server.visitor import Visitor, frame, message, opened
from widgets.dashboards.explore.page import DEFAULT as EXPLORED

HIS = {"X-Forwarded-For": "203.0.113.66"}
PAUSE = 30.0  # seconds between two visits of a polite visitor, on average
WAITED_FOR = ("page", "picture", "repaint", "explored")
GOES_WRONG = (WebSocketException, OSError, AssertionError, ValueError, KeyError)


@dataclass
class Log:
    """What the polite ones waited, by the kind of the phase in which a whole visit took place."""

    hostile: bool = False
    phase: int = 0
    seconds: dict[bool, dict[str, list[float]]] = field(
        default_factory=lambda: {False: defaultdict(list), True: defaultdict(list)}
    )
    errors: dict[bool, list[str]] = field(default_factory=lambda: {False: [], True: []})
    deeds: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    numbers: itertools.count = field(default_factory=itertools.count)


def ask(seen: Seen, page: str, spec: Spec) -> None:
    """Open a page with these settings."""
    seen.set(seen.widget(selected=...), selected=page, state=links.write(links.PageState(spec, None, {})))


def visit(lab: Served, log: Log, draw: random.Random) -> None:
    """Come, look, change, attack and leave."""
    number, phase, hostile = next(log.numbers), log.phase, log.hostile
    seen = Seen(number)
    try:
        come(lab.address, seen)
        turn("", seen)
        began = time.perf_counter()
        ask(seen, "attack-explorer", replace(EXPLORED, image=number % 300, ball=Linf(round(0.1 + 1e-5 * number, 5))))
        seen.hear(lambda _, state: bool(state.get("cards")))
        seen.seconds["explored"] = time.perf_counter() - began
    except GOES_WRONG as error:
        log.errors[hostile].append(f"{type(error).__name__}: {error}"[:120])
    finally:
        leave(seen)
    if phase == log.phase:
        for name, seconds in seen.seconds.items():
            log.seconds[hostile][name].append(seconds)
    time.sleep(draw.uniform(0.5, 1.5) * PAUSE)


def leave(seen: Seen) -> None:
    """Leave as a page does."""
    if seen.visitor:
        seen.visitor.leave()
    with contextlib.suppress(*GOES_WRONG, AttributeError):
        seen.channel.close()


def enter(lab: Served) -> Seen:
    """A page of the hostile visitor."""
    seen = Seen(visitor=Visitor(lab.address, **HIS))
    seen.channel = seen.visitor.socket()
    opening = message("comm_open", CONTROL)
    opening[2] = b'{"version": "1.0.0"}'
    seen.channel.send_binary(frame(opening))
    seen.say("comm_msg", {"comm_id": "c1", "data": {"method": "request_states"}})
    seen.hear(lambda _, state: "states" in state)
    return seen


def dearest(lab: Served, seen: Seen, draw: random.Random) -> None:
    """The dearest restarts that are allowed."""
    attack = PGD(steps=1000, restarts=MOST_GRADIENT_STEPS // 1100)
    ask(seen, PAGE, Restarts(images=(0,), models=(Trained("standard"),), attack=attack, seed=draw.randrange(10**6)))
    time.sleep(10)


def attacks(lab: Served, seen: Seen, draw: random.Random) -> None:
    """An attack after the other, none of which is waited for."""
    ask(
        seen,
        "attack-explorer",
        replace(EXPLORED, image=draw.randrange(300), ball=Linf(round(draw.uniform(0.1, 0.3), 6))),
    )
    time.sleep(0.5)


def drags(lab: Served, seen: Seen, draw: random.Random) -> None:
    """A slider dragged as fast as it is let."""
    with contextlib.suppress(AssertionError, ValueError):
        seen.set(seen.widget(label="Bins"), value=draw.randrange(15, 60))
    time.sleep(0.012)


def nonsense(lab: Served, seen: Seen, draw: random.Random) -> None:
    """What no page sends, on a socket of its own."""
    assert seen.visitor
    with contextlib.closing(seen.visitor.socket()) as channel:
        draw.choice(list(ATTACKS.values()))[0](channel)


def loads(lab: Served, _: Seen, draw: random.Random) -> None:
    """The page, without connecting to it."""
    opened(lab.address, **HIS)


DEEDS: tuple[Callable[[Served, Seen, random.Random], None], ...] = (dearest, dearest, attacks, drags, nonsense, loads)


def misbehave(lab: Served, log: Log, deed: Callable[[Served, Seen, random.Random], None], draw: random.Random) -> None:
    """Do that as often as he is let, until the phase is over; who is thrown out comes again."""
    phase = log.phase
    while log.phase == phase:
        seen = Seen()
        try:
            seen = enter(lab) if deed is not loads else seen
            while log.phase == phase:
                deed(lab, seen, draw)
                log.deeds[deed.__name__] += 1
        except GOES_WRONG:
            log.deeds[f"{deed.__name__} refused"] += 1
            time.sleep(0.2)
        finally:
            leave(seen)


def run(lab: Served, log: Log, polite: int, seconds: float, phase: float) -> None:
    """Let the phases alternate, and all leave at the end."""
    ended = threading.Event()

    def politely(number: int) -> None:
        draw = random.Random(number)
        time.sleep(draw.uniform(0, PAUSE))
        while not ended.is_set():
            visit(lab, log, draw)

    people = threading.Thread(target=together, args=([partial(politely, number) for number in range(polite)],))
    people.start()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        foes = (
            [partial(misbehave, lab, log, deed, random.Random(i)) for i, deed in enumerate(DEEDS)]
            if log.hostile
            else []
        )
        foe = threading.Thread(target=together, args=(foes,))
        foe.start()
        time.sleep(phase)
        log.hostile, log.phase = not log.hostile, log.phase + 1
        foe.join()
    ended.set()
    people.join()


def main() -> None:
    """Print a table."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--polite", type=int, default=10)
    options.add_argument("--minutes", type=float, default=60.0)
    options.add_argument("--phase", type=float, default=120.0, help="seconds of a phase")
    chosen = options.parse_args()
    print(f"{psutil.cpu_count()} cores, load {psutil.getloadavg()[0]:.1f}; {chosen.polite} polite visitors")
    log = Log()
    with (
        tempfile.TemporaryDirectory() as folder,
        served(Path(folder), "--lazy", "--public", "--trust-proxy", "127.0.0.1", "--visitors", "30") as lab,
    ):
        store(lab)
        settle(lab)
        run(lab, log, chosen.polite, 60 * chosen.minutes, chosen.phase)
    print("| waited for | quiet: visits | median / 95% (s) | beside him: visits | median / 95% (s) | ratio of 95% |")
    print("| --- " * 6 + "|")
    for name in WAITED_FOR:
        quiet, beside = (log.seconds[hostile][name] for hostile in (False, True))
        ratio = at(0.95, beside) / at(0.95, quiet)
        print(f"| {name} | {len(quiet)} | {both(quiet)} | {len(beside)} | {both(beside)} | {ratio:.1f} |")
    print(f"errors: {len(log.errors[False])} quiet, {len(log.errors[True])} beside him; his deeds: {dict(log.deeds)}")
    for each in sorted({*log.errors[False], *log.errors[True]}):
        print(f"- {each}")


if __name__ == "__main__":
    main()
