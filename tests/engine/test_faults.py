"""What goes wrong: each of these faults really happens."""

import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lab.engine import Connection, Engine, nanny
from lab.errors import LONGEST, EngineError
from lab.home import results_folder
from tests.engine.slow_analysis import Slow, held, let_go
from tests.engine.test_cluster import PAGES, require_no_page
from tests.engine.test_engine import begun
from tests.running import running
from tests.waiting import PATIENCE, until


@pytest.fixture
def slow(tmp_path: Path) -> Slow:
    """Half a second of work that no other test asks for."""
    return Slow(steps=25, pause=0.02, diary=str(tmp_path / "diary"))


def worker_of(spec: Slow) -> int:
    """The number of the process that computes it, once it has begun; what is heard of it before may come earlier."""
    until(lambda: begun(spec))
    return int(Path(spec.diary).read_text().splitlines()[-1])


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="needs SIGSTOP")
def test_a_stopped_worker_is_said_and_the_time_left_does_not_count_its_pause(engine: Engine, slow: Slow) -> None:
    spec = held(slow.replace(steps=10))
    asked = time.monotonic()
    job = engine.submit(spec)
    worker = worker_of(spec)
    os.kill(worker, signal.SIGSTOP)
    stopped = time.monotonic()
    until(lambda: job.why_waiting == "the worker that computes this does not respond")
    assert job.seconds_left is None
    os.kill(worker, signal.SIGCONT)
    pause = time.monotonic() - stopped
    until(lambda: not job.why_waiting)
    let_go(spec, 5)
    until(lambda: job.progress and job.progress.fraction == 0.5)
    left = job.seconds_left
    assert left is not None
    assert left < time.monotonic() - asked - pause / 2  # half is done: as long as it took so far, but for the pause
    let_go(spec)
    job.wait(PATIENCE)


def test_a_mendable_fault_arrives_as_its_sentence(engine: Engine, slow: Slow) -> None:
    job = engine.submit(slow.replace(fault="mendable"))
    with pytest.raises(EngineError, match="give them as"):
        job.wait(PATIENCE)
    assert job.state == "failed"
    assert job.error is not None
    assert job.error.startswith("The images in 'x.npz' have the wrong shape")


def test_a_bug_arrives_as_one_sentence(engine: Engine, slow: Slow) -> None:
    job = engine.submit(slow.replace(fault="bug"))
    with pytest.raises(EngineError):
        job.wait(PATIENCE)
    assert job.error == "The computation failed: ZeroDivisionError: too few images"


def test_a_bug_with_a_long_story_arrives_as_one_short_sentence(engine: Engine, slow: Slow) -> None:
    job = engine.submit(slow.replace(fault="verbose"))
    with pytest.raises(EngineError):
        job.wait(PATIENCE)
    assert job.error is not None
    assert job.error.startswith("The computation failed: ValueError: shapes")
    assert len(job.error) <= LONGEST
    assert job.error.isprintable()


@pytest.mark.parametrize("who", ["page", "worker"])
def test_a_truncated_result_is_computed_again_and_said(
    engine: Engine, slow: Slow, who: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    key = engine.submit(slow).wait(PATIENCE) and engine.key(slow)
    path = results_folder() / f"{key}.result"
    path.write_bytes(path.read_bytes()[:-10])
    if who == "worker":  # a page on another machine has no store of its own
        monkeypatch.setattr(engine, "_store", type(engine._store)(tmp_path / "elsewhere"))
    job = engine.submit(slow)
    assert len(job.wait(PATIENCE).numbers) == 25
    assert job.note is not None
    assert f"{path} was damaged and has been removed. It is computed again." in job.note
    assert begun(slow) == 2
    assert engine.submit(slow).note is None


def test_a_result_that_cannot_be_stored_is_shown_all_the_same(engine: Engine, slow: Slow) -> None:
    spec = held(slow)
    job = engine.submit(spec)
    until(lambda: job.progress)
    obstacle = results_folder() / f"{job.key}.result"
    obstacle.mkdir(parents=True)
    let_go(spec)
    assert len(job.wait(PATIENCE).numbers) == 25
    assert job.note is not None
    assert "could not be stored" in job.note
    obstacle.rmdir()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes that have names")
@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo], ids=["folder", "pipe"])
@pytest.mark.parametrize("who", ["page", "worker"])
def test_what_is_no_file_under_a_key_does_not_stop_a_job(
    engine: Engine, slow: Slow, make: Callable, who: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    obstacle = results_folder() / f"{engine.key(slow)}.result"
    obstacle.parent.mkdir(exist_ok=True)
    make(obstacle)
    if who == "worker":  # a page on another machine has no store of its own
        monkeypatch.setattr(engine, "_store", type(engine._store)(tmp_path / "elsewhere"))
    job = engine.submit(slow)
    assert len(job.wait(PATIENCE).numbers) == 25
    assert job.note is not None
    assert "stays as it is. It is computed again." in job.note
    assert "could not be stored" in job.note
    assert not obstacle.is_file()
    obstacle.rmdir() if make is Path.mkdir else obstacle.unlink()


@pytest.mark.slow
def test_a_killed_worker_comes_back_and_does_its_job(engine: Engine, slow: Slow) -> None:
    spec = held(slow)
    let_go(spec, 5)
    job = engine.submit(spec)
    until(lambda: job.progress and job.progress.fraction > 0.1)
    os.kill(worker_of(spec), signal.SIGKILL)
    until(lambda: job.why_waiting == "the worker that computed this has ended, and another one is not there yet")
    assert begun(spec) == 1, "it is said before another worker has begun with it"
    until(lambda: job.note)
    assert job.why_waiting == ""
    let_go(spec)
    assert len(job.wait(PATIENCE).numbers) == 25
    assert begun(spec) == 2
    assert job.note == "The computation was interrupted and restarted."
    for page in PAGES:  # the new worker, too, tells strangers nothing
        require_no_page(engine, page)


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="needs SIGSTOP")
def test_a_worker_that_stays_stopped_is_ended_and_another_does_its_job(
    engine: Engine, slow: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nanny, "STOPPED", 3)
    spec = held(slow)
    job = engine.submit(spec)
    os.kill(worker_of(spec), signal.SIGSTOP)
    until(lambda: begun(spec) == 2)
    let_go(spec)
    assert len(job.wait(PATIENCE).numbers) == 25


