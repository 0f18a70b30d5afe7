"""Resources of a worker: the cores and the memory that this process really has."""

import os

import dask
import psutil
from dask.system import cpu_count
from distributed.system import memory_limit

from lab import limits
from lab.memory import free_memory
from lab.specs import Spec

_THREADS = "OMP_NUM_THREADS"


def cores() -> int:
    """Cores that this process may use: not more than its affinity, its container or ``OMP_NUM_THREADS`` allow.

    A worker of Dask's own command line is given ``OMP_NUM_THREADS=1`` by Dask, which says nothing about the machine.
    """
    own = os.environ.get(_THREADS, "")
    by_dask = str(dask.config.get("distributed.nanny.pre-spawn-environ", {}).get(_THREADS, ""))
    asked = int(own) if own.isdecimal() and int(own) > 0 and own != by_dask else cpu_count()
    return min(asked, cpu_count())


def memory() -> int:
    """Bytes of memory that the machine, or this container, has."""
    return memory_limit()


def require_memory(spec: Spec, limit: int | None) -> None:
    """Refuse a request that needs more memory than is left within ``limit`` bytes of this process.

    Raises :class:`lab.errors.EngineError` with both numbers.
    """
    free = free_memory()
    if limit is not None:
        free = min(free, limit - psutil.Process().memory_info().rss)
    limits.require_memory(spec, cores(), free)
