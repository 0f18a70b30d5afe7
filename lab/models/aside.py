"""A user's code at a distance: what it prints goes to standard error, and what it sets in this process is undone.

A command's output stays clean, other models compute as they would without it, and files are written where one stands.
"""

import builtins
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from threading import Lock, local
from typing import NoReturn, TextIO

import numpy as np
import torch

from lab.errors import LabError, ModelError, in_words, one_sentence


def _here() -> str | None:
    try:
        return os.getcwd()
    except OSError:  # a folder that was removed
        return None


@dataclass(frozen=True)
class _Before:
    """What all threads share, as it was before the first of them ran a user's code."""

    stdout: TextIO = field(default_factory=lambda: sys.stdout)
    print: Callable[..., None] = field(default_factory=lambda: builtins.print)
    leave: Callable[[int], NoReturn] = field(default_factory=lambda: os._exit)
    depth: int = field(default_factory=sys.getrecursionlimit)
    filters: list[tuple[object, ...]] = field(default_factory=lambda: [*warnings.filters])
    dtype: torch.dtype = field(default_factory=torch.get_default_dtype)
    folder: str | None = field(default_factory=_here)

    def restore(self) -> None:
        """Undo what was set meanwhile. A greater depth, and filters that silence warnings, may be needed later."""
        sys.stdout, builtins.print, os._exit = self.stdout, self.print, self.leave  # type: ignore[assignment]
        sys.setrecursionlimit(max(self.depth, sys.getrecursionlimit()))
        if strict := [each for each in warnings.filters if each[0] == "error" and each not in self.filters]:
            warnings.filters[:] = [each for each in warnings.filters if each not in strict]  # type: ignore[index]
        torch.set_default_dtype(self.dtype)
        if self.folder is not None and _here() != self.folder:
            with suppress(OSError):  # it may be gone
                os.chdir(self.folder)


_lock = Lock()
_here_is = local()  # of a thread that runs a user's code, the process
_inside = 0  # threads that run a user's code at present
_kept: _Before | None = None


@contextmanager
def users_code() -> Iterator[None]:
    """Run a user's code, with ``print`` to standard error; several threads may be inside at the same time.

    PyTorch's default type and device, whether it records gradients, NumPy's treatment of errors, ``print`` itself, the
    working directory, warnings as errors and a smaller recursion limit are afterwards what they were before. Meanwhile
    ``os._exit`` raises SystemExit.
    """
    device, gradients, errors = torch.get_default_device(), torch.is_grad_enabled(), np.geterr()
    before = getattr(_here_is, "process", None)
    _enter()
    _here_is.process = os.getpid()
    try:
        yield
    finally:
        _here_is.process = before
        _leave()
        np.seterr(**errors)
        torch.set_grad_enabled(gradients)
        if torch.get_default_device() != device:
            torch.set_default_device(None if device.type == "cpu" else device)


@contextmanager
def as_model_error(
    before: str,
    after: Callable[[BaseException], str],
    passed: tuple[type[BaseException], ...] = (LabError, KeyboardInterrupt),
) -> Iterator[None]:
    """Turn what a user's code raises into a :class:`ModelError`: one sentence that says between two parts what it was.

    ``passed`` are raised as they are.
    """
    try:
        yield
    except passed:
        raise
    except BaseException as error:  # a user's own code may raise anything
        raise ModelError(one_sentence(before, in_words(error), after(error))) from error


def _leave_python(leave: Callable[[int], NoReturn], status: int) -> NoReturn:
    """``os._exit``, but an exception in a user's code: not in other threads, nor in processes that it started."""
    if getattr(_here_is, "process", None) == os.getpid():
        raise SystemExit(f"os._exit({status})")
    leave(status)


def _enter() -> None:
    global _inside, _kept
    with _lock:
        if _inside == 0:
            _kept = _Before()
            sys.stdout, os._exit = sys.stderr, partial(_leave_python, _kept.leave)
        _inside += 1


def _leave() -> None:
    """Of several threads the last one undoes what all of them may still need."""
    global _inside, _kept
    with _lock:
        _inside -= 1
        if _inside == 0 and _kept is not None:
            _kept.restore()
            _kept = None
