"""Jobs: progress, cancellation and sharing, on a real embedded cluster."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest

from lab.context import Progress
from lab.engine import Engine, Job, keeper
from lab.errors import EngineError
from lab.home import results_folder
from lab.store import Store
from tests.engine.slow_analysis import Lengthy, Slow, held, let_go
from tests.waiting import PATIENCE, until


def begun(spec: Slow) -> int:
    """How often the computation was begun."""
    diary = Path(spec.diary)
    return len(diary.read_text().splitlines()) if diary.exists() else 0


@pytest.fixture
def slow(tmp_path: Path) -> Slow:
    """Half a second of work that no other test asks for."""
    return Slow(steps=25, pause=0.02, diary=str(tmp_path / "diary"))


def test_progress_and_partial_results_arrive(engine: Engine, slow: Slow) -> None:
    seen: list[tuple[str, float, int, float | None]] = []

    def look(job: Job) -> None:
        fraction = job.progress.fraction if job.progress else 0.0
        partial = -1 if job.partial is None else len(job.partial.numbers)
        seen.append((job.state, fraction, partial, job.seconds_left))

    spec = held(slow.replace(steps=60))
    asked = time.monotonic()
    job = engine.submit(spec, look)
    for taken in range(0, 60, 10):
        let_go(spec, taken)
        until(lambda taken=taken: seen and seen[-1][1:3] == (taken / 60, taken))
    let_go(spec)
    assert np.array_equal(job.wait(PATIENCE).numbers, np.arange(60))
    until(lambda: seen[-1][0] == "done")
    fractions = [each[1] for each in seen]
    assert fractions == sorted(fractions)
    assert len(set(fractions)) > 5
    assert max(each[2] for each in seen) > 40
    assert any(each[3] is not None and 0 < each[3] < time.monotonic() - asked for each in seen)
    assert job.progress is not None
    assert job.progress.metrics["number"] > 40
    assert len(seen) < 10 + 12 * (time.monotonic() - asked), "at most ten a second"


@pytest.mark.parametrize(
    ("fraction", "elapsed", "known"), [(0.005, 3.0, False), (0.005, 20.0, True), (0.02, 3.0, True), (0.5, 0.2, False)]
)
def test_the_time_left_is_told_once_the_pace_says_something(fraction: float, elapsed: float, known: bool) -> None:
    job = Job(Slow(), "key", None, loop=Mock(), deliver=Mock(), withdraw=Mock())
    job.started(Progress(fraction, "", {}), elapsed, None)
    assert (job.seconds_left is not None) == known


def test_a_stored_result_is_answered_at_once(engine: Engine, slow: Slow) -> None:
    engine.submit(slow).wait(PATIENCE)
    told = threading.Event()
    job = engine.submit(slow, lambda job: told.set())
    assert job.state == "done"
    assert len(job.result.numbers) == 25
    assert told.wait(PATIENCE)
    assert begun(slow) == 1


def test_cancel_stops_the_worker_and_twice_does_no_harm(engine: Engine, slow: Slow) -> None:
    job = engine.submit(held(slow))
    until(lambda: job.progress)
    job.cancel()
    job.cancel()
    assert job.state == "cancelled"
    until(lambda: not running(engine, job.key))
    with pytest.raises(EngineError, match="cancelled"):
        job.wait(1)
    assert Store(results_folder()).read(job.key) is None


def running(engine: Engine, key: str) -> bool:
    """Whether any worker still runs the computation, as the worker itself says."""
    counts = engine._client.run(_running_here, key)
    return any(counts.values())


def _running_here(key: str, dask_worker) -> bool:  # type: ignore[no-untyped-def]
    return any(name.endswith(key) for name in dask_worker.active_keys)


@pytest.fixture
def page(connection: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """The engine of a page that a test closes; what it leaves behind is not given up meanwhile."""
    monkeypatch.setattr(keeper, "GRACE", 3600.0)
    with Engine.connect(connection) as found:
        yield found


def test_given_up_just_before_the_page_closes(engine: Engine, page: Engine, slow: Slow) -> None:
    job = page.submit(held(slow))
    until(lambda: job.progress)
    job.cancel()
    page.close()
    until(lambda: not running(engine, job.key))


def test_cancelled_before_it_began(engine: Engine, slow: Slow) -> None:
    job = engine.submit(held(slow))
    job.cancel()
    assert len(engine.submit(slow).wait(PATIENCE).numbers) == 25
    until(lambda: not running(engine, job.key))
    assert begun(slow) <= 2


@pytest.mark.parametrize("pause", [0.0, 0.005, 0.05, 0.2])
def test_cancelled_and_asked_for_again(engine: Engine, slow: Slow, pause: float) -> None:
    spec = held(slow)  # or the first would have ended before a busy machine gives it up
    first = engine.submit(spec)
    until(lambda: first.progress)
    first.cancel()
    time.sleep(pause)
    second = engine.submit(spec)
    let_go(spec)
    assert len(second.wait(PATIENCE).numbers) == 25
    assert first.state == "cancelled"


def test_stop_and_run_pressed_like_mad(engine: Engine, slow: Slow) -> None:
    for _ in range(30):
        engine.submit(slow).cancel()
        time.sleep(0.003)
    assert len(engine.submit(slow).wait(PATIENCE).numbers) == 25


def test_run_pressed_ten_times(engine: Engine, slow: Slow) -> None:
    jobs = [engine.submit(slow) for _ in range(10)]
    assert {len(job.wait(PATIENCE).numbers) for job in jobs} == {25}
    assert begun(slow) == 1


def test_two_jobs_of_a_page_share_a_computation(engine: Engine, slow: Slow) -> None:
    spec = held(slow)
    first, second = engine.submit(spec), engine.submit(spec)
    until(lambda: second.progress)
    first.cancel()
    let_go(spec)
    assert len(second.wait(PATIENCE).numbers) == 25
    assert first.state == "cancelled"
    assert begun(spec) == 1


def test_two_visitors_ask_for_the_same(engine: Engine, connection: Path, slow: Slow) -> None:
    spec = held(slow)
    with Engine.connect(connection) as other:
        first = engine.submit(spec)
        until(lambda: first.partial is not None)
        second = other.submit(spec)
        until(lambda: second.partial is not None)
        first.cancel()
        let_go(spec)
        assert len(second.wait(PATIENCE).numbers) == 25
    assert begun(spec) == 1


def test_a_late_visitor_sees_the_last_state(engine: Engine, connection: Path, slow: Slow) -> None:
    spec = held(slow)
    let_go(spec, 7)
    first = engine.submit(spec)
    until(lambda: known(first) == (7 / 25, 7))  # nothing more is told
    with Engine.connect(connection) as other:
        second = other.submit(spec)
        until(lambda: known(second) == (7 / 25, 7))
        let_go(spec)
        assert len(second.wait(PATIENCE).numbers) == 25


def known(job: Job) -> tuple[float, int] | None:
    """The fraction and the partial result that the job has heard of."""
    return (job.progress.fraction, len(job.partial.numbers)) if job.progress and job.partial else None


def test_a_reloaded_page_finds_its_job_again(engine: Engine, page: Engine, slow: Slow) -> None:
    spec = held(slow)
    job = page.submit(spec)
    until(lambda: job.progress)
    page.close()
    again = engine.submit(spec)
    let_go(spec)
    assert len(again.wait(PATIENCE).numbers) == 25
    assert begun(spec) == 1


def test_short_jobs_do_not_wait_for_long_ones(engine: Engine, slow: Slow, tmp_path: Path) -> None:
    diaries = [str(tmp_path / f"diary{i}") for i in range(3)]
    lengthy = []
    for diary in diaries:
        lengthy.append(engine.submit(held(Lengthy(diary=diary))))
        time.sleep(0.15)  # Dask treats what comes within 0.1 s as equally old
    until(lambda: any(job.progress for job in lengthy))
    assert len(engine.submit(slow).wait(PATIENCE).numbers) == 25
    assert sum(job.state == "running" for job in lengthy) == 1
    assert [job.state for job in lengthy if job.state != "running"] == ["waiting", "waiting"]
    for job in lengthy:
        job.cancel()


def test_changes_come_on_the_callers_thread(connection: Path, slow: Slow) -> None:
    calls: list[Callable[[], None]] = []
    states: list[str] = []
    with Engine.connect(connection, deliver=calls.append) as engine:
        job = engine.submit(slow, lambda job: states.append(job.state))
        job.wait(PATIENCE)
        until(lambda: calls)
        time.sleep(0.2)
        assert states == []
        assert len(calls) == 1
        calls[0]()
    assert states == ["done"]


def test_too_much_is_refused_in_words(engine: Engine, slow: Slow, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(EngineError, match=r"20,000,001 gradient steps .* allows 20,000,000"):
        engine.submit(slow.replace(cost=20_000_001))
    monkeypatch.setenv("LAB_MAX_GRADIENT_STEPS", "10")
    with pytest.raises(EngineError, match="allows 10:"):
        engine.submit(slow.replace(cost=11))


def test_a_limit_that_is_no_number_is_said(engine: Engine, slow: Slow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAB_MAX_GRADIENT_STEPS", "many")
    with pytest.raises(EngineError, match="should be a whole number, not 'many'"):
        engine.submit(slow)


def test_too_many_are_refused_in_words(engine: Engine, slow: Slow) -> None:
    jobs = [engine.submit(held(slow).replace(steps=500 + i)) for i in range(8)]
    with pytest.raises(EngineError, match="8 computations of this page are already waiting"):
        engine.submit(slow)
    for job in jobs:
        job.cancel()
    assert len(engine.submit(slow).wait(PATIENCE).numbers) == 25


def test_nothing_piles_up(engine: Engine, slow: Slow) -> None:
    spec = held(slow)
    let_go(spec, 20)
    job = engine.submit(spec)
    until(lambda: known(job) == (20 / 25, 20))
    assert max(engine._client.run_on_scheduler(_events).values()) == 1
    let_go(spec)
    job.wait(PATIENCE)
    until(lambda: not engine._client.run_on_scheduler(_events))
    until(lambda: not engine._client.run_on_scheduler(_tasks))


def _events(dask_scheduler) -> dict[str, int]:  # type: ignore[no-untyped-def]
    topics = dask_scheduler._broker._topics
    return {name: len(topic.events) for name, topic in topics.items() if str(name).startswith("lab-") and topic.events}


def _tasks(dask_scheduler) -> list[str]:  # type: ignore[no-untyped-def]
    return list(dask_scheduler.tasks)
