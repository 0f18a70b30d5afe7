"""Commands with ``--scheduler``: what they compute on a cluster is what they compute alone, and what can go wrong."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import distributed
import numpy as np
import pytest
from distributed import LocalCluster
from distributed.utils import LoopRunner

from lab import runs
from lab.cli.cluster import Cluster
from lab.context import Context
from lab.engine import Connection, Engine
from lab.engine.slots import SLOTS
from lab.home import results_folder
from tests.cluster.conftest import at
from tests.engine.slow_analysis import Lengthy, Slow, held, let_go
from tests.engine.test_engine import begun
from tests.served import ROOT
from tests.test_cli import refused
from tests.waiting import PATIENCE, until


class Worker:
    """A worker of that scheduler in this process, which can be lost."""

    def __init__(self, address: str) -> None:
        self._loop = LoopRunner()
        self._loop.start()
        self._worker = self._loop.run_sync(self._started, address)

    async def _started(self, address: str) -> distributed.Worker:
        options = {"nthreads": sum(SLOTS.values()), "resources": SLOTS, "dashboard": False}
        return await distributed.Worker(address, **options)

    def close(self) -> None:
        self._loop.run_sync(self._worker.close, nanny=False, executor_wait=False)


def ended(cluster: LocalCluster) -> dict[str, int]:
    """How many jobs of each kind the cluster's workers have finished."""
    keeper = cluster.scheduler.plugins.get("lab-keeper")  # the first command brings it
    numbers = keeper.work()["ended"] if keeper is not None else {}
    return {slot: each["done"] for slot, each in numbers.items()}


def unfinished(cluster: LocalCluster) -> list[str]:
    return [str(each) for each, task in cluster.scheduler.tasks.items() if task.state != "memory"]


def numbers(printed: str, *but: str) -> object:
    """A command's JSON without what a clock says, without where a run is kept, and without the fields ``but``."""

    def bare(value: object) -> object:
        if isinstance(value, dict):
            return {name: bare(each) for name, each in value.items() if name not in ("seconds", "folder", *but)}
        return [bare(each) for each in value] if isinstance(value, list) else value

    return bare(json.loads(printed))


STORED = [
    "analyse Restarts --set attack.restarts=3 --set attack.steps=2 --set images=0,1 --json",
    "evaluate --model standard --images 8 --json",
]
ATTACKS = [
    "attack --model standard --attack PGD --set steps=3 --images 9 --eight-bit --source standard-b --json",
    "attack --model standard --images 7 --source standard-b --json",
]


