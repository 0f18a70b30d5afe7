"""The keeper of a worker's process: it starts one again that ended, and ends one that stays stopped."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy

import dask
import distributed
import psutil
from distributed.core import Status
from tornado.ioloop import PeriodicCallback

from lab.processes import deaf_children

PULSE = "lab_pulse"
GLANCE = 1.0
"""Seconds between two looks at the worker's process."""

STOPPED = 15
"""Looks after which a process that was stopped, as by SIGSTOP, is ended: it may stay so for ever, and its jobs with it.

One that computes is never in that state, however busy the machine is.
"""


class Vitals:
    """What the operating system, and not the worker, says of the worker's process.

    ``standing`` and ``stopped`` are the looks for which it has used no processor time, and has been stopped.
    """

    def __init__(self) -> None:
        self._process: psutil.Process | None = None
        self._used = 0.0
        self.standing = self.stopped = 0

    def look(self, pid: int | None) -> None:
        """Look once at the process of that number; another one than before begins anew."""
        if self._process is None or self._process.pid != pid:
            self._process, self.standing, self.stopped = None, 0, 0
        try:
            if self._process is None and pid is not None:
                self._process = psutil.Process(pid)
            if self._process is not None:
                self._note(sum(self._process.cpu_times()[:2]), self._process.status())
        except psutil.Error:  # it ended at this moment
            self._process = None

    def end(self) -> None:
        """End the process, which cannot hear of it otherwise."""
        if self._process is not None:
            self._process.kill()

    def _note(self, used: float, state: str) -> None:
        self.standing = self.standing + 1 if used == self._used else 0
        self.stopped = self.stopped + 1 if state == psutil.STATUS_STOPPED else 0
        self._used = used


class Lent:
    """Environment variables of this process that are set for a while; by several at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._before: dict[str, str | None] = {}
        self._users: Counter[str] = Counter()

    @contextmanager
    def lent(self, values: Mapping[str, str]) -> Iterator[None]:
        """Set variables; when the last one is done with them, they are as they were before the first one."""
        with self._lock:
            self._before |= {name: os.environ.get(name) for name in values if not self._users[name]}
            self._users.update(values.keys())
            os.environ.update(values)
        try:
            yield
        finally:
            with self._lock:
                self._users.subtract(values.keys())
                for name in values:
                    if not self._users[name]:
                        _set(name, self._before.pop(name))


def _set(name: str, value: str | None) -> None:
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value


ENVIRONMENT = Lent()
"""This process's, for all who start workers in it."""


class Nanny(distributed.Nanny):
    """Dask's nanny, which also looks at its worker's process, and answers the scheduler what it sees.

    It starts a worker again with the settings of the first one, and not with what this process has set by then.
    """

    def __init__(self, *args: object, **options: object) -> None:
        options["config"] = deepcopy(dask.config.config)
        super().__init__(*args, **options)  # type: ignore[arg-type]  # as Dask's cluster gives them
        self._vitals = Vitals()
        self.handlers[PULSE] = self.pulse
        self.periodic_callbacks["lab-look"] = PeriodicCallback(self.look, 1000 * GLANCE)

    async def instantiate(self) -> Status:
        """Start the worker's process; Dask would leave what it sets for that to every later child of this process.

        It sets that late, too: what the processes share, for which Python starts another one, is made before.
        """
        with ENVIRONMENT.lent(self.pre_spawn_env), deaf_children():
            return await super().instantiate()

    def pulse(self) -> int:
        """Return for how many looks the worker's process has used no processor time."""
        return self._vitals.standing

    def look(self) -> None:
        """Look at the worker's process, and end it when it has been stopped for long: Dask then starts another."""
        self._vitals.look(self.pid)
        if self._vitals.stopped >= STOPPED:
            self._vitals.end()
