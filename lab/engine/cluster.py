"""The engine's processes: a scheduler and its workers on this machine, or the way to those elsewhere."""

import errno
import logging
import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path

import dask
from distributed import Scheduler, Security, SpecCluster

import lab
from lab.engine.connection import PATIENCE, Connection
from lab.engine.inside import left_unless_made, left_when_closed
from lab.engine.joining import meet
from lab.engine.machine import memory
from lab.engine.nanny import ENVIRONMENT, Nanny
from lab.engine.slots import SLOTS
from lab.errors import EngineError
from lab.home import lacks_temporary_folder, settle_folders
from lab.processes import NO_MORE, interrupted_afterwards, ran_out

_LOOPBACK = "127.0.0.1"
_SAFE_PATH = "PYTHONSAFEPATH"
_NO_ROOM = (errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC))

_CONFIG: dict[str, object] = {
    # Dask's defaults are one thread per process and memory given back at once. PyTorch is to use every core, and
    # memory that each operation has to ask for anew takes half of its time. Its threads sleep while they wait for each
    # other, because several jobs, and perhaps a browser, share the cores.
    "distributed.nanny.pre-spawn-environ": {"OMP_WAIT_POLICY": "PASSIVE", _SAFE_PATH: "1"},
    # A paused or spilling worker would leave its jobs waiting without a word; one that eats up the memory is ended.
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    # When the worker cannot be started again, its jobs fail in words instead of waiting for ever.
    "distributed.scheduler.no-workers-timeout": "120s",
}
"""Settings of Dask for a worker, whether it is embedded or was started by hand."""
# Read whenever a worker dies: after 15 seconds Dask would end for good one that is only slow to start again.
_MEANWHILE: dict[str, object] = {"distributed.deploy.lost-worker-timeout": "1000 days"}
# Dask serves HTTP in any case, to whoever asks on this machine: without status pages it then has nothing to tell.
_NO_PAGES: dict[str, object] = {"distributed.scheduler.http.routes": [], "distributed.worker.http.routes": []}


@contextmanager
def launch(scheduler: str | None = None, dashboard: int | None = None, patience: float = PATIENCE) -> Iterator[Path]:
    """An engine for as long as the context lasts; gives the path of its connection file.

    Embedded by default: a scheduler on the loopback interface and one worker process per GPU, or one for the CPU,
    all speaking TLS with credentials made for the occasion. With the address of a running Dask ``scheduler``
    nothing is started. ``dashboard`` is the port of Dask's own status pages, which are off without it. Raises
    :class:`lab.errors.EngineError` when the given scheduler does not answer within ``patience`` seconds, or when its
    workers run another version of the lab or have another LAB_HOME or LAB_DATA.
    """
    settle_folders()
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
    with connection.client(patience) as client:
        meet(client)
    return connection


@contextmanager
def _embedded(dashboard: int | None) -> Iterator[Connection]:
    _require_own_process()
    with worker_settings():
        _require_shared_locks()
    _find_lab_first()
    security = Security.temporary()
    try:
        # Dask cannot close what has not quite started.
        with interrupted_afterwards(), _unlogged(), left_unless_made():
            cluster = _cluster(security, dashboard)
    except Exception as error:  # Dask's own words for whatever its settings, or the machine, do not allow
        raise EngineError(f"The engine could not be started ({cause(error):.110}): {_remedy(error)}.") from error
    with left_when_closed(cluster), dask.config.set(_MEANWHILE | _pages(dashboard)), cluster:
        yield Connection.secured(cluster.scheduler_address, security)


@contextmanager
def _unlogged() -> Iterator[None]:
    """Keep from the terminal what Dask logs of a worker's process that cannot be started: its error says it."""
    logger = logging.getLogger("distributed.nanny")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)


def _cluster(security: Security, dashboard: int | None) -> SpecCluster:
    """The scheduler and its workers, with Dask's defaults: what a user has set is for clusters on other machines.

    But for what workers load first, and the folder for temporary files, as the usual one may be small.
    """
    usual = dask.config.merge(*dask.config.defaults)["distributed"]
    preloads = {"distributed.worker.preload": dask.config.get("distributed.worker.preload")}
    with (
        dask.config.set(distributed=usual),
        dask.config.set(preloads),
        worker_settings(),
        dask.config.set(_pages(dashboard)),
    ):
        return SpecCluster(
            scheduler={"cls": Scheduler, "options": _scheduler_options(security, dashboard)},
            workers=_workers(security),
            security=security,
            silence_logs=logging.ERROR,
            name="adversarial-lab",
        )


