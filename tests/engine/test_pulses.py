"""Who is said not to respond: a worker that stands still, and never one that only computes hard."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from types import SimpleNamespace

import dask
import distributed
import pytest
from distributed.core import Status

from lab.engine import pulses
from lab.engine.cluster import worker_settings
from lab.engine.nanny import ENVIRONMENT, Nanny, Vitals
from lab.engine.pulses import MISSED, UNCONFIRMED, Pulses
from tests.running import running
from tests.waiting import until

ADDRESS = "tcp://127.0.0.1:1"


class Looked:
    """A scheduler's look at one worker, whose nanny answers ``standing``; None where it has none."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.worker = SimpleNamespace(address=ADDRESS, last_seen=1.0, nanny="tcp://127.0.0.1:2")
        self.standing: int | None = 0
        self.pulses = Pulses(SimpleNamespace(workers={ADDRESS: self.worker}))  # type: ignore[arg-type]
        monkeypatch.setattr(pulses, "ask_nanny", self._answer)

    async def _answer(self, *_: object) -> int | None:
        return self.standing

    def look(self, times: int = 1, heard: bool = False) -> bool:
        for _ in range(times):
            self.worker.last_seen += heard
            asyncio.run(self.pulses.look())
        return self.pulses.is_silent(ADDRESS)


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> Looked:
    found = Looked(monkeypatch)
    found.look()
    return found


def test_a_worker_that_is_heard_of_is_not_silent(looked: Looked) -> None:
    looked.standing = 100  # it waits for its next job
    assert not looked.look(100, heard=True)


def test_a_worker_that_computes_in_one_long_step_is_not_silent(looked: Looked) -> None:
    assert not looked.look(100)


def test_a_worker_that_stands_still_is_silent_until_it_is_heard_of(looked: Looked) -> None:
    looked.standing = MISSED
    assert not looked.look(MISSED - 1)
    assert looked.look()
    assert not looked.look(heard=True)


def test_without_a_nanny_that_answers_it_takes_longer(looked: Looked) -> None:
    looked.standing = None
    assert not looked.look(UNCONFIRMED - 1)
    assert looked.look()


def test_a_worker_that_is_gone_is_forgotten(looked: Looked) -> None:
    looked.standing = MISSED
    assert looked.look(MISSED)
    looked.pulses._scheduler.workers.clear()
    assert not looked.look()


@pytest.fixture
def busy() -> Iterator[subprocess.Popen[bytes]]:
    """A process that computes without a pause."""
    with running(sys.executable, "-c", "while True: pass") as process:
        yield process


@pytest.mark.skipif(os.name != "posix", reason="needs SIGSTOP")
def test_a_process_that_computes_is_told_from_one_that_was_stopped(busy: subprocess.Popen[bytes]) -> None:
    vitals = Vitals()

    def seen(condition: Callable[[], bool]) -> bool:
        vitals.look(busy.pid)
        return condition()

    until(lambda: seen(lambda: not vitals.standing))
    busy.send_signal(signal.SIGSTOP)
    until(lambda: seen(lambda: vitals.stopped >= 3 and vitals.standing >= 2))
    busy.send_signal(signal.SIGCONT)
    until(lambda: seen(lambda: not (vitals.stopped or vitals.standing)))
    busy.send_signal(signal.SIGSTOP)
    until(lambda: seen(lambda: vitals.stopped > 0))
    vitals.end()
    assert busy.wait() == -signal.SIGKILL


def test_what_a_workers_start_sets_does_not_stay_for_other_children(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_WAIT_POLICY", "ACTIVE")
    monkeypatch.delenv("PYTHONSAFEPATH", raising=False)
    monkeypatch.delenv("PYTHONHASHSEED", raising=False)
    second = asyncio.Event()

    async def instantiate(nanny: Nanny) -> Status:
        os.environ.update(nanny.pre_spawn_env)  # as Dask does
        if second.is_set():
            raise OSError
        second.set()
        await asyncio.sleep(0)
        assert os.environ["PYTHONSAFEPATH"] == "1"
        return Status.running

    monkeypatch.setattr(distributed.Nanny, "instantiate", instantiate)
    nannies = [Nanny.__new__(Nanny) for _ in range(2)]
    for each in nannies:
        each.pre_spawn_env = {"OMP_WAIT_POLICY": "PASSIVE", "PYTHONSAFEPATH": "1", "PYTHONHASHSEED": "6640"}

    async def start() -> list[object]:
        return await asyncio.gather(*(each.instantiate() for each in nannies), return_exceptions=True)

    before = dict(os.environ)
    found = asyncio.run(start())
    assert found[0] == Status.running
    assert isinstance(found[1], OSError)
    assert dict(os.environ) == before


def test_a_start_that_outlasts_the_engines_settings_leaves_nothing_either(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("PYTHONSAFEPATH", raising=False)
    with ExitStack() as settings, ExitStack() as start:
        settings.enter_context(worker_settings())
        start.enter_context(ENVIRONMENT.lent({"PYTHONSAFEPATH": "1"}))
        settings.close()
        assert os.environ["PYTHONSAFEPATH"] == "1"
    assert "PYTHONSAFEPATH" not in os.environ


@pytest.mark.parametrize(
    ("setting", "given"),
    [
        ("distributed.worker.http.routes", ["some.routes"]),
        ("distributed.worker.memory.pause", 0.123),
        ("distributed.worker.preload", ["some.module"]),
    ],
)
def test_a_worker_that_is_started_again_has_the_settings_of_the_first(setting: str, given: object) -> None:
    async def made() -> dict[str, object]:
        with dask.config.set({setting: given}):
            nanny = Nanny("tcp://127.0.0.1:9")
        await nanny.close()
        return nanny.config

    before = dask.config.get(setting)
    assert before != given
    assert dask.config.get(setting, config=asyncio.run(made())) == given
    assert dask.config.get(setting) == before
