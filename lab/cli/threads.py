"""Threads of PyTorch on the command line: no more than a container's share of the machine's processors."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from dask.system import cpu_count

_THREADS = "OMP_NUM_THREADS"


@contextmanager
def threads_of_the_container() -> Iterator[None]:
    """Have PyTorch, if it is imported in the context, take as many threads as a container's quota has processors.

    By itself it takes one for each processor of the machine, which then wait for each other: quotas are enforced by
    holding all of them. What a user has set, and what an affinity allows, it heeds itself.
    """
    allowed = cpu_count()
    if os.environ.get(_THREADS) or allowed >= _visible():
        yield
        return
    os.environ[_THREADS] = str(allowed)
    try:
        yield
    finally:
        os.environ.pop(_THREADS, None)


def _visible() -> int:
    """Processors that this process may use, whatever its share of them is."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
