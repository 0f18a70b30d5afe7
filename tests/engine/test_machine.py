"""What a worker may use of its machine, and whom it works for."""

import copy
import errno
import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dask
import numpy as np
import pytest
from distributed import Security
from distributed.worker_memory import parse_memory_limit

from lab.engine import Connection, Engine, cluster as cluster_module, launch, machine, origin
from lab.engine.cluster import _workers, worker_options, worker_settings
from lab.engine.slots import SLOTS
from lab.errors import EngineError
from lab.specs import PGD, Custom, Explore, Linf, NpzFile, Restarts, RobustnessCurves
from tests.engine.slow_analysis import Slow
from tests.waiting import PATIENCE

GIB = 2**30


@pytest.mark.parametrize("cores", [1, 2, 16, 64])
@pytest.mark.parametrize(("gpus", "each"), [("", 32 * GIB), ("0,1,2,3", 8 * GIB)])
def test_workers_share_all_of_the_memory_whatever_the_cores(
    monkeypatch: pytest.MonkeyPatch, cores: int, gpus: str, each: int
) -> None:
    """Dask's own limit is 3/cores of the memory: 4.4 of 23.5 GiB on 16 cores, and all of it on two."""
    monkeypatch.setattr("dask.system.CPU_COUNT", cores)
    monkeypatch.setattr("distributed.system.MEMORY_LIMIT", 32 * GIB)
    monkeypatch.setattr("distributed.worker_memory.system.MEMORY_LIMIT", 32 * GIB)
    monkeypatch.setattr(machine, "memory_limit", lambda: 32 * GIB)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", gpus)
    for options in [worker["options"] for worker in _workers(Security()).values()]:
        logger = SimpleNamespace(warning=print)
        found = parse_memory_limit(options["memory_limit"], options["nthreads"], cores, logger=logger)  # type: ignore[arg-type]
        assert found == each


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="the system has no affinity")
def test_no_more_threads_than_the_affinity_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        assert machine.cores() == 1
    finally:
        os.sched_setaffinity(0, before)


@pytest.mark.parametrize(
    ("asked", "by_dask", "found"),
    [("", 1, 8), ("3", 1, 3), ("1", 1, 8), ("1", None, 1), ("64", 1, 8), ("0", 1, 8), ("many", 1, 8), ("4,2", None, 8)],
)
def test_as_many_threads_as_are_asked_for(
    monkeypatch: pytest.MonkeyPatch, asked: str, by_dask: int | None, found: int
) -> None:
    monkeypatch.setattr(machine, "cpu_count", lambda: 8)
    monkeypatch.setenv("OMP_NUM_THREADS", asked)
    environ = {} if by_dask is None else {"OMP_NUM_THREADS": by_dask}
    with dask.config.set({"distributed.nanny.pre-spawn-environ": environ}):
        assert machine.cores() == found


