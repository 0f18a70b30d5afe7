"""What is heard of a computation, in whatever order it arrives and whatever the clock says."""

import itertools

import pytest

from lab.context import Progress
from lab.engine.computation import Computation
from lab.engine.keeper import PROGRESS

TOPIC = f"{PROGRESS}x"


class Listener:
    """A job as far as it listens."""

    def __init__(self) -> None:
        self.heard: list[float] = []
        self.note: str | None = None

    def started(self, progress: Progress, elapsed: float, note: str | None) -> None:
        self.heard.append(progress.fraction)
        self.note = note


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def computation(listener: Listener) -> Computation:
    return Computation("x", "x", "", "short", jobs=[listener])  # type: ignore[list-item]


def event(number: int, run: str = "first", clock: float = 0.0) -> tuple[float, dict[str, object]]:
    message = {"run": run, "number": number, "fraction": float(number), "doing": "", "metrics": {}, "elapsed": 1.0}
    return clock, message | {"note": None}


@pytest.mark.parametrize("clock", [lambda i: -3600.0 * i, lambda i: 0.0, lambda i: 10.0 + i, lambda i: (-1.0) ** i])
def test_a_clock_that_is_put_back_stops_nothing(computation: Computation, listener: Listener, clock) -> None:  # type: ignore[no-untyped-def]
    for i in range(1, 6):
        computation.hear(TOPIC, event(i, clock=clock(i)))
    assert listener.heard == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("order", list(itertools.permutations([1, 2, 3])))
def test_what_is_older_than_the_last_is_not_heard(
    computation: Computation, listener: Listener, order: tuple[int, ...]
) -> None:
    for number in (*order, *order):
        computation.hear(TOPIC, event(number))
    assert listener.heard == sorted(set(listener.heard))
    assert listener.heard[-1] == 3


def test_a_second_run_is_said_and_the_first_is_over(computation: Computation, listener: Listener) -> None:
    computation.hear(TOPIC, event(7))
    computation.hear(TOPIC, event(1, "second"))
    computation.hear(TOPIC, event(8))
    assert listener.heard == [7, 1]
    assert listener.note == "The computation was interrupted and restarted."


def test_what_is_fetched_late_says_nothing_new(computation: Computation, listener: Listener) -> None:
    computation.hear(TOPIC, event(2, "second"))
    computation.hear(TOPIC, event(9), fetched=True)
    assert listener.heard == [2]
    assert listener.note is None
