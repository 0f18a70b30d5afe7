"""The one place where an error on the page's own thread ends: it is said on the page, and logged on one line.

Whatever the browser sends and whatever the loop calls runs inside :func:`said_on_page`. Nothing of a traceback, which
names the server's paths, goes to a visitor.
"""

import logging
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from lab.errors import LabError, quoted

_LOG = logging.getLogger("lab.page")
_listeners: list[Callable[[str], None]] = []


def listen(tell: Callable[[str], None]) -> None:
    """Have every sentence about an error told to the page by this function."""
    _listeners.append(tell)


@contextmanager
def said_on_page() -> Iterator[None]:
    """End any error here: a :class:`LabError` in its own words, another one as a fault of the lab."""
    try:
        yield
    except LabError as refusal:
        _tell(str(refusal))
    except Exception as fault:
        _LOG.error(_line(fault))
        _tell(
            f"Something went wrong in the lab ({type(fault).__name__}): reload the page. If it happens again, the "
            "server's log says where."
        )


def _tell(sentence: str) -> None:
    for each in _listeners:
        each(sentence)


def _line(fault: Exception) -> str:
    """Describe an error and its traceback, the innermost frame last; what a visitor may have written is quoted."""
    frames = traceback.extract_tb(fault.__traceback__)[-6:]
    places = " > ".join(f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames)
    return f"{type(fault).__name__} {quoted(str(fault), 120)} at {places}"
