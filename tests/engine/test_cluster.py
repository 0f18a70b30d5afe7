"""The engine's processes, and what importing the engine costs."""

import asyncio
import logging
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import ClassVar
from urllib.error import HTTPError
from urllib.request import urlopen

import dask
import pytest
from distributed import LocalCluster, SpecCluster
from distributed.comm import CommClosedError

import lab
from lab.engine import Engine, launch
from lab.engine.cluster import gpus
from lab.engine.inside import (
    is_no_refused_registration,
    is_not_of_a_closed_connection,
    left_when_closed,
    lost_its_name,
)
from lab.engine.slots import SLOTS
from lab.errors import EngineError
from lab.specs import Preview
from tests.engine.slow_analysis import Slow
from tests.waiting import PATIENCE

NO_PRELOAD: dict[str, list[str]] = {"distributed.worker.preload": []}


SLOW_TO_IMPORT = [
    {
        "widgets.dashboards.app": ("torch", "sklearn", "matplotlib", "lark"),
        "lab.server.pages": ("torch", "lark"),
        "lab.engine": ("torch", "torchvision", "sklearn"),
    },
    {
        "lab.analysis": ("torchvision", "torch._dynamo", "sklearn", "scipy", "matplotlib"),
        "lab.training": ("torchvision", "torch._dynamo", "sklearn", "scipy", "matplotlib"),
    },
]
"""What each process of the lab imports first, and what must not come with it: everybody waits for that at the start.

Those of a group are imported one after the other in one process: what must not come with the first comes with none.
"""
IMPORTS = """
import importlib, sys
for module, slow in {group}.items():
    importlib.import_module(module)
    print(module, [name for name in slow if name in sys.modules])
"""


@pytest.mark.slow
@pytest.mark.parametrize("group", SLOW_TO_IMPORT, ids=["without PyTorch", "with PyTorch"])
def test_what_takes_long_to_import_is_imported_when_it_is_needed(group: dict[str, tuple[str, ...]]) -> None:
    said = subprocess.check_output([sys.executable, "-c", IMPORTS.format(group=group)], text=True)
    assert said.splitlines() == [f"{module} []" for module in group]


def test_workers_use_every_core(engine: Engine) -> None:
    assert list(engine._client.run(os.getenv, "OMP_NUM_THREADS").values()) == [os.environ.get("OMP_NUM_THREADS")]


PAGES = ["status", "info/main/workers.html", "json/counts.json", "metrics", "health"]


@pytest.mark.parametrize("page", PAGES)
def test_there_are_no_status_pages_unless_asked_for(engine: Engine, page: str) -> None:
    require_no_page(engine, page)


def require_no_page(engine: Engine, page: str) -> None:
    """Neither the scheduler nor the worker has such a page."""
    info = engine._client.scheduler_info()
    ports = [each["services"]["dashboard"] for each in (info, *info["workers"].values())]
    assert len(ports) == 2
    for port in ports:
        with pytest.raises(HTTPError, match="404"):
            urlopen(f"http://127.0.0.1:{port}/{page}", timeout=PATIENCE)


@pytest.mark.parametrize(("visible", "found"), [("", []), ("-1", []), ("2", ["2"]), ("0,1", ["0", "1"])])
def test_the_visible_gpus_are_used(monkeypatch: pytest.MonkeyPatch, visible: str, found: list[str]) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert gpus() == found


