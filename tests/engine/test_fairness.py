"""Many visitors and one engine: whose job ends with his page, who goes first, and what the others are told."""

import asyncio
import multiprocessing
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lab.engine import Engine, Job, inside, keeper
from lab.engine.slots import QUICK, slot_for
from lab.engine.turns import AT_ONCE
from lab.specs import PGD, Explore, Preview, Restarts, Standard, TrainingRun
from tests.engine.slow_analysis import Lengthy, Slow, held, let_go
from tests.engine.test_engine import begun, running
from tests.waiting import PATIENCE, until

DEAR = 10**6


@pytest.fixture
def slow(tmp_path: Path) -> Slow:
    """Work that does not end by itself, by its cost a dear one."""
    return held(Slow(steps=1000, pause=0.0, diary=str(tmp_path / "diary"), cost=DEAR))


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that is gone is waited for only a moment."""
    monkeypatch.setattr(keeper, "GRACE", 0.3)


@pytest.fixture
def visitors(connection: Path) -> Iterator[list[Engine]]:
    """The pages of three visitors."""
    with ExitStack() as stack:
        yield [stack.enter_context(Engine.connect(connection)) for _ in range(3)]


def started(engine: Engine, spec: Slow) -> Job:
    job = engine.submit(spec)
    until(lambda: job.progress)
    return job


@pytest.mark.slow
@pytest.mark.parametrize("cost", [0, DEAR], ids=["cheap", "dear"])
def test_a_job_ends_soon_after_its_last_page(
    engine: Engine, connection: Path, slow: Slow, soon: None, cost: int
) -> None:
    page, other = Engine.connect(connection), Engine.connect(connection)
    job, shared = started(page, slow.replace(cost=cost)), started(other, slow.replace(cost=cost))
    page.close()
    assert job.state == "failed"
    time.sleep(0.8)
    assert running(engine, shared.key), "another page still wants it"
    other.close()
    until(lambda: not running(engine, shared.key))


def test_a_page_that_leaves_again_has_its_whole_time_again(monkeypatch: pytest.MonkeyPatch) -> None:
    now, ended = [0.0], []
    loop = SimpleNamespace(call_later=lambda *_: None)
    scheduler: Any = SimpleNamespace(handlers={}, stream_handlers={}, loop=loop)
    monkeypatch.setattr(keeper, "monotonic", lambda: now[0])
    monkeypatch.setattr(inside, "unfinished", lambda _: [SimpleNamespace(key="job")])
    monkeypatch.setattr(inside, "slot_of", lambda _: "quick")
    monkeypatch.setattr(inside, "wanted_by", lambda *_: {inside.ANYBODY})
    monkeypatch.setattr(inside, "release", lambda _, key, client: ended.append(key))
    kept = keeper.Keeper()
    asyncio.run(kept.start(scheduler))

    kept.remove_client(scheduler, "page")
    now[0] = keeper.GRACE / 2
    kept.update_graph(scheduler, client="page again", keys={"job"})
    kept.remove_client(scheduler, "page again")
    now[0] = keeper.GRACE
    kept._give_up()
    assert not ended
    now[0] = keeper.GRACE * 1.5
    kept._give_up()
    assert ended == ["job"]


def test_a_job_that_waits_for_its_turn_ends_with_its_page_too(
    engine: Engine, connection: Path, slow: Slow, soon: None
) -> None:
    with Engine.connect(connection) as hog:
        jobs = [started(hog, slow.replace(steps=999 - i)) for i in range(2)]
        until(lambda: begun(slow) == 2)
        page = Engine.connect(connection)
        waiting = page.submit(slow)
        until(lambda: waiting.key in str(engine._underway()))
        page.close()
        until(lambda: waiting.key not in str(engine._underway()))
        for job in jobs:
            job.cancel()


@pytest.mark.slow
def test_a_training_goes_on_without_its_page(engine: Engine, connection: Path, slow: Slow, soon: None) -> None:
    spec = held(Lengthy(steps=120, diary=slow.diary))
    page = Engine.connect(connection)
    started(page, spec)
    page.close()
    time.sleep(0.8)
    found = engine.submit(spec)
    let_go(spec)
    assert len(found.wait(PATIENCE).numbers) == 120
    assert begun(spec) == 1


def _page(connection: Path, spec: Slow) -> None:
    Engine.connect(connection).submit(spec).wait(PATIENCE)


@pytest.mark.slow
def test_a_page_that_is_killed_leaves_nothing_computing(
    engine: Engine, connection: Path, slow: Slow, soon: None
) -> None:
    page = multiprocessing.get_context("spawn").Process(target=_page, args=(connection, slow))
    page.start()
    until(lambda: begun(slow))
    page.kill()
    page.join()
    until(lambda: not running(engine, engine.key(slow)))


def test_dear_jobs_leave_the_cheap_ones_their_slots(visitors: list[Engine], slow: Slow, tmp_path: Path) -> None:
    hog, polite, _ = visitors
    jobs = [hog.submit(slow.replace(steps=1000 - i)) for i in range(6)]
    until(lambda: sum(bool(job.partial) for job in jobs) >= 2)
    cheap = Slow(steps=3, diary=str(tmp_path / "cheap"), cost=QUICK)
    assert len(polite.submit(cheap).wait(PATIENCE).numbers) == 3
    assert not any(job.finished for job in jobs)
    for job in jobs:
        job.cancel()


def test_dear_jobs_of_one_visitor_do_not_hold_up_that_of_another(visitors: list[Engine], slow: Slow) -> None:
    hog, *polite = visitors
    dear = [slow.replace(steps=1000 - i) for i in range(7)]
    jobs = [hog.submit(each) for each in dear[:5]]
    until(lambda: jobs[0].partial)
    theirs = [engine.submit(each) for engine, each in zip(polite, dear[5:], strict=True)]
    until(lambda: all(job.partial for job in theirs))
    assert not any(job.finished for job in jobs)
    for job in (*jobs, *theirs):
        job.cancel()


def test_visitors_are_told_what_they_wait_for(visitors: list[Engine], slow: Slow) -> None:
    hog, *polite = visitors
    spec = held(Lengthy(steps=120, diary=slow.diary))
    job = started(hog, spec)
    theirs = [engine.submit(spec.replace(steps=121 + i)) for i, engine in enumerate(polite)]
    told = {f"1 other computation is running, and this one is number {i} in the queue" for i in (1, 2)}
    until(lambda: {job.why_waiting for job in theirs} == told)
    job.cancel()
    until(lambda: sum(bool(job.progress) for job in theirs) == 1)
    assert [job.why_waiting for job in theirs if job.progress] == [""]
    for job in theirs:
        job.cancel()


def test_everybody_sees_a_first_picture_before_anybody_sees_the_rest(visitors: list[Engine], slow: Slow) -> None:
    jobs = [engine.submit(slow.replace(steps=1000 - i, cost=0)) for i, engine in enumerate(visitors)]
    assert len(jobs) > AT_ONCE
    until(lambda: all(job.partial for job in jobs))
    assert not any(job.finished for job in jobs)
    let_go(slow)
    assert len(jobs[0].wait(PATIENCE).numbers) == 1000
    for job in jobs:
        job.cancel()


def test_what_is_cheap_is_told_by_its_cost() -> None:
    assert slot_for(Preview()) == slot_for(Explore()) == "quick"
    assert slot_for(Restarts(attack=PGD(restarts=10_000))) == "short"
    assert slot_for(TrainingRun("mine", Standard(epochs=1))) == slot_for(Standard(epochs=1)) == "long"
