"""The engine inside this process: what the engine on Dask gives, with the models and images of this process."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

import lab
from lab import runs
from lab.engine import LocalEngine, work
from lab.engine.slots import LASTING, QUICK, SLOTS
from lab.engine.turns import Turns
from lab.errors import EngineError, LabError
from lab.home import results_folder
from lab.runs.claim import claimed
from lab.specs import Preview, Restarts, Trained, TrainingRun, standard_training
from tests.engine.slow_analysis import Lengthy, Slow, held, let_go
from tests.engine.test_engine import begun
from tests.models.test_live import linear, restarts
from tests.waiting import PATIENCE, until


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAB_HOME", str(tmp_path / "home"))


@pytest.fixture
def local() -> Iterator[LocalEngine]:
    with LocalEngine() as engine:
        yield engine


@pytest.fixture
def slow(tmp_path: Path) -> Slow:
    return Slow(steps=25, pause=0.02, diary=str(tmp_path / "diary"))


def stored() -> list[Path]:
    return list(results_folder().glob("*")) if results_folder().exists() else []


def test_progress_partial_results_and_the_result_arrive_in_order(local: LocalEngine, slow: Slow) -> None:
    seen: list[tuple[str, float, int]] = []

    def look(job) -> None:
        done = -1 if job.partial is None else len(job.partial.numbers)
        seen.append((job.state, job.progress.fraction if job.progress else 0.0, done))

    spec = held(slow.replace(steps=60))
    job = local.submit(spec, look)
    for taken in range(0, 60, 10):
        let_go(spec, taken)
        until(lambda taken=taken: seen and seen[-1][1:] == (taken / 60, taken))
    let_go(spec)
    assert np.array_equal(job.wait(PATIENCE).numbers, np.arange(60))
    until(lambda: seen[-1][0] == "done")
    fractions = [each[1] for each in seen]
    assert fractions == sorted(fractions)
    assert len(set(fractions)) > 5
    assert max(each[2] for each in seen) > 30


def test_what_is_asked_for_twice_is_computed_once_and_then_read(local: LocalEngine, slow: Slow) -> None:
    jobs = [local.submit(slow), local.submit(slow)]
    assert [len(job.wait(PATIENCE).numbers) for job in jobs] == [25, 25]
    assert local.submit(slow).state == "done"
    assert begun(slow) == 1


def test_cancel_stops_the_thread(local: LocalEngine, slow: Slow) -> None:
    job = local.submit(held(slow))
    until(lambda: job.progress)
    job.cancel()
    job.cancel()
    assert job.state == "cancelled"
    until(lambda: not running())
    assert not stored()


def test_cancelled_and_asked_for_again(local: LocalEngine, slow: Slow) -> None:
    spec = held(slow)  # or the first would have ended before a busy machine gives it up
    first = local.submit(spec)
    until(lambda: first.progress)
    first.cancel()
    second = local.submit(spec)
    let_go(spec)
    assert len(second.wait(PATIENCE).numbers) == 25
    assert first.state == "cancelled"


def test_more_than_there_are_slots_wait_for_their_turn_and_can_be_given_up(local: LocalEngine, slow: Slow) -> None:
    spec = held(Lengthy(diary=slow.diary))
    jobs = [local.submit(spec.replace(steps=500 + i)) for i in range(4)]
    until(lambda: sum(job.state == "running" for job in jobs) == SLOTS[LASTING])
    for job in jobs:
        job.cancel()
    until(lambda: not running())


@pytest.mark.parametrize("cost", [0, QUICK + 1], ids=["cheap", "dear"])
def test_all_have_their_turn_and_can_be_given_up(local: LocalEngine, slow: Slow, cost: int) -> None:
    jobs = [local.submit(held(slow).replace(steps=500 + i, cost=cost)) for i in range(4)]
    until(lambda: all(job.partial for job in jobs))
    for job in reversed(jobs):
        job.cancel()
    until(lambda: not running())


def test_those_who_wait_for_their_turn_can_be_given_up(
    local: LocalEngine, slow: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(work._turns, "quick", Turns(at_once=0))
    jobs = [local.submit(held(slow).replace(steps=500 + i)) for i in range(4)]
    until(lambda: all(job.progress and job.progress.doing == "waiting for its turn" for job in jobs))
    for job in reversed(jobs):
        job.cancel()
    until(lambda: not running())
    assert not any(job.partial for job in jobs)


def test_what_goes_wrong_is_said_in_words(local: LocalEngine, slow: Slow) -> None:
    with pytest.raises(LabError, match="no model called 'nobody'"):
        local.submit(Restarts(models=(Trained("nobody"),)))
    job = local.submit(slow.replace(fault="mendable"))
    with pytest.raises(EngineError, match=r"'x\.npz' have the wrong shape"):
        job.wait(PATIENCE)
    with pytest.raises(EngineError, match="The computation failed: ZeroDivisionError: too few images"):
        local.submit(slow.replace(fault="bug")).wait(PATIENCE)


def test_a_closed_engine_ends_its_jobs_and_takes_no_more(slow: Slow) -> None:
    engine = LocalEngine()
    job = engine.submit(held(slow))
    until(lambda: job.progress)
    engine.close()
    assert (job.state, job.error) == ("failed", "The engine was closed.")
    assert engine.workers() == 0
    until(lambda: not running())
    with pytest.raises(EngineError, match="make another LocalEngine"):
        engine.submit(slow)


def test_live_models_and_data_are_computed_with_and_not_stored(local: LocalEngine, tmp_path: Path) -> None:
    spec, module = restarts("here"), linear()
    lab.live(module, "here")
    job = local.submit(spec)
    assert job.wait(PATIENCE).models[0].model == "here"
    assert job.note is None
    with torch.no_grad():
        module[1].weight.zero_()
    assert np.ptp(local.submit(spec).wait(PATIENCE).models[0].loss, axis=(0, 1)).max() < 1e-5  # the module as it is now
    assert not stored()
    again = local.submit(Preview(spec.data, (0, 1))).wait(PATIENCE)
    assert again.x.shape == (2, 6, 6, 1)


@pytest.mark.slow
def test_a_training_runs_here_too(local: LocalEngine) -> None:
    job = local.submit(TrainingRun("mine", standard_training().replace(epochs=1)))
    assert set(local.training()) == {"mine"}
    assert job.wait(PATIENCE).measured.clean > 0.3
    assert local.training() == {}


@pytest.mark.slow
def test_a_program_that_ends_does_not_wait_for_what_is_computed() -> None:
    program = (
        "import time\nfrom lab.engine import LocalEngine\nfrom lab.specs import PGD, Restarts\n"
        "job = LocalEngine().submit(Restarts(attack=PGD(steps=1000, restarts=50), images=(0, 1, 2, 3)))\n"
        "while job.progress is None or not job.progress.fraction: time.sleep(0.05)\n"
        "print('ends')"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False)
    assert (ran.stdout, ran.returncode) == ("ends\n", 0), ran.stderr


def running() -> list[str]:
    """The computations that are in a thread of this process."""
    return [each.name for each in threading.enumerate() if each.name.startswith("Slow-")]


def test_a_run_that_somebody_else_trains_has_not_failed(local: LocalEngine) -> None:
    """As on another server with the same LAB_HOME, where the run that waits here was resumed."""
    spec = TrainingRun("theirs", standard_training().replace(epochs=1))
    runs.begin(spec)
    with claimed(runs.folder("theirs")):
        job = local.submit(spec)
        with pytest.raises(EngineError, match="is being trained already"):
            job.wait(PATIENCE)
        assert [each.state for each in runs.runs()] == ["elsewhere"]
    assert [(each.state, each.error) for each in runs.runs()] == [("paused", "")]
