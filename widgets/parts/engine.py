"""What pages ask of an engine, and what they see of its jobs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from lab.context import Progress
    from lab.results.result import Result
    from lab.specs import Spec


class PageJob(Protocol):
    """A request for a result, as :class:`lab.engine.Job` has it."""

    @property
    def spec(self) -> Spec: ...
    @property
    def state(self) -> str: ...
    @property
    def progress(self) -> Progress | None: ...
    @property
    def partial(self) -> Result | None: ...
    @property
    def result(self) -> Result | None: ...
    @property
    def error(self) -> str | None: ...
    @property
    def note(self) -> str | None: ...
    @property
    def seconds_left(self) -> float | None: ...
    @property
    def why_waiting(self) -> str: ...

    def cancel(self) -> None:
        """Give the job up."""


class Submits(Protocol):
    """Whoever has something computed, as :class:`lab.engine.Engine` does."""

    def submit(self, spec: Spec, on_change: Callable[[PageJob], object] | None = None) -> PageJob:
        """A job for the spec's result. Raises :class:`lab.errors.LabError` when there cannot be one."""


class PageEngine(Submits, Protocol):
    """An engine behind the pages."""

    @property
    def reachable(self) -> bool:
        """True while there is a connection to what computes."""

    def workers(self) -> int:
        """Return the present number of workers."""

    def training(self) -> dict[str, bool]:
        """The runs that are with the engine by name, and whether it has begun with them."""
