"""Schedulers in this process, with a worker and without, the commands that use them, and the key that ends these."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from distributed import LocalCluster

from lab.engine.slots import SLOTS
from tests.engine.slow_analysis import Lengthy, Slow, held
from tests.waiting import PATIENCE, until

HERE = {"processes": False, "protocol": "tcp", "dashboard_address": None}
"""Options of a cluster whose scheduler and workers are in this process."""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCluster]:
    """A scheduler with one worker, and the LAB_HOME that they share with the commands."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LAB_HOME", str(tmp_path_factory.mktemp("home")))
        patch.delenv("LAB_DATA", raising=False)
        with LocalCluster(n_workers=1, threads_per_worker=sum(SLOTS.values()), resources=SLOTS, **HERE) as found:
            yield found


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalCluster]:
    """A scheduler that no worker has joined."""
    monkeypatch.setenv("LAB_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("LAB_DATA", raising=False)
    with LocalCluster(n_workers=0, **HERE) as found:
        yield found


def at(cluster: LocalCluster) -> str:
    return f"--scheduler {cluster.scheduler_address}"


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