SERVER = """
import dask, sys
sys.path.insert(0, {root!r})
from lab.engine import launch
if __name__ == "__main__":
    with dask.config.set({{"distributed.worker.preload": ["tests.engine.slow_analysis"]}}), launch() as path:
        print(path, flush=True)
        sys.stdin.read()
"""


@pytest.fixture
def server(connection: Path, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """An engine in a process of its own, which a test may end."""
    script = tmp_path / "server.py"
    script.write_text(SERVER.format(root=str(Path(__file__).parents[2])))
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with running(sys.executable, script, env=environment, text=True, **pipes) as process:
        yield process


def address(server: subprocess.Popen[str]) -> Path:
    """The connection file of that engine, once it runs."""
    assert server.stdout is not None
    return Path(server.stdout.readline().strip())


@pytest.mark.slow
def test_a_job_that_kills_its_worker_fails_in_words(slow: Slow, server: subprocess.Popen[str]) -> None:
    with Engine.connect(address(server)) as engine:
        job = engine.submit(slow.replace(fault="deadly"))
        with pytest.raises(EngineError, match="worker process died 4 times"):
            job.wait(PATIENCE)


@pytest.mark.slow
@pytest.mark.parametrize("end", ["killed", pytest.param("in order", marks=pytest.mark.slow)])
def test_a_server_that_ends_takes_its_workers_along_and_jobs_fail_in_words(
    slow: Slow, server: subprocess.Popen[str], end: str
) -> None:
    path = address(server)
    spec = held(slow)
    with Engine.connect(path) as engine:
        job = engine.submit(spec)
        worker = worker_of(spec)
        if end == "killed":
            server.kill()
        else:
            assert server.stdin is not None
            server.stdin.close()
        with pytest.raises(EngineError, match="cannot be reached any more"):
            job.wait(PATIENCE)
        with pytest.raises(EngineError, match="cannot be reached any more"):
            engine.submit(slow)
        until(lambda: not alive(worker))
        assert path.exists() == (end == "killed")


def alive(process: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{process}/stat").read_text().split(")")[1].split()[0]
    except FileNotFoundError:
        return False


def test_the_connection_file_is_for_its_owner_only(connection: Path) -> None:
    assert stat.S_IMODE(connection.stat().st_mode) == 0o600
    assert stat.S_IMODE(connection.parent.stat().st_mode) == 0o700
    assert Connection.of(connection).address.startswith("tls://127.0.0.1:")


def test_a_stranger_without_the_credentials_is_not_served(connection: Path) -> None:
    address = json.loads(connection.read_text())["address"]
    with pytest.raises(EngineError, match=f"{address} is encrypted, but there are no credentials for it"):
        Connection(address).client(timeout=1)
    with pytest.raises(EngineError, match="No engine responds at"):  # nor one that speaks without encryption
        Connection(address.replace("tls", "tcp")).client(timeout=1)


def test_nobody_at_the_address_is_said_in_words(tmp_path: Path) -> None:
    began = time.monotonic()
    with pytest.raises(EngineError, match="No engine responds at tcp://127"):
        Connection("tcp://127.0.0.1:9").client(timeout=1)
    with pytest.raises(EngineError, match=r"gone\.json cannot be read"):
        Engine.connect(tmp_path / "gone.json")
    assert time.monotonic() - began < 30, "which is Dask's own patience"
