"""Signals that nobody expects: they end a command in a sentence, and not without a word."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from lab.errors import LabError
from lab.processes import STRAY


@contextmanager
def stray_signals_said() -> Iterator[None]:
    """Have signals that would end the program raise a :class:`LabError`, wherever it is, if nobody handles them."""
    mine = threading.current_thread() is threading.main_thread()
    free = [each for each in STRAY if mine and signal.getsignal(each) is signal.SIG_DFL]
    for each in free:
        signal.signal(each, _say)
    try:
        yield
    finally:
        for each in free:
            signal.signal(each, signal.SIG_DFL)


def _say(number: int, _: FrameType | None) -> NoReturn:
    signal.signal(number, signal.SIG_DFL)  # the second one ends it
    name = signal.Signals(number).name
    raise LabError(
        f"The command was ended by the signal {name}: if the code of a custom model or data set sets it off, as "
        "signal.alarm does, remove that."
    )