@pytest.mark.slow
def test_every_gpu_has_a_worker_that_sees_only_that_one(connection: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    with dask.config.set(NO_PRELOAD), launch() as path, Engine.connect(path) as engine:
        seen = engine._client.run(os.getenv, "CUDA_VISIBLE_DEVICES")
    assert sorted(seen.values()) == ["0", "1"]


@pytest.mark.slow
def test_without_a_server_an_engine_is_started_even_inside_a_running_loop(
    connection: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LAB_ENGINE", raising=False)

    async def cell() -> int:  # what a notebook's kernel does
        with dask.config.set(NO_PRELOAD), Engine.connect() as engine:
            return len(engine.submit(Preview(images=(0, 1))).wait(PATIENCE).y)

    assert asyncio.run(cell()) == 2


def test_a_running_scheduler_is_used_as_it_is(connection: Path, tmp_path: Path) -> None:
    spec = Slow(steps=3, diary=str(tmp_path / "diary"))
    options = {"n_workers": 1, "processes": False, "protocol": "tcp", "dashboard_address": None}
    with (
        LocalCluster(threads_per_worker=5, resources=SLOTS, **options) as cluster,
        launch(cluster.scheduler_address) as path,
        Engine.connect(path) as engine,
    ):
        assert len(engine.submit(spec).wait(PATIENCE).numbers) == 3


def test_workers_without_slots_are_refused_in_words(connection: Path) -> None:
    options = {"n_workers": 1, "processes": False, "protocol": "tcp", "dashboard_address": None}
    slots = ",".join(f"{name}={number}" for name, number in SLOTS.items())
    with (
        LocalCluster(threads_per_worker=1, **options) as cluster,
        pytest.raises(EngineError, match=f"{slots}.*python -m lab worker tcp://"),
    ):
        Engine.connect(cluster.scheduler_address)


FOREIGN = """
import sys
from lab.engine import Connection, launch
sys.path.append({folder!r})  # as for a custom model's builder
if __name__ == "__main__":
    with launch() as path:
        print(Connection.of(path).client().run(lambda: __import__("lab").__file__))
"""


@pytest.mark.slow
def test_a_lab_py_beside_a_users_models_is_not_taken_for_the_lab(tmp_path: Path) -> None:
    (tmp_path / "lab.py").write_text("raise SystemExit('hidden')")
    script = FOREIGN.format(folder=str(tmp_path))
    ran = subprocess.run(
        [sys.executable, "-P", "-c", script],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert str(Path(lab.__file__)) in ran.stdout, ran.stderr[-500:]


def test_nobody_complains_of_a_connection_that_has_gone(engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    """As a page that closes in the middle of a job, or ``doctor`` in the middle of a heartbeat of its worker."""
    assert all("is_not_of_a_closed_connection" in found for found in engine._client.run(_filters).values())
    logger = logging.getLogger("tests.worker")
    logger.addFilter(is_not_of_a_closed_connection)
    engine.training()  # which brings the keeper
    scheduler = engine._client.run_on_scheduler(_filters, "distributed.scheduler")
    assert "is_not_of_a_closed_connection" in scheduler
    for error in (CommClosedError("gone"), ValueError("told")):
        logger.error("Failed to communicate.", exc_info=error)
    assert [record.exc_info[1].args for record in caplog.records if record.name == logger.name] == [("told",)]


def _filters(logger: str = "distributed.worker") -> str:
    return str(logging.getLogger(logger).filters)


class Half(SpecCluster):
    """A cluster of which a part has been made when Ctrl-C is pressed a second time."""

    made: ClassVar[list[SpecCluster]] = []

    def __init__(self, **_: object) -> None:
        self._instances.add(self)
        self.made.append(self)
        raise KeyboardInterrupt


def test_a_half_made_cluster_is_left_alone_when_the_program_ends(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lab.engine.cluster.SpecCluster", Half)
    with pytest.raises(KeyboardInterrupt), launch():
        pass
    assert [each.shutdown_on_close for each in Half.made] == [False]


@pytest.mark.parametrize("error", [None, KeyboardInterrupt, EngineError])
def test_a_cluster_that_was_closed_or_could_not_be_is_left_alone(error: type[BaseException] | None) -> None:
    cluster = Half.__new__(Half)
    with suppress(KeyboardInterrupt, EngineError), left_when_closed(cluster):
        if error:
            raise error
    assert cluster.shutdown_on_close is False


@pytest.mark.parametrize(
    ("words", "told"),
    [("Unable to connect to scheduler: name taken, %s", False), ("Exception during execution of task '%s'", True)],
)
def test_a_worker_that_is_refused_logs_nothing_as_its_starter_hears_why(words: str, told: bool) -> None:
    record = logging.LogRecord("distributed.worker", logging.ERROR, __file__, 1, words, ("one",), None)
    assert is_no_refused_registration(record) == told


@pytest.mark.parametrize(
    ("error", "lost"),
    [
        ("ValueError: Unexpected response from register: {'status': 'error', 'message': 'name taken, one'}", True),
        ("OSError: no memory", False),
    ],
)
def test_a_lost_name_is_told_from_other_refusals(error: str, lost: bool) -> None:
    assert lost_its_name(error) == lost