@pytest.mark.parametrize("line", STORED + ATTACKS)
def test_a_cluster_computes_what_the_command_computes_alone_and_stores_it(
    cluster: LocalCluster, say: Callable, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = set(results_folder().glob("*"))
    code, printed, complaint = say(line, at(cluster))
    assert (code, complaint) == (0, "")
    kept = {each.name for each in set(results_folder().glob("*.result")) - before}
    done = ended(cluster)
    assert sum(done.values()) >= 1
    assert numbers(say(line, at(cluster))[1]) == numbers(printed)
    assert ended(cluster) == done, "the second time it comes from the store"

    monkeypatch.setenv("LAB_HOME", str(tmp_path / "alone"))
    assert numbers(say(line)[1]) == numbers(printed)
    if line in STORED:
        assert {each.name for each in results_folder().glob("*.result")} == kept


def test_what_is_wanted_ahead_is_computed_side_by_side_and_once(cluster: LocalCluster, tmp_path: Path) -> None:
    specs = [held(Slow(diary=str(tmp_path / name))) for name in ("one", "two")]
    with Engine.connect(cluster.scheduler_address, limited=False) as engine:
        workers = Cluster(engine)
        with workers.ahead(specs):
            until(lambda: all(map(begun, specs)))
            for each in specs:
                let_go(each)
                workers.compute(each, Context())
    assert [begun(each) for each in specs] == [1, 1]


class Finishing(distributed.SchedulerPlugin):
    """Notes which workers finish tasks."""

    name = "finishing"

    def __init__(self) -> None:
        self.workers: set[str] = set()

    def transition(self, key: object, start: str, finish: str, *_: object, **about: object) -> None:
        if (start, finish) == ("processing", "memory"):
            self.workers.add(str(about["worker"]))


@pytest.fixture
def two(empty: LocalCluster) -> Iterator[LocalCluster]:
    """A scheduler with two workers started by hand, in processes of their own."""
    with started_by_hand(empty, "one"), started_by_hand(empty, "two"):
        yield empty


@pytest.mark.slow
def test_both_workers_of_a_cluster_evaluate_and_find_what_one_machine_does(
    two: LocalCluster, say: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    finishing = Finishing()
    two.scheduler.add_plugin(finishing)
    line = "evaluate --model standard --model pgd-trained --model trades-trained --images 8 --json"
    code, printed, complaint = say(line, at(two))
    assert (code, complaint) == (0, "")
    assert len(finishing.workers) == 2
    monkeypatch.setenv("LAB_HOME", str(tmp_path / "alone"))
    own = "passes"  # a process counts two more where it sees a model for the first time
    assert numbers(say(line)[1], own) == numbers(printed, own)


@pytest.mark.slow
@pytest.mark.parametrize("line", ["exhibit run K3 --json", "claims --claim 25 --json"], ids=["exhibit", "claim"])
def test_exhibits_and_claims_are_measured_on_a_cluster_as_alone(
    two: LocalCluster, say: Callable, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, printed, _ = say(line, at(two))
    assert code == 0
    monkeypatch.setenv("LAB_HOME", str(tmp_path / "alone"))
    assert numbers(say(line)[1]) == numbers(printed)


SMALL = "Standard --set architecture.width=1"


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The option that names a few images, on which a training takes no time."""
    path, draw = tmp_path_factory.mktemp("data") / "tiny.npz", np.random.default_rng(0)
    x, y = draw.uniform(0, 1, (48, 8, 8)).astype(np.float32), np.arange(48) % 3
    np.savez(path, x_train=x[:32], y_train=y[:32], x_test=x[32:], y_test=y[32:])
    return f"--data {path}"


def test_a_run_is_trained_on_a_worker_as_here_to_the_last_bit(
    cluster: LocalCluster, say: Callable, tiny: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = f"train {SMALL} {tiny} --set epochs=2 --set batch=8 --name far --json"
    code, printed, complaint = say(line, at(cluster))
    assert (code, complaint) == (0, "")
    weights = (runs.folder("far") / "weights.safetensors").read_bytes()
    assert "There is already a model called 'far'" in refused(say(line, at(cluster)))
    assert numbers(say(f"{line} --resume", at(cluster))[1]) == numbers(printed)

    monkeypatch.setenv("LAB_HOME", str(tmp_path / "alone"))
    assert numbers(say(line)[1]) == numbers(printed)
    assert (runs.folder("far") / "weights.safetensors").read_bytes() == weights


@pytest.mark.slow
def test_a_recipe_is_varied_over_the_workers_beyond_the_limits_of_a_visitor(
    cluster: LocalCluster, say: Callable, tiny: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAB_MAX_TRAINING_STEPS", "1")
    monkeypatch.setattr("lab.engine.requests.MOST_COMPUTATIONS", 1)
    line = f"train {SMALL} {tiny} --set epochs=1 --name many --vary batch=8,16 --json"
    code, printed, _ = say(line, at(cluster))
    assert code == 0
    assert set(json.loads(printed)) == {"many-batch-8", "many-batch-16"}


@pytest.fixture
def interrupted() -> Iterator[Callable[[Callable[[], object]], None]]:
    """Press Ctrl-C as soon as something is the case."""
    threads: list[threading.Thread] = []

    def press(condition: Callable[[], object]) -> None:
        def wait() -> None:
            until(condition)
            os.kill(os.getpid(), signal.SIGINT)

        threads.append(threading.Thread(target=wait))
        threads[-1].start()

    yield press
    for each in threads:
        each.join(PATIENCE)


@pytest.fixture
def slow(tmp_path: Path) -> Slow:
    """A computation that takes no step before it is let go."""
    return held(Lengthy(diary=str(tmp_path / "diary")))


def asked(spec: Slow) -> str:
    return f"analyse Lengthy --set diary={spec.diary} --set gate={spec.gate}"


def test_what_is_interrupted_is_computed_no_longer(
    cluster: LocalCluster, say: Callable, slow: Slow, interrupted: Callable
) -> None:
    interrupted(lambda: begun(slow))
    assert say(asked(slow), at(cluster))[0] == 130
    until(lambda: not unfinished(cluster))


def test_an_interrupted_training_is_paused_and_resumed(
    cluster: LocalCluster, say: Callable, interrupted: Callable
) -> None:
    line = f"train {SMALL} --set epochs=500 --name long"
    interrupted(lambda: runs.folder("long").exists() and len(runs.history(runs.metrics("long")).epoch))
    code, printed, complaint = say(line, at(cluster))
    assert (code, printed) == (130, "")
    assert complaint == "Paused: resume it with 'python -m lab train --resume --name long'.\n"
    [card] = [each for each in runs.runs() if each.name == "long"]
    assert (card.state, 0 < card.fraction < 1) == ("paused", True)
    assert "resume it with --resume" in refused(say(line, at(cluster)))
    interrupted(lambda: runs.history(runs.metrics("long")).epoch[-1] / 500 > card.fraction)
    assert say("train --resume --name long", at(cluster))[0] == 130


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
            until(lambda: steps_of("kept"))
            [address] = [each.address for each in empty.scheduler.workers.values() if each.processing]
            workers[empty.scheduler.workers[address].name].kill()

        killing = threading.Thread(target=kill)
        killing.start()
        code, printed, complaint = say(line, at(empty))
        killing.join(PATIENCE)
        assert (code, complaint) == (0, "The computation was interrupted and restarted.\n")
        weights = (runs.folder("kept") / "weights.safetensors").read_bytes()
        assert len(json.loads((runs.folder("kept") / "provenance.json").read_text())) == 2
    monkeypatch.setenv("LAB_HOME", str(tmp_path / "alone"))
    assert numbers(say(line)[1]) == numbers(printed)
    assert (runs.folder("kept") / "weights.safetensors").read_bytes() == weights


@contextmanager
def started_by_hand(cluster: LocalCluster, name: str) -> Iterator[subprocess.Popen[str]]:
    """The process of ``python -m lab worker``, once its worker is there; then it is ended in order."""
    command = [sys.executable, "-m", "lab", "worker", cluster.scheduler_address, "--name", name]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        until(lambda: name in {each.name for each in cluster.scheduler.workers.values()})
        yield process
        process.terminate()
        process.wait(PATIENCE)


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


def test_what_a_computation_takes_too_much_of_is_said_as_alone(cluster: LocalCluster, say: Callable) -> None:
    for line in ("analyse Restarts --model nobody", "train Standard --set data=MNIST", "attack --attack Nothing"):
        assert refused(say(line, at(cluster))) == refused(say(line))


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

    def lose() -> None:
        until(lambda: begun(slow))
        worker.close()

    loser = threading.Thread(target=lose)
    loser.start()
    complaint = refused(say(asked(slow), at(empty), "--patience 1"))
    loser.join(PATIENCE)
    assert "No worker has been at" in complaint
    assert "and the same command resumes" in complaint


SCHEDULER = """
import asyncio, distributed, sys
async def run():
    async with distributed.Scheduler(host="127.0.0.1", port=int(sys.argv[1]), dashboard=False) as scheduler:
        print(scheduler.address, flush=True)
        await scheduler.finished()
asyncio.run(run())
"""


@contextmanager
def scheduler_at(port: int = 0) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A scheduler in a process of its own, which a test may end, and its address."""
    command = [sys.executable, "-c", SCHEDULER, str(port)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        yield process, process.stdout.readline().strip()
        process.kill()


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
        until(lambda: begun(slow))
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

    def kill() -> None:
        until(lambda: begun(slow))
        process.kill()

    killing = threading.Thread(target=kill)
    killing.start()
    complaint = refused(say(asked(slow), f"--scheduler {address} --patience 1"))
    killing.join(PATIENCE)
    worker.close()
    assert complaint == f"The engine at {address} cannot be reached any more: start its scheduler again.\n"


def test_how_long_to_wait_is_a_time(say: Callable) -> None:
    for patience in ("nan", "0", "-1", "inf", "long"):
        assert "invalid time in seconds value" in refused(say(f"attack --patience={patience}"))


def test_a_scheduler_that_is_not_there_or_is_none(say: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Connection.client, "__defaults__", (1.0,))
    assert "No engine responds at tcp://127.0.0.1:9 " in refused(say("attack --scheduler tcp://127.0.0.1:9"))
    assert "'x://y' is not the address of a scheduler: write it as tcp://" in refused(say("attack --scheduler x://y"))
    assert "'127.0.0.1:8786' is not the address of a scheduler: write it as tcp://" in refused(
        say("attack --scheduler 127.0.0.1:8786")
    )
    monkeypatch.setenv("LAB_ENGINE", "tcp://127.0.0.1:9")
    assert "No engine responds at tcp://127.0.0.1:9 " in refused(say("train Standard"))
