"""Preloaded by an embedded worker: what its first job needs is imported while nobody waits for it yet."""

import signal
import threading

from distributed import Worker

from lab.engine.work import functions


def dask_setup(worker: Worker) -> None:
    """Called by Dask when the worker starts."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, which ends its workers in order
    threading.Thread(target=functions, name="lab-warm", daemon=True).start()
