"""Workers and schedulers that a test starts and may end, and the work that they have."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import distributed
from distributed import LocalCluster
from distributed.utils import LoopRunner

from lab.engine.slots import SLOTS
from tests.running import running
from tests.served import ROOT
from tests.waiting import PATIENCE, until


class Worker:
    """A worker of that scheduler in this process, which can be lost."""

    def __init__(self, address: str) -> None:
        self._loop = LoopRunner()
        self._loop.start()
        self._worker = self._loop.run_sync(self._started, address)

    async def _started(self, address: str) -> distributed.Worker:
        options = {"nthreads": sum(SLOTS.values()), "resources": SLOTS, "dashboard": False}
        return await distributed.Worker(address, **options)

    def close(self) -> None:
        self._loop.run_sync(self._worker.close, nanny=False, executor_wait=False)


@contextmanager
def started_by_hand(cluster: LocalCluster, name: str) -> Iterator[subprocess.Popen[str]]:
    """The process of ``python -m lab worker``, once its worker is there; then it is ended in order."""
    command = [sys.executable, "-m", "lab", "worker", cluster.scheduler_address, "--name", name]
    with running(*command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        until(lambda: name in {each.name for each in cluster.scheduler.workers.values()})
        yield process
        process.terminate()
        process.wait(PATIENCE)


SCHEDULER = """
import asyncio, distributed, sys
async def run():
    async with distributed.Scheduler(host="127.0.0.1", port=int(sys.argv[1]), dashboard=False) as scheduler:
        print(scheduler.address, flush=True)
        await scheduler.finished()
asyncio.run(run())
"""


@contextmanager
def scheduler_at(port: int = 0) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A scheduler in a process of its own, which a test may end, and its address."""
    command = [sys.executable, "-c", SCHEDULER, str(port)]
    with running(*command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        yield process, process.stdout.readline().strip()


def unfinished(cluster: LocalCluster) -> list[str]:
    return [str(each) for each, task in cluster.scheduler.tasks.items() if task.state != "memory"]
