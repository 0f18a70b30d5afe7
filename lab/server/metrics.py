"""Numbers of a running server for Prometheus: ``GET /metrics``.

The text format is that of `Prometheus's manual <https://prometheus.io/docs/instrumenting/exposition_formats/>`_.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import psutil

from lab.memory import free_memory
from lab.server.kernels import Kernels

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
REASONS = ("visitor", "address", "queue", "token")
"""Whose share was taken up when a visitor was refused, or that the token was wrong."""


def metrics(kernels: Kernels, refusals: Counter[str]) -> str:
    """All numbers, each with its meaning."""
    return "".join(_lines(kernels, refusals))


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