@contextmanager
def worker_settings() -> Iterator[None]:
    """Dask's settings in which a worker of the lab is started.

    Its processes, and Python's own that watches over what they share, take no ``types.py`` where the user stands for
    Python's: as children of a program that was started by ``-m`` they would.
    """
    preloads = [*filter(_is_there, dask.config.get("distributed.worker.preload")), "lab.engine.warm"]
    with (
        ENVIRONMENT.lent({_SAFE_PATH: "1"}),
        dask.config.set(_CONFIG | {"distributed.worker.preload": preloads}),
    ):
        yield


def _is_there(preload: str) -> bool:
    """Return whether a worker could load that, a module or a file, and would not end over it with a traceback."""
    try:
        return Path(preload).is_file() or find_spec(preload) is not None
    except (ImportError, ValueError):  # no package has it, or it is an address
        return False


def worker_options(security: Security | None) -> list[dict[str, object]]:
    """Return the options of each worker of this machine: one per GPU, which sees only that one, or one for the CPU."""
    places: list[dict[str, str]] = [{"CUDA_VISIBLE_DEVICES": each} for each in gpus()] or [{}]
    # Dask's own limit is the memory times threads over cores, as if every thread were a task of its own.
    options = {
        "security": security,
        "nthreads": sum(SLOTS.values()),
        "resources": SLOTS,
        "memory_limit": memory() // len(places),
        "dashboard": False,
        "silence_logs": logging.ERROR,
    }
    return [options | {"env": place} for place in places]


def _pages(dashboard: int | None) -> dict[str, object]:
    return _NO_PAGES if dashboard is None else {}


def _require_own_process() -> None:
    """Refuse to start processes from within one that is just being started and runs the script once more."""
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        raise EngineError("Start the engine under if __name__ == '__main__': its processes run the script's top again.")


def _require_shared_locks() -> None:
    """Refuse to start processes where they can have no lock in common: each would print a traceback of its own."""
    try:
        multiprocessing.get_context("spawn").Lock()
    except (OSError, ImportError) as error:  # a full or read-only /dev/shm; a system without semaphores
        raise EngineError(
            f"The engine could not be started, as its processes cannot share a lock ({error}): make /dev/shm a folder "
            "that can be written to."
        ) from error


def _find_lab_first() -> None:
    """Let no ``lab.py`` where a user's modules are be taken for the lab by a worker, which inherits ``sys.path``.

    An editable install is in no folder of ``sys.path``, so that it would come after all of them.
    """
    root = str(Path(lab.__file__).parents[1])
    if root not in sys.path:
        sys.path.insert(0, root)


def cause(error: BaseException) -> str:
    """The first cause of an error in one line."""
    first = _first(error)
    return " ".join(f"{type(first).__name__}: {first}".split())


def _first(error: BaseException) -> BaseException:
    before = error.__cause__
    if before is None and isinstance(error, AssertionError):  # Dask's own, as it closes what was only half made
        before = error.__context__
    return error if before is None else _first(before)


def _remedy(error: BaseException) -> str:
    if ran_out(_first(error)):
        return NO_MORE
    if lacks_temporary_folder(_first(error)):
        return "make room in /tmp, or set TMPDIR to a folder that has some"
    if getattr(_first(error), "errno", None) in _NO_ROOM:
        return f"make room in {tempfile.gettempdir():.60}, or set TMPDIR to a folder that has some"
    return "see Dask's settings (DASK_…, ~/.config/dask); a script must start it under if __name__ == '__main__'"


def _scheduler_options(security: Security, dashboard: int | None) -> dict[str, object]:
    return {
        "host": _LOOPBACK,
        "port": 0,
        "protocol": "tls://",
        "security": security,
        "dashboard": dashboard is not None,
        "dashboard_address": f"{_LOOPBACK}:{dashboard or 0}",
    }


def _workers(security: Security) -> dict[int, dict[str, object]]:
    """The workers of this machine, on the loopback interface."""
    own = {"host": _LOOPBACK, "protocol": "tls://"}
    return {i: {"cls": Nanny, "options": each | own} for i, each in enumerate(worker_options(security))}
