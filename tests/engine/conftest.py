"""One embedded engine for all tests of this folder, with its own LAB_HOME."""

from collections.abc import Iterator
from pathlib import Path

import dask
import pytest

from lab.engine import Connection, Engine, engine as engine_module, launch
from tests.waiting import PATIENCE


@pytest.fixture(scope="package")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The connection file of a running engine whose worker knows the slow analyses.

    Dask by itself would give up a worker that has died before any can have started again, as on a busy machine. There
    the scheduler also takes its time to answer: longer than a person would be patient.
    """
    settings = {
        "distributed.worker.preload": ["tests.engine.slow_analysis"],
        "distributed.deploy.lost-worker-timeout": 0,
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LAB_HOME", str(tmp_path_factory.mktemp("home")))
        patch.setenv("CUDA_VISIBLE_DEVICES", "")
        patch.setattr(engine_module, "_PATIENCE", PATIENCE)
        patch.setattr(Connection.client, "__defaults__", (PATIENCE,))
        with dask.config.set(settings), launch() as path:
            yield path


@pytest.fixture
def engine(connection: Path) -> Iterator[Engine]:
    """A page's engine."""
    with Engine.connect(connection) as engine:
        yield engine
