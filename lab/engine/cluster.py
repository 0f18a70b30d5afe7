"""The engine's processes: a scheduler and its workers on this machine, or the way to those elsewhere."""

import logging
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import dask
from distributed import Nanny, Scheduler, Security, SpecCluster

from lab.engine.connection import PATIENCE, Connection

SLOTS = {"short": 2, "long": 1}
_LOOPBACK = "127.0.0.1"

_CONFIG: dict[str, Any] = {
    # Dask's defaults are one thread per process and memory given back at once. PyTorch is to use every core, and
    # memory that each operation has to ask for anew takes half of its time. Its threads sleep while they wait for each
    # other, because several jobs, and perhaps a browser, share the cores.
    "distributed.nanny.pre-spawn-environ": {"OMP_WAIT_POLICY": "PASSIVE"},
    # A paused or spilling worker would leave its jobs waiting without a word; one that eats up the memory is ended.
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    # When the worker cannot be started again, its jobs fail in words instead of waiting for ever.
    "distributed.scheduler.no-workers-timeout": "120s",
}
# Dask serves HTTP in any case, to whoever asks on this machine: without status pages it then has nothing to tell.
_NO_PAGES: dict[str, Any] = {"distributed.scheduler.http.routes": [], "distributed.worker.http.routes": []}


@contextmanager
def launch(scheduler: str | None = None, dashboard: int | None = None, patience: float = PATIENCE) -> Iterator[Path]:
    """An engine for as long as the context lasts; gives the path of its connection file.

    Embedded by default: a scheduler on the loopback interface and one worker process per GPU, or one for the CPU,
    all speaking TLS with credentials made for the occasion. With the address of a running Dask ``scheduler``
    nothing is started. ``dashboard`` is the port of Dask's own status pages, which are off without it. Raises
    :class:`lab.errors.EngineError` when the given scheduler does not answer within ``patience`` seconds.
    """
    with ExitStack() as stack:
        connection = _existing(scheduler, patience) if scheduler else stack.enter_context(_embedded(dashboard))
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="lab-engine-", ignore_cleanup_errors=True))
        yield connection.save(Path(folder))


def gpus() -> list[str]:
    """The CUDA devices this process may use, as ``CUDA_VISIBLE_DEVICES`` names them. PyTorch is not asked."""
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    if chosen is not None:
        return [each.strip() for each in chosen.split(",") if each.strip() not in ("", "-1")]
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    listing = subprocess.run([program, "-L"], capture_output=True, text=True, check=False).stdout
    return [str(i) for i, _ in enumerate(line for line in listing.splitlines() if line.startswith("GPU "))]


def _existing(address: str, patience: float) -> Connection:
    connection = Connection(address)
    connection.client(patience).close()
    return connection


@contextmanager
def _embedded(dashboard: int | None) -> Iterator[Connection]:
    security = Security.temporary()
    preloads = [*dask.config.get("distributed.worker.preload"), "lab.engine.warm"]
    pages = _NO_PAGES if dashboard is None else {}
    with dask.config.set(_CONFIG | pages | {"distributed.worker.preload": preloads}):
        cluster = SpecCluster(
            scheduler={"cls": Scheduler, "options": _scheduler_options(security, dashboard)},
            workers=_workers(security),
            security=security,
            silence_logs=logging.ERROR,
            name="adversarial-lab",
        )
    with cluster:
        yield Connection.secured(cluster.scheduler_address, security)


def _scheduler_options(security: Security, dashboard: int | None) -> dict[str, Any]:
    return {
        "host": _LOOPBACK,
        "port": 0,
        "protocol": "tls://",
        "security": security,
        "dashboard": dashboard is not None,
        "dashboard_address": f"{_LOOPBACK}:{dashboard or 0}",
    }


def _workers(security: Security) -> dict[int, dict[str, Any]]:
    """One worker process per GPU that sees only that one, or one for the CPU."""
    places: list[dict[str, str]] = [{"CUDA_VISIBLE_DEVICES": each} for each in gpus()] or [{}]
    options = {
        "host": _LOOPBACK,
        "protocol": "tls://",
        "security": security,
        "nthreads": sum(SLOTS.values()),
        "resources": SLOTS,
        "dashboard": False,
        "silence_logs": logging.ERROR,
    }
    return {i: {"cls": Nanny, "options": options | {"env": place}} for i, place in enumerate(places)}
