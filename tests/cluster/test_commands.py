"""Commands with ``--scheduler``: what they compute on a cluster is what they compute alone, in numbers and words."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import distributed
import numpy as np
import pytest
from distributed import LocalCluster

from lab import runs
from lab.cli.cluster import Cluster
from lab.context import Context
from lab.engine import Engine
from lab.home import results_folder
from tests.cluster.conftest import at
from tests.cluster.lines import SMALL, numbers
from tests.cluster.members import started_by_hand
from tests.engine.slow_analysis import Slow, held, let_go
from tests.engine.test_engine import begun
from tests.test_cli import refused
from tests.waiting import until


def ended(cluster: LocalCluster) -> dict[str, int]:
    """How many jobs of each kind the cluster's workers have finished."""
    keeper = cluster.scheduler.plugins.get("lab-keeper")  # the first command brings it
    numbers = keeper.work()["ended"] if keeper is not None else {}
    return {slot: each["done"] for slot, each in numbers.items()}


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


def test_what_a_computation_takes_too_much_of_is_said_as_alone(cluster: LocalCluster, say: Callable) -> None:
    for line in ("analyse Restarts --model nobody", "train Standard --set data=MNIST", "attack --attack Nothing"):
        assert refused(say(line, at(cluster))) == refused(say(line))


def test_how_long_to_wait_is_a_time(say: Callable) -> None:
    for patience in ("nan", "0", "-1", "inf", "long"):
        assert "invalid time in seconds value" in refused(say(f"attack --patience={patience}"))
