"""A worker started by hand: it joins a scheduler elsewhere, and has what an embedded one has."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from distributed import Client

from lab.engine.cluster import cause, worker_options, worker_settings
from lab.engine.connection import Connection
from lab.engine.inside import lost_its_name
from lab.engine.joining import meet
from lab.engine.nanny import Nanny
from lab.errors import EngineError, quoted

_GLANCE = 2.0  # seconds between two attempts to reach a scheduler


def work_for(address: str, name: str | None, patience: float, say: Callable[[str], None]) -> None:
    """Compute for the scheduler at that address until Ctrl-C or SIGTERM, or until it stays away.

    Its workers are started, one per GPU or one for the CPU, once this process is found to fit to the others of the
    cluster. A scheduler that is not there, or goes, is waited for, for ``patience`` seconds. ``name`` is the workers'
    in its list. Raises :class:`EngineError` when the scheduler does not come, or this process does not fit.
    """
    connection = Connection.of(address)
    while True:
        _join(connection, name, patience, say)
        if not asyncio.run(_work(connection, name, say)):
            return
        say(f"The scheduler at {address} is gone: waiting up to {patience:.0f} s for it to return.")


def _join(connection: Connection, name: str | None, patience: float, say: Callable[[str], None]) -> None:
    """Wait for the scheduler, and be found to fit."""
    deadline, waiting = time.monotonic() + patience, False
    while True:
        try:
            client = connection.client(min(10.0, max(1.0, patience)))
        except EngineError:
            if time.monotonic() + _GLANCE > deadline:
                raise
            if not waiting:
                say(f"No scheduler responds at {connection.address} yet: waiting up to {patience:.0f} s for it.")
            waiting = True
            time.sleep(_GLANCE)
        else:
            with client:
                meet(client, works=True)
                _require_own_names(client, _names(name, len(worker_options(None))))
            return


def _require_own_names(client: Client, names: list[str | None]) -> None:
    """Refuse a name that another worker of the cluster has, which Dask would only say in its log."""
    others = {each["name"]: address for address, each in client.scheduler_info(n_workers=-1)["workers"].items()}
    for each in names:
        if each in others:
            raise EngineError(
                f"There is already a worker called {quoted(each)} at {others[each]:.80}: choose another name with "
                "--name, or end that one."
            )


async def _work(connection: Connection, name: str | None, say: Callable[[str], None]) -> bool:
    """Run the workers until a signal ends them, or until the scheduler is gone: then True."""
    stopped = asyncio.Event()
    with _signals(stopped), worker_settings():
        nannies = _nannies(connection.address, name)
        try:
            await asyncio.gather(*nannies)
            for each in nannies:
                called = each.name or each.worker_address
                say(f"The worker {called} computes for {connection.address} (Ctrl-C stops it).")
            finished = [each.finished() for each in nannies]  # type: ignore[no-untyped-call]
            ends = [asyncio.ensure_future(each) for each in (stopped.wait(), *finished)]
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        except OSError:  # the scheduler went while they started
            return not stopped.is_set()
        except Exception as error:  # Dask's own words for whatever the machine does not allow, or a name that is taken
            if lost_its_name(cause(error)):
                raise EngineError(
                    f"Another worker called {quoted(name)} has just joined: choose another name with --name, or end "
                    "that one."
                ) from error
            raise EngineError(f"The worker could not be started ({cause(error):.150}).") from error
        finally:
            await asyncio.gather(*(each.close(timeout=10) for each in nannies), return_exceptions=True)
    return not stopped.is_set()


@contextmanager
def _signals(stopped: asyncio.Event) -> Iterator[None]:
    """Have Ctrl-C and SIGTERM set the event instead of ending the program where it is."""
    loop = asyncio.get_running_loop()
    before = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
    for each in before:
        signal.signal(each, lambda *_: loop.call_soon_threadsafe(stopped.set))
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _nannies(address: str, name: str | None) -> list[Nanny]:
    """The keepers of this machine's workers, which start one again that dies; several are numbered."""
    options = worker_options(None)
    named = zip(_names(name, len(options)), options, strict=True)
    return [Nanny(address, name=called, **each) for called, each in named]


def _names(name: str | None, workers: int) -> list[str | None]:
    return [name] * workers if workers == 1 or name is None else [f"{name}-{i}" for i in range(workers)]
