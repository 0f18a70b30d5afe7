"""Latest wins: a page that asks anew no longer wants what it asked before."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from lab.engine.job import Job
from lab.specs import Spec

if TYPE_CHECKING:
    from lab.engine.requests import Requests


class Channel:
    """A place of a page that shows one result: submitting to it gives up its previous, unfinished job."""

    def __init__(self, engine: Requests) -> None:
        self._engine = engine
        self.job: Job | None = None

    def submit(self, spec: Spec, on_change: Callable[[Job], object] | None = None) -> Job:
        """A job for the spec; the previous one goes on instead if it has the same key.

        Raises :class:`lab.errors.LabError` like :meth:`Engine.submit`; the previous job then goes on.
        """
        previous = self.job
        if previous is not None and not previous.finished and previous.key == self._engine.key(spec):
            previous.on_change = on_change or previous.on_change
            return previous
        self.job = self._engine.submit(spec, on_change)
        if previous is not None:
            previous.cancel()
        return self.job

    def cancel(self) -> None:
        """Give the present job up, if there is one."""
        if self.job is not None:
            self.job.cancel()
