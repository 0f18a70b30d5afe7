"""Processes that a test starts: they end with it, also where it fails."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def running(*command: object, **how: Any) -> Iterator[subprocess.Popen[Any]]:
    """The process of a command, as :class:`subprocess.Popen` starts it; killed at the end if it still runs.

    ``with subprocess.Popen(…)`` would wait for it instead: for ever, after a test that failed before it ended it.
    """
    with subprocess.Popen([str(word) for word in command], **how) as process:
        try:
            yield process
        finally:
            process.kill()
