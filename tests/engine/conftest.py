"""One embedded engine for all tests of this folder, with its own LAB_HOME."""

from collections.abc import Iterator
from pathlib import Path

import dask
import pytest

from lab.engine import Engine, launch


@pytest.fixture(scope="session")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The connection file of a running engine whose worker knows the slow analyses."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LAB_HOME", str(tmp_path_factory.mktemp("home")))
        patch.setenv("CUDA_VISIBLE_DEVICES", "")
        with dask.config.set({"distributed.worker.preload": ["tests.engine.slow_analysis"]}), launch() as path:
            yield path


@pytest.fixture
def engine(connection: Path) -> Iterator[Engine]:
    """A page's engine."""
    with Engine.connect(connection) as engine:
        yield engine
