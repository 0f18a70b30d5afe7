"""Preloaded by a worker: what its first job needs is imported while nobody waits for it yet."""

import logging
import signal
import threading
from contextlib import suppress

from distributed import Worker

from lab import catalogue
from lab.engine.inside import is_no_refused_registration, is_not_of_a_closed_connection, settle
from lab.engine.origin import code
from lab.engine.work import functions
from lab.processes import STRAY


def dask_setup(worker: Worker) -> None:
    """Called by Dask when the worker starts."""
    if threading.current_thread() is threading.main_thread():
        for each in (signal.SIGINT, *STRAY):  # Ctrl-C is for the server, which ends its workers in order
            signal.signal(each, signal.SIG_IGN)
    for tells in (is_not_of_a_closed_connection, is_no_refused_registration):
        logging.getLogger("distributed.worker").addFilter(tells)
    for each in ("distributed.core", "distributed.nanny"):  # who went or closed it: whoever waits for a job is told
        logging.getLogger(each).setLevel(logging.CRITICAL)
    settle(worker)
    code()
    threading.Thread(target=_import, name="lab-warm", daemon=True).start()


def _import() -> None:
    """Import ahead of the first job; a failure, as when the worker ends meanwhile, is left to that job to report."""
    with suppress(Exception):
        functions()
        _first_gradient()


def _first_gradient() -> None:
    """Take one gradient of the first model of photographs that is installed: the first one takes seconds."""
    card = next((each for each in catalogue.models() if each.origin == "package"), None)
    if card is None or card.shape is None:
        return
    import torch

    from lab.models.load import load_adapted

    model = load_adapted(card.spec)
    x = torch.zeros(1, *card.shape, device=next(model.parameters()).device, requires_grad=True)
    torch.autograd.grad(model(x).sum(), x)