@pytest.mark.parametrize(
    "spec",
    [
        RobustnessCurves(images=10_000, levels=40),
        Explore(attack=PGD(passes=1000)),
        Slow(memory=2**40),
    ],
)
def test_what_cannot_fit_is_refused_with_both_numbers(spec: Slow, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(
        EngineError, match=r"needs about [\d.,]+ GiB of memory, but only [\d.,]+ GiB are free"
    ) as refused:
        machine.require_memory(spec, machine.psutil.Process().memory_info().rss + 2**22)
    assert len(str(refused.value)) <= 300
    machine.require_memory(Explore(ball=Linf(0.1)), None)


def test_what_a_container_does_not_leave_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lab.memory._in_container", lambda: [2**20])
    with pytest.raises(EngineError, match=r"only 0\.0 GiB are free"):
        machine.require_memory(Slow(memory=2**22), None)


def test_a_worker_refuses_what_does_not_fit(engine: Engine, tmp_path: Path) -> None:
    job = engine.submit(Slow(diary=str(tmp_path / "diary"), memory=2**45))
    with pytest.raises(EngineError, match=r"Slow needs about 32,768\.0 GiB"):
        job.wait(PATIENCE)


@pytest.fixture
def elsewhere(tmp_path: Path) -> Callable[[str], origin.Origin]:
    """What another process with the LAB_HOME of that name would say."""

    def said(name: str) -> origin.Origin:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("LAB_HOME", str(tmp_path / name))
            return origin.origin()

    return said


def test_the_same_folder_is_known_under_another_path(
    elsewhere: Callable[[str], origin.Origin], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking = elsewhere("home")
    (tmp_path / "mounted").symlink_to(tmp_path / "home")
    for same in ("home", "mounted", "home/."):
        monkeypatch.setenv("LAB_HOME", str(tmp_path / same))
        origin.require_alike(asking)


@pytest.mark.parametrize("gone", ["", ".lab-home"])
def test_a_lab_home_that_is_deleted_while_the_lab_runs_is_still_the_same(
    elsewhere: Callable[[str], origin.Origin], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gone: str
) -> None:
    """What was requested before is on its way still, and knows the folder by its mark."""
    monkeypatch.setenv("LAB_HOME", str(tmp_path / "home"))
    asking = origin.origin()
    lost = tmp_path / "home" / gone
    shutil.rmtree(lost) if lost.is_dir() else lost.unlink()
    origin.require_alike(asking)
    assert elsewhere("home") == asking


@pytest.mark.parametrize("other", ["other", "not-there", "deep/er", "x" * 200])
def test_another_lab_home_is_refused_with_both_paths(
    elsewhere: Callable[[str], origin.Origin], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, other: str
) -> None:
    asking = elsewhere("home")
    if other == "other":
        elsewhere("other")
    monkeypatch.setenv("LAB_HOME", str(tmp_path / other))
    with pytest.raises(EngineError, match="same LAB_HOME") as refused:
        origin.require_alike(asking)
    assert str(tmp_path / "home")[-60:] in str(refused.value)
    assert str(tmp_path / other)[-60:] in str(refused.value)
    assert len(str(refused.value)) <= 300


def test_another_version_is_refused(elsewhere: Callable[[str], origin.Origin]) -> None:
    for changed in ({"version": "9.9", "code": "deadbeef"}, {"code": "deadbeef"}):
        with pytest.raises(EngineError, match="another version of the lab") as refused:
            origin.require_alike(elsewhere("home") | changed)
        assert len(str(refused.value)) <= 300


def test_a_worker_with_another_lab_home_is_said_by_the_job(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAB_HOME", str(tmp_path / "mine"))
    job = engine.submit(Slow(diary=str(tmp_path / "diary")))
    with pytest.raises(EngineError, match="same LAB_HOME"):
        job.wait(PATIENCE)
    assert str(tmp_path / "mine")[-60:] in str(job.error)


def test_settings_that_dask_cannot_use_are_said_in_a_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    obstacle = tmp_path / "file"
    obstacle.touch()
    with (
        dask.config.set({"temporary-directory": str(obstacle / "below")}),
        pytest.raises(EngineError, match=r"could not be started .*NotADirectoryError.*Dask's settings") as refused,
        launch(),
    ):
        pass
    assert len(str(refused.value)) <= 300


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("worker.preload", ["no_such_module"]),
        ("nanny.preload", ["no_such_module"]),
        ("worker.memory.terminate", "soon"),
        ("scheduler.allowed-failures", "many"),
        ("comm.timeouts.connect", "never"),
        ("comm.compression", "no-such"),
        ("comm.require-encryption", False),
    ],
)
def test_settings_for_other_clusters_are_none_of_an_embedded_engine(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, value: object
) -> None:
    """A preload that is not there was 46 lines of traceback, ``terminate`` without a number ten of them a second."""
    monkeypatch.setattr(cluster_module, "SpecCluster", lambda **_: copy.deepcopy(dask.config.config))

    def found() -> Any:
        return cluster_module._cluster(Security(), None)

    monkeypatch.setitem(dask.config.config["distributed"]["worker"], "preload", [])  # other tests have one
    usual = found()["distributed"]
    with dask.config.set({f"distributed.{name}": value, "temporary-directory": str(tmp_path)}):
        assert found()["distributed"] == usual
        assert found()["temporary-directory"] == str(tmp_path)
        assert dask.config.get(f"distributed.{name}") == value, "only while it starts"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EFBIG, errno.EDQUOT])
