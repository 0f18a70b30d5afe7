"""Cheap jobs take turns: who computes, who stands still at the next step, and for how long."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from lab.context import Cancelled
from lab.engine import turns
from lab.engine.turns import Turn, Turns
from tests.waiting import until


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time in seconds, which stands still."""
    time = [0.0]
    monkeypatch.setattr(turns.clock, "seconds", lambda: time[0])
    monkeypatch.setattr(turns, "_GLANCE", 0.001)
    return time


class Walker:
    """A job that takes a step whenever it is told to and its turn has come."""

    def __init__(self, line: Turns, rank: int = 0) -> None:
        self.wanted = True
        self.turn: Turn | None = None
        self.gone = False
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._walk, args=(line, rank))
        self._thread.start()

    def _walk(self, line: Turns, rank: int) -> None:
        try:
            with line.joined(rank, lambda: self.wanted) as self.turn:
                self._end.wait()
        except Cancelled:
            pass
        self.gone = True

    @property
    def may(self) -> bool:
        """Whether it could take a step now."""
        looks = iter([True, False])
        return bool(self.turn and self.turn.come(lambda: next(looks)))

    def end(self) -> None:
        self.wanted = False
        self._end.set()
        self._thread.join()


@contextmanager
def walking(line: Turns, *ranks: int) -> Iterator[list[Walker]]:
    """Jobs that came one after the other."""
    before = len(line._line)
    with ExitStack() as stack:
        found: list[Walker] = []
        for rank in ranks:
            found.append(Walker(line, rank))
            stack.callback(found[-1].end)
            until(lambda: len(line._line) == before + len(found))
        yield found


def begun(jobs: list[Walker]) -> list[bool]:
    return [job.turn is not None for job in jobs]


def test_so_many_compute_at_once_and_the_next_begins_when_one_ends() -> None:
    with walking(Turns(2), 0, 0, 0, 0) as jobs:
        until(lambda: begun(jobs) == [True, True, False, False])
        jobs[1].end()
        until(lambda: begun(jobs) == [True, True, True, False])


def test_who_has_shown_something_stands_still_until_the_others_have() -> None:
    with walking(Turns(1), 0, 0, 0) as jobs:
        until(lambda: begun(jobs) == [True, False, False])
        jobs[0].turn.shown()
        until(lambda: begun(jobs) == [True, True, False])
        assert [jobs[0].may, jobs[1].may] == [False, True]
        jobs[1].turn.shown()
        until(lambda: begun(jobs) == [True, True, True])
        jobs[2].turn.shown()
        assert [job.may for job in jobs] == [True, False, False], "then in the order in which they have shown something"
        jobs[0].turn.shown()  # only the first picture counts
        assert [job.may for job in jobs] == [True, False, False]


def test_the_first_of_everybody_comes_before_the_second_of_anybody() -> None:
    with walking(Turns(1), 0, 1, 2, 0) as jobs:
        until(lambda: begun(jobs) == [True, False, False, False])
        jobs[0].end()
        until(lambda: begun(jobs) == [True, False, False, True])
        jobs[3].end()
        until(lambda: begun(jobs) == [True, True, False, True])


def test_nobody_is_passed_for_ever(now: list[float]) -> None:
    line = Turns(1)
    with walking(line, 0) as (old,):
        until(lambda: old.turn)
        old.turn.shown()
        now[0] = turns._SEEN + 1
        with walking(line, 0) as (late,):
            assert old.may
            assert late.turn is None


def test_a_first_picture_waits_for_none_of_thirty_who_have_seen_theirs_within_a_minute(now: list[float]) -> None:
    line = Turns(2)
    with walking(line, *[0] * 30) as seen:
        for job in seen:
            until(lambda job=job: job.turn)
            job.turn.shown()
        now[0] = turns._SEEN - 1
        with walking(line, 0) as (late,):
            until(lambda: late.turn)
            assert late.may
            assert [job.may for job in seen] == [True, *[False] * 29]


@pytest.mark.parametrize("began", [False, True])
def test_one_that_nobody_wants_any_more_leaves_the_line(began: bool) -> None:
    line = Turns(1)
    with walking(line, 0, 0) as jobs:
        until(lambda: begun(jobs) == [True, False])
        job = jobs[0 if began else 1]
        job.wanted = False
        if began:
            assert not job.turn.come(lambda: job.wanted)
        else:
            until(lambda: job.gone)
            assert len(line._line) == 1


@pytest.mark.parametrize("rank", [0, 1, 5])
def test_a_first_picture_moves_its_job_back_whenever_it_comes(now: list[float], rank: int) -> None:
    for taken in (0.0, 3.0, 1000.0):
        now[0] = 0.0
        with walking(Turns(1), rank) as (job,):
            until(lambda: job.turn)
            now[0] = taken
            job.turn.shown()
            assert job.turn.due[0] == max(rank * turns._LATER, taken) + turns._SEEN


def test_dear_jobs_give_way_to_cheap_ones_but_for_a_second_in_four(now: list[float]) -> None:
    cheap = Turns()
    dear = Turns(beside=cheap)
    with walking(dear, 0) as [job]:
        now[0] = 2.0
        assert job.may, "there is nobody to give way to"
        with walking(cheap, 0) as [quick]:
            allowed = []
            for quarters in range(32):
                now[0] = quarters / 4
                allowed.append(job.may)
                assert quick.may
            assert sum(allowed) == 8
        now[0] = 2.0
        assert job.may


def test_who_has_computed_for_long_lets_those_go_first_who_have_not(now: list[float]) -> None:
    line = Turns(at_once=1, dearer=4.0)
    with walking(line, 0) as [long]:
        for now[0] in range(61):
            assert long.may
        with walking(line, 0) as [new]:
            until(lambda: new.turn)
            for now[0] in range(61, 61 + 30):
                assert new.may
                assert not long.may
        assert long.may


@pytest.mark.parametrize("jobs", [2, 3, 5])
def test_equals_share_the_time_equally(now: list[float], jobs: int) -> None:
    line, steps = Turns(at_once=1, dearer=4.0), [0] * jobs
    with walking(line, *[0] * jobs) as all_of_them:
        for now[0] in range(1, 30 * jobs):
            for i, each in enumerate(all_of_them):
                steps[i] += each.may
    assert max(steps) - min(steps) <= 2
    assert sum(steps) >= 20 * jobs


def test_a_job_is_not_put_back_for_the_time_that_it_stood_still(now: list[float]) -> None:
    cheap = Turns()
    line = Turns(at_once=1, dearer=4.0, beside=cheap)
    with walking(line, 0) as [first]:
        with walking(cheap, 0):
            now[0] = 2.0
            assert not first.may
            now[0] = 103.0
            assert not first.may
        assert first.may
        assert first.turn
        assert first.turn.due[0] == 4.0 * 2.0


def test_who_stood_still_goes_on_as_soon_as_another_has_had_enough(
    now: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    line, steps = Turns(at_once=1, dearer=4.0), []
    with walking(line, 0, 0) as [first, second]:
        assert first.may
        monkeypatch.setattr(turns, "_GLANCE", 60.0)
        now[0] = 1.0
        assert first.may
        assert second.turn is None
        now[0] = 2.0
        threading.Thread(target=lambda: steps.append(first.turn and first.turn.come(lambda: True))).start()
        until(lambda: second.turn, patience=10.0)
        assert not steps
        second.end()
        until(lambda: steps == [True], patience=10.0)
