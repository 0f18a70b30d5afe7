"""Who may join a cluster: schedulers, workers and commands of one version, with the same folders."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from distributed import LocalCluster, Worker

from lab.engine import Connection
from lab.engine.joining import meet
from lab.engine.origin import joining_origin
from lab.errors import EngineError
from tests.cluster.conftest import at
from tests.test_cli import refused


def test_a_scheduler_with_another_version_of_the_lab_is_refused(
    empty: LocalCluster, say: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Connection(empty.scheduler_address).client() as client:
        meet(client)
    keeper = empty.scheduler.plugins["lab-keeper"]
    monkeypatch.setattr(keeper, "_code", "deadbeef")
    for line in ("attack --images 2", "serve --port 0 --no-browser --lazy"):
        assert "runs another version of the lab" in refused(say(line, at(empty)))
    assert "This worker on" in refused(say(f"worker {empty.scheduler_address}"))
    empty.scheduler.handlers.pop("lab_join")  # one from before workers joined
    assert "(an older one)" in refused(say("attack --images 2", at(empty)))


def joined(cluster: LocalCluster) -> None:
    """A worker of the present LAB_HOME and LAB_DATA has joined, and others must be like it."""
    with Connection(cluster.scheduler_address).client() as client:
        meet(client, works=True)


def test_the_same_folders_under_other_paths_join(
    empty: LocalCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data").mkdir()
    monkeypatch.setenv("LAB_DATA", str(tmp_path / "data"))
    joined(empty)
    for variable, name in (("LAB_HOME", "home"), ("LAB_DATA", "data")):
        (tmp_path / f"other-{name}").symlink_to(tmp_path / name)
        monkeypatch.setenv(variable, str(tmp_path / f"other-{name}"))
    (tmp_path / "data" / "mine.npz").touch()
    joined(empty)
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / "theirs.npz").touch()
    monkeypatch.setenv("LAB_DATA", str(tmp_path / "copy"))
    with pytest.raises(EngineError, match="same LAB_DATA"):
        joined(empty)


@pytest.mark.parametrize("command", ["worker", "attack"])
@pytest.mark.parametrize("variable", ["LAB_HOME", "LAB_DATA"])
def test_another_folder_is_refused_with_both_paths(
    empty: LocalCluster, say: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, variable: str
) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.npz").touch()
    monkeypatch.setenv(variable, str(tmp_path / "first"))
    joined(empty)
    monkeypatch.setenv(variable, str(tmp_path / "second"))
    address = empty.scheduler_address
    complaint = refused(say(f"worker {address}" if command == "worker" else f"attack --scheduler {address}"))
    for each in (f"same {variable}", str(tmp_path / "first")[-50:], str(tmp_path / "second")[-50:]):
        assert each in complaint


@pytest.mark.parametrize("other", [{"version": "9.9", "code": "deadbeef"}, {"plugins": "extra (12345678)"}])
def test_a_worker_unlike_the_first_is_refused(
    empty: LocalCluster, say: Callable, monkeypatch: pytest.MonkeyPatch, other: dict[str, str]
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("lab.engine.joining.joining_origin", lambda: joining_origin() | other)
        with Connection(empty.scheduler_address).client() as client, suppress(EngineError):  # of the scheduler
            meet(client, works=True)
    complaint = refused(say(f"worker {empty.scheduler_address}"))
    assert ("9.9, deadbeef" if "version" in other else "extra (12345678)") in complaint


def test_the_first_worker_decides_only_while_there_are_workers(
    empty: LocalCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    joined(empty)
    monkeypatch.setenv("LAB_HOME", str(tmp_path / "other"))
    with pytest.raises(EngineError, match="same LAB_HOME"):
        joined(empty)
    monkeypatch.setattr("lab.engine.keeper.JOINING", 0.0)
    joined(empty)


@pytest.mark.parametrize(("devices", "taken"), [("", "one"), ("", "two"), ("0,1", "one-0"), ("0,1", "one-1")])
def test_a_name_that_another_worker_has_is_refused(
    empty: LocalCluster, say: Callable, monkeypatch: pytest.MonkeyPatch, devices: str, taken: str
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", devices)
    empty.worker_spec |= {each: {"cls": Worker, "options": {"nthreads": 1}} for each in (taken, "another")}
    empty.sync(empty._correct_state)
    complaint = refused(say(f"worker {empty.scheduler_address} --name {taken.removesuffix('-0').removesuffix('-1')}"))
    assert f"There is already a worker called '{taken}' at {empty.scheduler_address[:10]}" in complaint


@pytest.mark.slow
def test_a_name_that_another_worker_takes_at_the_same_moment_is_refused(
    empty: LocalCluster, say: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither sees the other when it looks: both join, and the scheduler takes the first."""
    monkeypatch.setattr("lab.engine.worker._require_own_names", lambda *_: None)
    empty.worker_spec |= {"one": {"cls": Worker, "options": {"nthreads": 1}}}
    empty.sync(empty._correct_state)
    complaint = refused(say(f"worker {empty.scheduler_address} --name one"))
    assert complaint == (
        "Another worker called 'one' has just joined: choose another name with --name, or end that one.\n"
    )