def test_a_full_disk_is_not_blamed_on_dask(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("Cluster failed to start") from OSError(number, os.strerror(number))

    monkeypatch.setattr(cluster_module, "_cluster", fail)
    with pytest.raises(EngineError, match=r"make room in .*TMPDIR") as refused, launch():
        pass
    assert "Dask" not in str(refused.value)


@pytest.mark.parametrize("error", [RuntimeError("can't start new thread"), BlockingIOError(11, "Resource temporarily")])
def test_a_limit_of_processes_is_not_blamed_on_dask(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail(*_: object) -> None:
        try:
            raise error
        except type(error):
            raise AssertionError("Status.init")  # noqa: B904  as Dask does, which cannot close what is half made

    monkeypatch.setattr(cluster_module, "_cluster", fail)
    with (
        pytest.raises(EngineError, match=r"\((RuntimeError|BlockingIOError): .*\): allow more processes") as refused,
        launch(),
    ):
        pass
    assert "Dask" not in str(refused.value)


def test_a_missing_folder_for_temporary_files_is_not_blamed_on_dask(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        monkeypatch.setattr(tempfile, "_candidate_tempdir_list", lambda: ["/nowhere"])
        tempfile._get_default_tempdir()

    monkeypatch.setattr(cluster_module, "_cluster", fail)
    with pytest.raises(EngineError, match=r"make room in /tmp, or set TMPDIR") as refused, launch():
        pass
    assert "Dask" not in str(refused.value)


@pytest.mark.parametrize(
    "error", [OSError(30, "Read-only file system"), OSError(28, "No space left"), ImportError("x")]
)
def test_processes_that_can_share_no_lock_are_not_started(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("multiprocessing.synchronize.SemLock.__init__", fail)
    with pytest.raises(EngineError, match=r"cannot share a lock \(.*\): make /dev/shm a folder"), launch():
        pass


@pytest.mark.parametrize("error", [TypeError("x" * 900), RuntimeError("two\nlines"), OSError(2, "No such file", "/a")])
def test_whatever_dask_raises_is_one_short_line(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("Cluster failed to start") from error

    monkeypatch.setattr(cluster_module, "_cluster", fail)
    with pytest.raises(EngineError, match=type(error).__name__) as refused, launch():
        pass
    assert len(str(refused.value)) <= 300
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("files", [{}, {"ca-file": "ca.pem"}, {"ca-file": "ca.pem", "client.cert": "cert.pem"}])
def test_an_encrypted_scheduler_without_credentials_is_said_at_once(files: dict[str, str]) -> None:
    with (
        dask.config.set({f"distributed.comm.tls.{name}": path for name, path in files.items()}),
        pytest.raises(EngineError, match="there are no credentials for it: set DASK_DISTRIBUTED__COMM__TLS__CA_FILE"),
    ):
        Connection("tls://127.0.0.1:9").client(timeout=30)


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:9", "://", "tcp://", "tcp://127.0.0.1", "tcp://[::1", "TCP://127.0.0.1:9", "tcp://127.0.0.1:x",
        "ucx://127.0.0.1:9", "inproc://1/2/3", "tcp://127.0.0.1:99999", "tcp://a b:9", "tcp://127.0.0.1:9/", "tcp://::1:9",
    ],
)  # fmt: skip
def test_what_can_be_no_address_is_said_before_dask_tries_to_close_its_half_made_client(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setattr("lab.engine.connection.Client", None)
    with pytest.raises(EngineError, match=r"is not the address of a scheduler: write it as tcp://HOST:8786"):
        Connection(address).client(timeout=0.1)


@pytest.mark.parametrize(
    "address", ["tcp://127.0.0.1:9", "tls://head.example.org:8786", "tcp://[::1]:9", "wss://a-b:1"]
)
def test_what_can_be_an_address_is_tried(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setattr("lab.engine.connection.Client", lambda address, **_: address)
    monkeypatch.setattr(Connection, "_require_credentials", lambda *_: None)
    assert Connection(address).client() == address


def test_a_script_without_a_guard_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(multiprocessing.current_process(), "_inheriting", True, raising=False)
    with pytest.raises(EngineError, match="__main__"), launch():
        pass


def test_what_dask_keeps_private_is_touched_in_one_file() -> None:
    import re

    folder = Path(cluster_module.__file__).parent
    private = re.compile(r"\b(client|_client|scheduler|_scheduler|worker|_worker)\._[a-z]")
    found = [path.name for path in folder.glob("*.py") if private.search(path.read_text("utf-8"))]
    assert found == ["inside.py"]


def test_the_version_of_dask_has_an_upper_bound() -> None:
    root = Path(__file__).parents[2]
    for name in ("pyproject.toml", "environment.yml"):
        assert "distributed>=2026.1,<2026.9" in (root / name).read_text("utf-8")
    assert sys.modules["distributed"].__version__ < "2026.9"
    assert set(SLOTS) == {"quick", "short", "long"}


NETS = "from torch import nn\ndef build():\n    return nn.Sequential(nn.Flatten(), nn.Linear(784, {units}))\n"


@pytest.fixture
def requested(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Restarts, origin.Origin]:
    """A request for a result of a custom model and custom data, which this process has; then it has its folder."""
    (tmp_path / "elsewhere_nets.py").write_text(NETS.format(units=10))
    np.savez(
        tmp_path / "mine.npz",
        x_train=np.zeros((2, 28, 28)),
        y_train=[0, 1],
        x_test=np.zeros((2, 28, 28)),
        y_test=[0, 1],
    )
    monkeypatch.syspath_prepend(tmp_path)
    spec = Restarts(NpzFile(str(tmp_path / "mine.npz")), (Custom("elsewhere_nets:build"),), images=(0,))
    return spec, origin.request_origin(spec)


def test_a_worker_with_the_same_models_and_data_takes_a_request(requested: tuple[Restarts, origin.Origin]) -> None:
    origin.require_same_parts(*requested)


@pytest.mark.parametrize("file", ["elsewhere_nets.py", "mine.npz"])
@pytest.mark.parametrize("fault", ["differs", "is missing"])
def test_a_worker_with_another_model_or_data_set_refuses(
    requested: tuple[Restarts, origin.Origin], tmp_path: Path, file: str, fault: str
) -> None:
    if fault == "is missing":
        (tmp_path / file).unlink()
    elif file == "mine.npz":
        np.savez(
            tmp_path / file, x_train=np.ones((2, 28, 28)), y_train=[0, 1], x_test=np.ones((2, 28, 28)), y_test=[0, 1]
        )
    else:
        (tmp_path / file).write_text(NETS.format(units=11))
    with pytest.raises(EngineError, match=r"The worker on .*(elsewhere_nets:build|mine)") as refused:
        origin.require_same_parts(*requested)
    assert len(str(refused.value)) <= 300


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells the mask of a process")
def test_the_processes_of_workers_do_not_hear_ctrl_c(engine: Engine) -> None:
    """Not from their first moment on: one that was only just starting printed a traceback."""

    def deaf() -> bool:
        status = Path("/proc/self/status").read_text().splitlines()
        [mask] = [line.split()[1] for line in status if line.startswith("SigBlk")]
        return bool(int(mask, 16) >> (signal.SIGINT - 1) & 1)

    assert set(engine._client.run(deaf).values()) == {True}


def test_a_hand_started_worker_gets_what_an_embedded_one_gets() -> None:
    [embedded], [options] = _workers(Security()).values(), worker_options(None)
    own = {"host", "protocol", "security"}
    assert {name: each for name, each in embedded["options"].items() if name not in own} == {
        name: each for name, each in options.items() if name not in own
    }
    with worker_settings():
        assert "lab.engine.warm" in dask.config.get("distributed.worker.preload")
        assert dask.config.get("distributed.worker.memory.pause") is False
        assert dask.config.get("distributed.nanny.pre-spawn-environ") == {
            "OMP_WAIT_POLICY": "PASSIVE",
            "PYTHONSAFEPATH": "1",
        }
