"""Numbers of a running server for Prometheus: ``GET /metrics``.

The text format is that of `Prometheus's manual <https://prometheus.io/docs/instrumenting/exposition_formats/>`_.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from importlib import import_module
from typing import cast

import psutil

from lab.memory import free_memory
from lab.server.kernels import Kernels

Work = Mapping[str, Mapping[str, object]]
LEDGER = "lab.engine.ledger"
"""The module that knows the engine's jobs; nothing in this package imports it."""
PATIENCE = 2.0  # seconds that the engine has to respond
FRESH = 1.0  # seconds for which the engine's numbers are given again
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
REASONS = ("visitor", "address", "queue", "token")
"""Whose share was taken up when a visitor was refused, or that the token was wrong."""


def metrics(kernels: Kernels, refusals: Counter[str], work: Work | None) -> str:
    """All numbers, each with its meaning; without ``work``, none of jobs."""
    return "".join((*_lines(kernels, refusals), *_jobs(work)))


async def work_of(engine: str) -> Work | None:
    """The numbers of the engine's jobs; None if it does not respond. A server that nobody watches imports no Dask."""
    ledger = await asyncio.to_thread(import_module, LEDGER)
    return cast("Work | None", await ledger.work_of(engine, PATIENCE))


class Watch:
    """The numbers of an engine's jobs for all who watch it: asked once for all of them, once a second at most.

    Else a visitor of a public lab could keep it busy with nothing but this.
    """

    def __init__(self, ask: Callable[[], Awaitable[Work | None]]) -> None:
        self._ask = ask
        self._asked: asyncio.Future[Work | None] | None = None
        self._until = 0.0

    async def work(self) -> Work | None:
        """Return the numbers; None if the engine does not respond."""
        if self._asked is None or (self._asked.done() and time.monotonic() > self._until):
            self._asked = asyncio.ensure_future(self._ask())
            self._asked.add_done_callback(self._keep)
        return await asyncio.shield(self._asked)  # who goes away stops it for nobody else

    def _keep(self, _: object) -> None:
        self._until = time.monotonic() + FRESH


def _jobs(work: Work | None) -> Iterator[str]:
    yield _gauge("lab_engine_up", "Whether the engine responds and has been used.", int(work is not None))
    if work is None:
        return
    yield _head(
        "lab_jobs", "Unfinished jobs: quick and short computations, and long ones, which are trainings.", "gauge"
    )
    for kind in work["waiting"]:
        yield f'lab_jobs{{kind="{kind}",state="waiting"}} {work["waiting"][kind]}\n'
        yield f'lab_jobs{{kind="{kind}",state="computing"}} {work["computing"][kind]}\n'
    yield _head("lab_jobs_ended_total", "Jobs by how they ended.", "counter")
    for kind, ended in work["ended"].items():
        for outcome, number in cast(Mapping[str, int], ended).items():
            yield f'lab_jobs_ended_total{{kind="{kind}",outcome="{outcome}"}} {number}\n'
    yield _head("lab_job_seconds_total", "Seconds for which jobs were computed.", "counter")
    for kind, seconds in work["seconds"].items():
        yield f'lab_job_seconds_total{{kind="{kind}"}} {cast(float, seconds):.3f}\n'


def _lines(kernels: Kernels, refusals: Counter[str]) -> Iterator[str]:
    memory, free = psutil.Process().memory_info().rss, free_memory()
    yield _gauge("lab_visitors", "Visitors who have a page or are being given one.", kernels.visitors)
    yield _gauge("lab_visitors_admitted", "Visitors who may be here at a time.", kernels.most_visitors)
    yield _gauge("lab_waiting_visitors", "Visitors in the queue.", len(kernels.waitlist))
    yield _gauge("lab_kernels", "Running kernels, those kept ready included.", len(kernels))
    yield _gauge("lab_ready_kernels", "Kernels kept ready for the next visitors.", kernels.ready_for_visitors)
    yield _gauge("lab_server_memory_bytes", "Resident memory of the process that serves the pages.", memory)
    yield _gauge("lab_free_memory_bytes", "Memory that the server can still have.", free)
    yield _head("lab_refusals_total", "Refused visitors by the limit that was reached, and refused tokens.", "counter")
    for each in REASONS:
        yield f'lab_refusals_total{{limit="{each}"}} {refusals[each]}\n'


def _gauge(name: str, meaning: str, value: int) -> str:
    return f"{_head(name, meaning, 'gauge')}{name} {value}\n"


def _head(name: str, meaning: str, kind: str) -> str:
    return f"# HELP {name} {meaning}\n# TYPE {name} {kind}\n"
