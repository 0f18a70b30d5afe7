"""Schedulers in this process, with a worker and without, the commands that use them, and the key that ends these."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from distributed import LocalCluster

from lab.engine.slots import SLOTS
from tests.engine.slow_analysis import Lengthy, Slow, held
from tests.waiting import as_soon_as

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
    with ExitStack() as waiting:

        def press(condition: Callable[[], object]) -> None:
            waiting.enter_context(as_soon_as(condition, lambda: os.kill(os.getpid(), signal.SIGINT)))

        yield press


@pytest.fixture
def slow(tmp_path: Path) -> Slow:
    """A computation that takes no step before it is let go."""
    return held(Lengthy(diary=str(tmp_path / "diary")))
