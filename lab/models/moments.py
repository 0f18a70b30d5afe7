"""What a user's code asks that has another answer at each moment: the clock, the system's entropy, its process."""

import datetime
import os
import random
import secrets
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from types import FrameType

from lab import sources

_TIMES = ("time", "monotonic", "clock_gettime", "time_ns", "monotonic_ns", "clock_gettime_ns")
_DATES = ("localtime", "gmtime", "ctime", "asctime", "strftime")
_SYSTEM = ("urandom", "getrandom", "getpid", "getppid", "times", "getloadavg")
_ASKED = {
    function: f"{module.__name__}.{name}"
    for module, names in ((time, _TIMES + _DATES), (os, _SYSTEM))
    for name in names
    if (function := getattr(module, name, None)) is not None
}
_DAYS = ("now", "utcnow", "today")
_ON_BEHALF = frozenset(str(each.__file__) for each in (datetime, random, secrets, uuid))


@contextmanager
def asked_of_the_moment() -> Iterator[set[str]]:
    """The functions of that kind that the user's code calls in this thread meanwhile, by name.

    What other packages ask for themselves, as for the date of a line in a log, does not count, nor do timers: a
    prediction that follows these differs when it is asked for twice.
    """
    found: set[str] = set()

    def hear(frame: FrameType, event: str, called: object) -> None:
        if event == "c_call" and (name := _name_of(called)) and _for_user(frame):
            found.add(name)

    before = sys.getprofile()
    sys.setprofile(hear)
    try:
        yield found
    finally:
        sys.setprofile(before)


def _name_of(called: object) -> str:
    """Return the name of a built-in function if it is one of these, else nothing."""
    if type(called) is not type(time.time):
        return ""
    owner, name = getattr(called, "__self__", None), str(getattr(called, "__name__", ""))
    if isinstance(owner, type):
        return f"datetime.{owner.__name__}.{name}" if issubclass(owner, datetime.date) and name in _DAYS else ""
    return _ASKED.get(called, "")


def _for_user(frame: FrameType | None) -> bool:
    """Return whether the user's code asks, itself or through a module of Python's that asks on behalf of others."""
    while frame is not None and frame.f_code.co_filename in _ON_BEHALF:
        frame = frame.f_back
    return frame is not None and _is_users(frame.f_code.co_filename)


@lru_cache(maxsize=4096)
def _is_users(file: str) -> bool:
    return not file.startswith("<") and sources.is_users(Path(file).resolve())
