"""Waiting in tests: for what should come about, however busy the machine is, and never for time to pass."""

import time
from collections.abc import Callable

PATIENCE = 120.0
"""Seconds after which what has not come about is missing. Nothing that works takes so long."""


def until(condition: Callable[[], object], patience: float = PATIENCE) -> None:
    """Return as soon as the condition holds."""
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, "this never came about"
        time.sleep(0.01)
