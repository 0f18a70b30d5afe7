"""What is not logged: all that loggers say while a command says in a sentence what it means."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.RLock()  # an interruption may come while the main thread holds it
_unlogged = 0
_before = logging.NOTSET


@contextmanager
def unlogged() -> Iterator[None]:
    """Log nothing meanwhile; contexts of several threads may overlap, and the last to leave has all logged again."""
    global _unlogged, _before
    with _lock:
        if not _unlogged:
            _before = logging.root.manager.disable
            logging.disable()
        _unlogged += 1
    try:
        yield
    finally:
        with _lock:
            _unlogged -= 1
            if not _unlogged:
                logging.disable(_before)


@contextmanager
def logged_as_before() -> Iterator[None]:
    """Have logged afterwards what was before, also where :func:`unlogged_from_here` was called meanwhile."""
    before = logging.root.manager.disable
    try:
        yield
    finally:
        logging.disable(before)


def unlogged_from_here() -> None:
    """Log nothing any more: the program ends."""
    logging.disable()
