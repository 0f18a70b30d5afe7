"""The time that a process was held does not count."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from lab import clock
from lab.clock import Clock
from tests.running import running

TELLS = "import sys; from lab import clock\nfor _ in sys.stdin: print(clock.seconds(), flush=True)"
HELD = 2.5


@pytest.fixture
def process():
    """A process that says on request how long it has run, and how long that is by the clock on the wall."""
    with running(sys.executable, "-c", TELLS, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as found:

        def told() -> tuple[float, float]:
            found.stdin.write(b"\n")
            found.stdin.flush()
            return json.loads(found.stdout.readline()), time.monotonic()

        yield found, told


@pytest.mark.skipif(os.name != "posix", reason="needs SIGSTOP")
def test_a_process_that_is_held_does_not_count_the_pause(process):
    held, told = process
    counted, wall = told()
    held.send_signal(signal.SIGSTOP)
    time.sleep(HELD)
    held.send_signal(signal.SIGCONT)
    later, then = told()
    assert (then - wall) - (later - counted) > HELD / 2


@pytest.mark.parametrize(
    ("passed", "worked", "counted"),
    [
        (0.5, 0.0, 0.5),  # idle
        (1.4, 0.0, 1.4),  # a busy machine
        (30.0, 0.01, clock.TICK),  # held
        (30.0, 29.0, 30.0),  # compiled code that let no other thread run
        (30.0, 60.0, 30.0),
    ],
)
def test_only_a_pause_does_not_count(passed, worked, counted):
    wall, work = [100.0], [7.0]
    found = Clock(lambda: wall[0], lambda: work[0])
    start = found.seconds()
    for _ in range(2):
        wall[0] += passed
        work[0] += worked
        found.seconds()
    assert found.seconds() - start == pytest.approx(2 * counted)
