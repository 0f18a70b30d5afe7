"""A user's code at a distance: what it prints goes to standard error, and what it sets in this process is undone.

A command's output stays clean, other models compute as they would without it, and files are written where one stands.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Lock
from typing import TextIO

import torch

_lock = Lock()
_inside = 0  # threads that run a user's code at present
_kept: tuple[TextIO, torch.dtype, str | None] | None = None


@contextmanager
def users_code() -> Iterator[None]:
    """Run a user's code, with ``print`` to standard error; several threads may be inside at the same time.

    PyTorch's default type and device, whether it records gradients, and the working directory are afterwards what they
    were before.
    """
    device, gradients = torch.get_default_device(), torch.is_grad_enabled()
    _enter()
    try:
        yield
    finally:
        _leave()
        torch.set_grad_enabled(gradients)
        if torch.get_default_device() != device:
            torch.set_default_device(None if device.type == "cpu" else device)


def _enter() -> None:
    global _inside, _kept
    with _lock:
        if _inside == 0:
            _kept = sys.stdout, torch.get_default_dtype(), _here()
            sys.stdout = sys.stderr
        _inside += 1


def _leave() -> None:
    """Of several threads the last one undoes what all of them may still need."""
    global _inside, _kept
    with _lock:
        _inside -= 1
        if _inside == 0 and _kept is not None:
            sys.stdout, dtype, folder = _kept
            _kept = None
            torch.set_default_dtype(dtype)
            if folder is not None and _here() != folder:
                with suppress(OSError):  # it may be gone
                    os.chdir(folder)


def _here() -> str | None:
    try:
        return os.getcwd()
    except OSError:  # a folder that was removed
        return None
