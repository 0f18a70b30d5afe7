"""Training on the engine: joined, paused, carried on, gone on without its page, and found again."""

import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from lab import runs
from lab.engine import Engine
from lab.errors import EngineError, LabError
from lab.specs import Inception, Recipe, SmallCNN, Standard, TrainingRun
from tests.waiting import PATIENCE, until

SHORT = Standard(architecture=SmallCNN(width=1), epochs=2, batch=256)
LONG = SHORT.replace(epochs=500)


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """A name that no other test takes."""
    return request.node.name.removeprefix("test_")[:60]


def begun(engine: Engine, name: str, recipe: Recipe = LONG):  # type: ignore[no-untyped-def]
    """A run that has taken some steps."""
    job = engine.submit(TrainingRun(name, recipe))
    until(lambda: card(engine, name).fraction > 0)
    return job


def card(engine: Engine, name: str) -> runs.RunCard:
    """The run as a page sees it."""
    [found] = [each for each in runs.runs(engine.training()) if each.name == name]
    return found


def paused(engine: Engine, name: str) -> runs.RunCard:
    """The run, once it has stopped."""
    runs.pause(name)
    until(lambda: card(engine, name).state == "paused")
    return card(engine, name)


def test_a_run_is_trained_into_its_folder_and_read_from_there_ever_after(engine: Engine, name: str) -> None:
    run = engine.submit(TrainingRun(name, SHORT)).wait(PATIENCE)
    assert run.measured.n == 360
    assert (card(engine, name).state, card(engine, name).fraction) == ("finished", 1.0)
    written = (runs.folder(name) / "weights.safetensors").stat().st_mtime_ns
    again = engine.submit(TrainingRun(name, SHORT))
    assert again.state == "done"
    assert np.array_equal(again.result.history.loss, run.history.loss)
    assert again.result.measured.pgd == run.measured.pgd
    assert (runs.folder(name) / "weights.safetensors").stat().st_mtime_ns == written


@pytest.mark.slow
def test_a_paused_run_ends_in_the_middle_and_goes_on_where_it_was(engine: Engine, name: str) -> None:
    for epochs in (12, 100, 800):  # until it takes longer than a busy machine needs to hear of the pause
        recipe = SHORT.replace(epochs=epochs)
        name = f"{name[:50]}-{epochs}"
        job = begun(engine, name, recipe)
        runs.pause(name)
        until(lambda job=job: job.state in ("cancelled", "done"))
        if job.state == "cancelled":
            break
    found = card(engine, name)
    assert (found.state, 0 < found.fraction < 1) == ("paused", True)
    run = engine.submit(TrainingRun(name, recipe)).wait(PATIENCE)
    whole = engine.submit(TrainingRun(f"{name}-whole", recipe)).wait(PATIENCE)
    assert np.array_equal(run.history.loss, whole.history.loss)


def test_two_pages_join_the_same_run(engine: Engine, connection: Path, name: str) -> None:
    first = begun(engine, name)
    with Engine.connect(connection) as other:
        second = other.submit(TrainingRun(name, LONG))
        until(lambda: second.progress)
        runs.pause(name)
        until(lambda: first.state == second.state == "cancelled")
    assert len(list((runs.folder(name) / "provenance.json").read_text().split('"time"'))) == 2


def test_a_run_goes_on_when_its_page_closes_and_is_found_again(engine: Engine, connection: Path, name: str) -> None:
    page = Engine.connect(connection)
    begun(page, name)
    page.close()
    before = card(engine, name)
    assert before.state == "running"
    until(lambda: card(engine, name).fraction > before.fraction)
    paused(engine, name)


def test_a_run_waits_for_the_one_before_it_and_can_be_paused_while_it_waits(engine: Engine, name: str) -> None:
    begun(engine, f"{name}-1")
    job = engine.submit(TrainingRun(f"{name}-2", LONG))
    until(lambda: card(engine, f"{name}-2").state == "waiting")
    assert paused(engine, f"{name}-2").fraction == 0
    paused(engine, f"{name}-1")
    until(lambda: job.state == "cancelled")
    assert not engine.training()


@pytest.mark.slow
def test_carried_on_at_the_moment_at_which_it_pauses(engine: Engine, name: str) -> None:
    for wait in (0.0, 0.02, 0.1):
        begun(engine, name)
        runs.pause(name)
        time.sleep(wait)
        engine.submit(TrainingRun(name, LONG))
        time.sleep(0.5)
        until(lambda: card(engine, name).state == "running")
        paused(engine, name)


@pytest.mark.slow
def test_a_killed_worker_carries_the_run_on(engine: Engine, name: str) -> None:
    job = begun(engine, name)
    until(lambda: list((runs.folder(name) / "checkpoints").glob("*")))
    before = card(engine, name).fraction
    for worker in engine._client.run(os.getpid).values():
        os.kill(worker, signal.SIGKILL)
    until(lambda: job.note)
    until(lambda: card(engine, name).fraction > before)
    assert paused(engine, name).fraction > before


def test_why_a_run_failed_is_found_again(engine: Engine, connection: Path, name: str) -> None:
    too_small = SHORT.replace(architecture=Inception())  # its first convolutions take images of 75 pixels and more
    with Engine.connect(connection) as page, pytest.raises(EngineError, match="75"):
        page.submit(TrainingRun(name, too_small)).wait(PATIENCE)
    found = card(engine, name)
    assert found.state == "failed"
    assert "75" in found.error


def test_another_recipe_under_the_same_name_is_refused(engine: Engine, name: str) -> None:
    begun(engine, name)
    with pytest.raises(LabError, match="with another recipe"):
        engine.submit(TrainingRun(name, SHORT))
    paused(engine, name)
    with pytest.raises(LabError, match="with another recipe"):
        engine.submit(TrainingRun(name, SHORT))


def test_too_much_is_refused_and_leaves_nothing(engine: Engine, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAB_MAX_TRAINING_STEPS", "2_000")
    with pytest.raises(EngineError, match=r"232,954 gradient steps .* allows 2,000.*LAB_MAX_TRAINING_STEPS"):
        engine.submit(TrainingRun(name, SHORT))
    assert not runs.folder(name).exists()
