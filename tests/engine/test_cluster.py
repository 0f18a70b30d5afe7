"""The engine's processes, and what importing the engine costs."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import dask
import pytest
from distributed import LocalCluster

from lab.engine import Engine, launch
from lab.engine.cluster import gpus
from lab.errors import EngineError
from lab.specs import Preview
from tests.engine.slow_analysis import Slow

NO_PRELOAD: dict[str, list[str]] = {"distributed.worker.preload": []}


def test_the_engine_is_imported_without_pytorch() -> None:
    script = (
        "import sys, lab.engine; print([name for name in ('torch', 'torchvision', 'sklearn') if name in sys.modules])"
    )
    assert subprocess.check_output([sys.executable, "-c", script], text=True).strip() == "[]"


def test_workers_use_every_core(engine: Engine) -> None:
    assert list(engine._client.run(os.getenv, "OMP_NUM_THREADS").values()) == [os.environ.get("OMP_NUM_THREADS")]


@pytest.mark.parametrize("page", ["status", "info/main/workers.html", "json/counts.json", "metrics"])
def test_there_are_no_status_pages_unless_asked_for(engine: Engine, page: str) -> None:
    info = engine._client.scheduler_info()
    ports = [each["services"]["dashboard"] for each in (info, *info["workers"].values())]
    assert len(ports) == 2
    for port in ports:
        with pytest.raises(HTTPError, match="404"):
            urlopen(f"http://127.0.0.1:{port}/{page}", timeout=5)


@pytest.mark.parametrize(("visible", "found"), [("", []), ("-1", []), ("2", ["2"]), ("0,1", ["0", "1"])])
def test_the_visible_gpus_are_used(monkeypatch: pytest.MonkeyPatch, visible: str, found: list[str]) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert gpus() == found


def test_every_gpu_has_a_worker_that_sees_only_that_one(connection: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    with dask.config.set(NO_PRELOAD), launch() as path, Engine.connect(path) as engine:
        seen = engine._client.run(os.getenv, "CUDA_VISIBLE_DEVICES")
    assert sorted(seen.values()) == ["0", "1"]


def test_without_a_server_an_engine_is_started_even_inside_a_running_loop(
    connection: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LAB_ENGINE", raising=False)

    async def cell() -> int:  # what a notebook's kernel does
        with dask.config.set(NO_PRELOAD), Engine.connect() as engine:
            return len(engine.submit(Preview(images=(0, 1))).wait(30).y)

    assert asyncio.run(cell()) == 2


def test_a_running_scheduler_is_used_as_it_is(connection: Path, tmp_path: Path) -> None:
    spec = Slow(steps=3, diary=str(tmp_path / "diary"))
    options = {"n_workers": 1, "processes": False, "protocol": "tcp", "dashboard_address": None}
    with (
        LocalCluster(threads_per_worker=3, resources={"short": 2, "long": 1}, **options) as cluster,
        launch(cluster.scheduler_address) as path,
        Engine.connect(path) as engine,
    ):
        assert len(engine.submit(spec).wait(20).numbers) == 3


def test_workers_without_slots_are_refused_in_words(connection: Path) -> None:
    options = {"n_workers": 1, "processes": False, "protocol": "tcp", "dashboard_address": None}
    with (
        LocalCluster(threads_per_worker=1, **options) as cluster,
        pytest.raises(EngineError, match="--resources short=2,long=1"),
    ):
        Engine.connect(cluster.scheduler_address)
