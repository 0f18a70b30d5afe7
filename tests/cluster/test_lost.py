"""Workers and schedulers that are lost half-way or were never there: others take over, or the command says it."""

import json
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from distributed import LocalCluster

from lab import runs
from lab.engine import Connection, Engine
from lab.engine.slots import SLOTS
from tests.cluster.conftest import at
from tests.cluster.lines import SMALL, asked, numbers
from tests.cluster.members import Worker, scheduler_at, started_by_hand, unfinished
from tests.engine.slow_analysis import Slow, let_go
from tests.engine.test_engine import begun
from tests.test_cli import refused
from tests.waiting import PATIENCE, as_soon_as, until


def steps_of(name: str) -> list[float]:
    """The epochs whose metrics a run has written."""
    return runs.history(runs.metrics(name)).epoch.tolist() if runs.folder(name).exists() else []


def test_a_training_goes_on_when_another_worker_takes_over(
    empty: LocalCluster, say: Callable, interrupted: Callable
) -> None:
    first, left = Worker(empty.scheduler_address), []

    def taken_over() -> bool:
        if steps_of("moved") and not left:
            first.close()
            left.extend([steps_of("moved")[-1], Worker(empty.scheduler_address)])
        return bool(left) and steps_of("moved")[-1] > left[0]

    interrupted(taken_over)
    code, _, complaint = say(f"train {SMALL} --set epochs=900 --name moved", at(empty))
    assert (code, complaint.splitlines()[0]) == (130, "The computation was interrupted and restarted.")
    assert "Paused: resume it with" in complaint
    assert steps_of("moved") == sorted(set(steps_of("moved")))
    left[1].close()


@pytest.mark.slow
def test_a_killed_worker_costs_a_training_nothing_but_time(
    empty: LocalCluster, say: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two workers started by hand, in processes of their own: the one that trains is killed, the other goes on."""
    line = f"train {SMALL} --set epochs=40 --name kept --json"
    with ExitStack() as started:
        workers = {name: started.enter_context(started_by_hand(empty, name)) for name in ("one", "two")}

        def kill() -> None:
            [address] = [each.address for each in empty.scheduler.workers.values() if each.processing]
            workers[empty.scheduler.workers[address].name].kill()

        with as_soon_as(lambda: steps_of("kept"), kill):
            code, printed, complaint = say(line, at(empty))
        assert (code, complaint) == (0, "The computation was interrupted and restarted.\n")
        weights = (runs.folder("kept") / "weights.safetensors").read_bytes()
        assert len(json.loads((runs.folder("kept") / "provenance.json").read_text())) == 2
    monkeypatch.setenv("LAB_HOME", str(tmp_path / "alone"))
    assert numbers(say(line)[1]) == numbers(printed)
    assert (runs.folder("kept") / "weights.safetensors").read_bytes() == weights


@pytest.mark.slow
def test_a_hand_started_worker_ends_in_order_and_waits_for_its_scheduler(empty: LocalCluster) -> None:
    with started_by_hand(empty, "mine") as process:
        info = next(iter(empty.scheduler.workers.values()))
        assert (info.nthreads, info.resources) == (sum(SLOTS.values()), SLOTS)
        assert (
            process.stderr.readline() == f"The worker mine computes for {empty.scheduler_address} (Ctrl-C stops it).\n"
        )
        empty.close()
        assert process.stderr.readline().startswith(
            f"The scheduler at {empty.scheduler_address} is gone: waiting up to 60 s"
        )
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 130


def test_without_workers_it_is_said_how_to_start_one(empty: LocalCluster, say: Callable) -> None:
    for line in ("evaluate --images 2", f"train {SMALL}", f"train {SMALL} --vary batch=8,16"):
        complaint = refused(say(line, at(empty), "--patience 0.5"))
        address = empty.scheduler_address
        assert (
            f"No worker has been at {address} for 0.5 s: start one with 'python -m lab worker {address}'" in complaint
        )
    until(lambda: not unfinished(empty))


def test_a_worker_that_is_lost_half_way_is_said_when_no_other_takes_over(
    empty: LocalCluster, say: Callable, slow: Slow
) -> None:
    worker = Worker(empty.scheduler_address)
    with as_soon_as(lambda: begun(slow), worker.close):
        complaint = refused(say(asked(slow), at(empty), "--patience 1"))
    assert "No worker has been at" in complaint
    assert "and the same command resumes" in complaint


@pytest.fixture
def scheduler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[subprocess.Popen[str], str]]:
    monkeypatch.setenv("LAB_HOME", str(tmp_path / "home"))
    with scheduler_at() as found:
        yield found


def test_a_lost_scheduler_is_said_at_once_and_found_again_when_it_is_back(
    scheduler: tuple[subprocess.Popen[str], str], slow: Slow
) -> None:
    process, address = scheduler
    worker = Worker(address)
    with Engine.connect(address, limited=False) as engine:
        job = engine.submit(slow)
        until(lambda: job.state == "running")  # what was interrupted before anything was heard of it has not begun
        process.kill()
        until(lambda: job.why_waiting == f"the connection to {address} was lost and is being tried again")
        assert engine.workers() == 0
        later = engine.submit(slow.replace(steps=2))
        worker.close()
        with scheduler_at(int(address.rpartition(":")[2])):
            worker = Worker(address)
            let_go(slow)
            assert len(job.wait(PATIENCE).numbers) == slow.steps
            assert job.note == "The computation was interrupted and restarted."
            assert len(later.wait(PATIENCE).numbers) == 2
            worker.close()


def test_a_scheduler_that_is_killed_half_way_is_said_in_a_sentence(
    scheduler: tuple[subprocess.Popen[str], str], say: Callable, slow: Slow
) -> None:
    process, address = scheduler
    worker = Worker(address)
    with as_soon_as(lambda: begun(slow), process.kill):
        complaint = refused(say(asked(slow), f"--scheduler {address} --patience 1"))
    worker.close()
    assert complaint == f"The engine at {address} cannot be reached any more: start its scheduler again.\n"


def test_a_scheduler_that_is_not_there_or_is_none(say: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Connection.client, "__defaults__", (1.0,))
    assert "No engine responds at tcp://127.0.0.1:9 " in refused(say("attack --scheduler tcp://127.0.0.1:9"))
    assert "'x://y' is not the address of a scheduler: write it as tcp://" in refused(say("attack --scheduler x://y"))
    assert "'127.0.0.1:8786' is not the address of a scheduler: write it as tcp://" in refused(
        say("attack --scheduler 127.0.0.1:8786")
    )
    monkeypatch.setenv("LAB_ENGINE", "tcp://127.0.0.1:9")
    assert "No engine responds at tcp://127.0.0.1:9 " in refused(say("train Standard"))
